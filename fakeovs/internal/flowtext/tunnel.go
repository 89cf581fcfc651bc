// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowtext

import "github.com/ovskit/ovskit/fakeovs/internal/packet"

// Tunnel writes the tunnel that a packet is sent through as an action of a datapath has it:
// "tun_id=0x5,dst=1.1.1.1,ttl=64,flags(df|key)". Options, nil for none, are those of Geneve that are fields.
func Tunnel(k *packet.Key, options *packet.Options) string {
	t := odpText{pair: pair{value: k}, ODP: ODP{Options: options}}
	t.tunnel()
	t.chomp()
	return t.String()
}
