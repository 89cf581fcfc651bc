// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// HasPacketSocket reports whether a packet socket of the namespace (packet(7)), of
// whatever process, takes what arrives at the device with an index.
func (n *NS) HasPacketSocket(index int) (has bool, err error) {
	err = n.Do(func() error {
		file, err := os.Open("/proc/thread-self/net/packet")
		if err != nil {
			return err
		}
		defer file.Close()
		const column = 4 // sk, RefCnt, Type, Proto, Iface
		for lines := bufio.NewScanner(file); ; {
			if !lines.Scan() {
				return lines.Err()
			}
			fields := strings.Fields(lines.Text())
			if len(fields) > column && fields[column] == strconv.Itoa(index) {
				has = true
				return nil
			}
		}
	})
	if err != nil {
		return false, fmt.Errorf("packet sockets of network namespace %q: %w", n.name, err)
	}
	return has, nil
}
