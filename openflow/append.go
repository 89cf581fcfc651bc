// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// be is the byte order of the protocol.
var be = binary.BigEndian

// errTooLong is that something does not fit into the 16 bits of its length.
var errTooLong = fmt.Errorf("longer than %d bytes", MaxMessage)

// pad appends n zeros.
func pad(b []byte, n int) []byte {
	for range n {
		b = append(b, 0)
	}
	return b
}

// padded appends the zeros that make what stands in b from start on a multiple of 8 bytes long.
func padded(b []byte, start int) []byte { return pad(b, -(len(b)-start)&7) }

// putLength writes the length of what stands in b from start on at the offset that its format has for it.
func putLength(b []byte, start, offset int) ([]byte, error) {
	n := len(b) - start
	if n > MaxMessage {
		return b, errTooLong
	}
	be.PutUint16(b[start+offset:], uint16(n))
	return b, nil
}

// appendCString appends text and the zeros that fill it up to size, at least one.
func appendCString(b []byte, text string, size int) ([]byte, error) {
	if len(text) >= size {
		return b, fmt.Errorf("%q is longer than %d bytes", text, size-1)
	}
	return pad(append(b, text...), size-len(text)), nil
}

func appendDuration(b []byte, d time.Duration) []byte {
	b = be.AppendUint32(b, uint32(d/time.Second))
	return be.AppendUint32(b, uint32(d%time.Second))
}

// appendMAC appends a 48-bit hardware address.
func appendMAC(b, addr []byte) ([]byte, error) {
	if len(addr) != 6 {
		return b, fmt.Errorf("hardware address of %d bytes", len(addr))
	}
	return append(b, addr...), nil
}

// errVersion is that something exists in other versions of the protocol only.
func errVersion(v Version, what string) error { return fmt.Errorf("%v has no %s", v, what) }

// orAny is the wire's value for a restriction to a port or group, where 0 stands for none.
func orAny(n uint32) uint32 {
	if n == 0 {
		return PortAny // OFPG_ANY is the same number
	}
	return n
}

// fromAny is the opposite of orAny.
func fromAny(n uint32) uint32 {
	if n == PortAny {
		return 0
	}
	return n
}

// port16 is a port as 16-bit fields have it, where the reserved numbers begin at 0xff00.
func port16(port uint32) (uint16, bool) {
	return uint16(port), port < 0xff00 || port >= PortMax
}

// port32 is the opposite of port16.
func port32(port uint16) uint32 {
	if port >= 0xff00 {
		return 0xffff0000 | uint32(port)
	}
	return uint32(port)
}

var errNoSuchType = errors.New("unknown type")
