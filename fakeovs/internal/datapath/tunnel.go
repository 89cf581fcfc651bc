// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package datapath

import "github.com/ovskit/ovskit/fakeovs/internal/packet"

// SetTunnel gives the packet the metadata of the tunnel that it is sent through. Text is that in words.
type SetTunnel struct {
	Key  *packet.Key
	Text string
}

func (a SetTunnel) appendText(b []byte, _ func(uint32) string) []byte {
	b = append(b, "set(tunnel("...)
	b = append(b, a.Text...)
	return append(b, "))"...)
}
