// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// PortDescRequest asks for the ports (OpenFlow 1.3.5, 7.3.5.7).
type PortDescRequest struct {
	// Port is the port to tell of from OpenFlow 1.5 on; 0 is every port.
	Port uint32
}

// PortDescReply is one part of the answer to a PortDescRequest.
type PortDescReply struct {
	Ports []PortDesc
	// More says that another part follows.
	More bool
}

func (PortDescRequest) describe() string { return "port description request" }
func (PortDescReply) describe() string   { return "port description reply" }

func (m PortDescRequest) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	b = appendMultipart(b, multipartPortDesc, false)
	switch {
	case v >= Version15:
		b = pad(be.AppendUint32(b, orAny(m.Port)), 4)
	case m.Port != 0:
		return b, 0, errVersion(v, "description of one port alone")
	}
	return b, typeMultipartRequest, nil
}

func decodePortDescRequest(r *reader, v Version) (Message, error) {
	if v < Version15 {
		return ended(r, PortDescRequest{})
	}
	port, err := decodePortOrAny(r)
	if err != nil {
		return nil, err
	}
	r.skip(4)
	return ended(r, PortDescRequest{port})
}

func (m PortDescReply) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	b = appendMultipart(b, multipartPortDesc, m.More)
	for _, p := range m.Ports {
		var err error
		if b, err = appendPort(b, v, p); err != nil {
			return b, 0, err
		}
	}
	return b, typeMultipartReply, nil
}

func decodePortDescReply(r *reader, v Version, more bool) (Message, error) {
	m := PortDescReply{More: more}
	for len(r.b) > 0 {
		p, err := decodePort(r, v)
		if err != nil {
			return nil, err
		}
		m.Ports = append(m.Ports, p)
	}
	return m, nil
}
