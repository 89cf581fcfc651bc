// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// Note does nothing (ovs-actions(7), "The note action").
type Note struct {
	// Data is what it says. On the wire, and so when it comes back from a switch, zeros follow it that make it 6 bytes
	// long or a multiple of 8 more.
	Data []byte
}

// String is the action in the words of ovs-actions(7), with the zeros that follow.
func (a Note) String() string {
	data := append([]byte(nil), a.Data...)
	return "note:" + dottedHex(pad(data, a.zeros()))
}

// zeros is how many zeros follow the data.
func (a Note) zeros() int {
	if len(a.Data) < 6 {
		return 6 - len(a.Data)
	}
	return -(len(a.Data) + 2) & 7
}

func (a Note) appendTo(b []byte, _ Version) ([]byte, error) {
	start := len(b)
	b = append(appendNicira(b, nxNote, 0), a.Data...)
	return putLength(pad(b, a.zeros()), start, 2)
}
