// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// DescRequest asks what the switch is made of (OpenFlow 1.3.5, 7.3.5.1).
type DescRequest struct{}

// DescReply answers a DescRequest. SerialNumber is at most 31 bytes long, the others 255.
type DescReply struct {
	Manufacturer, Hardware, Software, SerialNumber, Datapath string
}

func (DescRequest) describe() string { return "description request" }
func (DescReply) describe() string   { return "description reply" }

func (DescRequest) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	return appendMultipart(b, multipartDesc, false), typeMultipartRequest, nil
}

func (m DescReply) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	b = appendMultipart(b, multipartDesc, false)
	for _, part := range []struct {
		text string
		size int
	}{{m.Manufacturer, 256}, {m.Hardware, 256}, {m.Software, 256}, {m.SerialNumber, 32}, {m.Datapath, 256}} {
		var err error
		if b, err = appendCString(b, part.text, part.size); err != nil {
			return b, 0, err
		}
	}
	return b, typeMultipartReply, nil
}

func decodeDescReply(r *reader) (Message, error) {
	return ended(r, DescReply{
		Manufacturer: cString(r.bytes(256)), Hardware: cString(r.bytes(256)), Software: cString(r.bytes(256)),
		SerialNumber: cString(r.bytes(32)), Datapath: cString(r.bytes(256)),
	})
}
