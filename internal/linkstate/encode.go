// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package linkstate

import (
	"encoding/binary"
	"errors"
)

// frameSize is the size of what stands before each message: its size with the
// frame, in four bytes, and its kind, in two, both big-endian.
const frameSize = 6

// Encode makes bytes out of objects. They are for machines of the same byte
// order.
func Encode(objects []Object) []byte {
	var b []byte
	for _, o := range objects {
		m := o.message()
		b = binary.BigEndian.AppendUint32(b, uint32(frameSize+len(m)))
		b = binary.BigEndian.AppendUint16(b, uint16(o.Kind))
		b = append(b, m...)
	}
	return b
}

// Decode is the reverse of [Encode].
func Decode(b []byte) (objects []Object, err error) {
	for len(b) > 0 {
		if len(b) < frameSize {
			return nil, errors.New("ends within an object")
		}
		size := binary.BigEndian.Uint32(b)
		if size < frameSize || uint64(size) > uint64(len(b)) {
			return nil, errors.New("object beyond the end")
		}
		o, err := parseObject(Kind(binary.BigEndian.Uint16(b[4:])), b[frameSize:size])
		if err != nil {
			return nil, err
		}
		objects = append(objects, o)
		b = b[size:]
	}
	return objects, nil
}
