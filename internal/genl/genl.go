// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package genl asks parts of the kernel by generic netlink, linux/genetlink.h.
//
// nl.Genlmsg of package netlink, and what is built on it, is not used: it takes the
// header's four bytes from a struct of two, so that it sends, and the race detector
// sees, whatever stands behind that in memory.
package genl

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// headerSize is the size of struct genlmsghdr.
const headerSize = 4

// version is that of the requests; all families take it.
const version = 1

// Family returns the number of a family in the calling thread's network namespace. The
// kernel loads its module if there is one. It is a unix.ENOENT if there is none.
func Family(name string) (id uint16, err error) {
	replies, err := Request(unix.GENL_ID_CTRL, unix.CTRL_CMD_GETFAMILY, unix.CTRL_ATTR_FAMILY_NAME, append([]byte(name), 0))
	if err != nil {
		return 0, fmt.Errorf("generic netlink family %q: %w", name, err)
	}
	for _, reply := range replies {
		if len(reply) < headerSize {
			continue
		}
		attrs, err := nl.ParseRouteAttr(reply[headerSize:])
		if err != nil {
			return 0, fmt.Errorf("generic netlink family %q: %w", name, err)
		}
		for _, a := range attrs {
			if a.Attr.Type == unix.CTRL_ATTR_FAMILY_ID && len(a.Value) >= 2 {
				return binary.NativeEndian.Uint16(a.Value), nil
			}
		}
	}
	return 0, fmt.Errorf("generic netlink family %q: %w", name, errors.New("the answer has no number"))
}

// Request sends a command with one attribute to a family, in the calling thread's
// network namespace, and returns the answers from their headers on.
func Request(family uint16, command uint8, attr int, value []byte) ([][]byte, error) {
	r := nl.NewNetlinkRequest(int(family), unix.NLM_F_ACK)
	r.AddRawData([]byte{command, version, 0, 0})
	r.AddRawData(nl.NewRtAttr(attr, value).Serialize())
	return r.Execute(unix.NETLINK_GENERIC, 0)
}
