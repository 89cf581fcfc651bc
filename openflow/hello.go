// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// Hello opens a connection (OpenFlow 1.3.5, 7.5.1).
type Hello struct {
	// Version is the highest version its sender speaks.
	Version Version
	// Bitmap has bit n set for each version n its sender speaks, up to 31; 0 stands for an absent bitmap.
	Bitmap uint32
}

// Supports reports whether the sender speaks a version: as its bitmap says or, without one, if it is not above Version.
func (h Hello) Supports(version Version) bool {
	if h.Bitmap == 0 {
		return version <= h.Version
	}
	return version < 32 && h.Bitmap>>version&1 == 1
}

func (Hello) describe() string { return "hello" }

const helloVersionBitmap = 1

func (h Hello) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	if h.Bitmap != 0 {
		b = be.AppendUint16(b, helloVersionBitmap)
		b = be.AppendUint32(be.AppendUint16(b, 8), h.Bitmap)
	}
	return b, typeHello, nil
}

func decodeHello(r *reader, version Version) (Message, error) {
	h := Hello{Version: version}
	// Unknown elements are passed over, and what is no element ends them: a greeting is not refused for its details.
	for len(r.b) >= 4 {
		typ, length := be.Uint16(r.b), int(be.Uint16(r.b[2:]))
		element := &reader{b: r.bytes(length)}
		if r.short || length < 4 {
			break
		}
		element.skip(4)
		if typ == helloVersionBitmap && length >= 8 {
			h.Bitmap = element.u32()
		}
		r.skip(min((8-length%8)%8, len(r.b)))
	}
	return h, nil
}
