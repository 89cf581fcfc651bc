// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"fmt"
	"strings"

	"github.com/safchain/ethtool"
)

// DisableTransmitChecksums makes the kernel compute the checksums of what it
// sends through a device of the namespace. A veth end otherwise leaves them to
// its peer, and a switch in user space at the peer forwards packets with
// checksums that nobody computed.
func (n *NS) DisableTransmitChecksums(device string) error {
	err := n.Do(func() error {
		tool, err := ethtool.NewEthtool()
		if err != nil {
			return err
		}
		defer tool.Close()
		features, err := tool.Features(device)
		if err != nil {
			return err
		}
		off := make(map[string]bool)
		for name, on := range features {
			if on && strings.HasPrefix(name, "tx-checksum-") {
				off[name] = false
			}
		}
		if len(off) == 0 {
			return nil
		}
		return tool.Change(device, off)
	})
	if err != nil {
		return fmt.Errorf("disable transmit checksum offload of %q in network namespace %q: %w", device, n.name, err)
	}
	return nil
}
