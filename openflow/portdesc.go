// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// PortDescRequest asks for the ports (OpenFlow 1.3.5, 7.3.5.7).
type PortDescRequest struct{}

// PortDescReply is one part of the answer to a PortDescRequest.
type PortDescReply struct {
	Ports []PortDesc
	// More says that another part follows.
	More bool
}

func (PortDescRequest) describe() string { return "port description request" }
func (PortDescReply) describe() string   { return "port description reply" }

func (PortDescRequest) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	return appendMultipart(b, multipartPortDesc, false), typeMultipartRequest, nil
}

func (m PortDescReply) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	b = appendMultipart(b, multipartPortDesc, m.More)
	for _, p := range m.Ports {
		var err error
		if b, err = appendPort(b, p); err != nil {
			return b, 0, err
		}
	}
	return b, typeMultipartReply, nil
}

func decodePortDescReply(r *reader, more bool) (Message, error) {
	m := PortDescReply{More: more}
	for len(r.b) >= portLen {
		m.Ports = append(m.Ports, decodePort(r))
	}
	return ended(r, m)
}
