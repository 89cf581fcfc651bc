// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "context"

// GroupDescRequest asks for groups (OpenFlow 1.3.5, 7.3.5.9). ID is a group or GroupAll, the only one before OpenFlow 1.5.
type GroupDescRequest struct{ ID uint32 }

// GroupDescReply is one part of the answer to a GroupDescRequest. Selection methods and the numbers of buckets are left out
// before OpenFlow 1.5.
type GroupDescReply struct {
	Groups []Group
	// More says that another part follows.
	More bool
}

// Groups returns the groups of the switch.
func (c *Conn) Groups(ctx context.Context) ([]Group, error) {
	return gather(ctx, c, GroupDescRequest{GroupAll}, func(m GroupDescReply) []Group { return m.Groups })
}

func (GroupDescRequest) describe() string { return "group description request" }
func (GroupDescReply) describe() string   { return "group description reply" }

func (m GroupDescRequest) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	b = appendMultipart(b, multipartGroupDesc, false)
	switch {
	case v.newGroups():
		b = pad(be.AppendUint32(b, m.ID), 4)
	case m.ID != GroupAll:
		return b, 0, errVersion(v, "description of one group alone")
	}
	return b, typeMultipartRequest, nil
}

func decodeGroupDescRequest(r *reader, v Version) (Message, error) {
	if !v.newGroups() {
		return ended(r, GroupDescRequest{GroupAll})
	}
	m := GroupDescRequest{ID: r.u32()}
	r.skip(4)
	return ended(r, m)
}

func (m GroupDescReply) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	b = appendMultipart(b, multipartGroupDesc, m.More)
	for _, g := range m.Groups {
		var err error
		if b, err = appendGroupDesc(b, v, g); err != nil {
			return b, 0, err
		}
	}
	return b, typeMultipartReply, nil
}

func appendGroupDesc(b []byte, v Version, g Group) ([]byte, error) {
	start := len(b)
	b = be.AppendUint32(append(b, 0, 0, byte(g.Type), 0), g.ID)
	if v.newGroups() {
		b = pad(b, 8)
	}
	list := len(b)
	b, err := appendBuckets(b, v, g.Type, g.Buckets)
	if err != nil {
		return b, err
	}
	if v.newGroups() {
		if len(b)-list > MaxMessage {
			return b, errTooLong
		}
		be.PutUint16(b[start+8:], uint16(len(b)-list))
		if b, err = g.Selection.append(b); err != nil {
			return b, err
		}
	}
	return putLength(b, start, 0)
}

func decodeGroupDescReply(r *reader, v Version, more bool) (Message, error) {
	least := 8
	if v.newGroups() {
		least = 16
	}
	m := GroupDescReply{Groups: listFor[Group](countEntries(r.b, least)), More: more}
	for len(r.b) > 0 {
		g, err := decodeGroupDesc(r, v)
		if err != nil {
			return nil, err
		}
		m.Groups = append(m.Groups, g)
	}
	return m, nil
}

func decodeGroupDesc(r *reader, v Version) (g Group, err error) {
	least := 8
	if v.newGroups() {
		least = 16
	}
	e, err := entry(r, 0, least, "group")
	if err != nil {
		return g, err
	}
	e.skip(2)
	g.Type = GroupType(e.u8())
	e.skip(1)
	g.ID = e.u32()
	n := len(e.b)
	if v.newGroups() {
		n = int(e.u16())
		e.skip(6)
	}
	list := e.bytes(n)
	if e.short {
		return g, malformed(ErrBadRequestLen, "group with room for less than its %d bytes of buckets", n)
	}
	if g.Buckets, err = decodeBuckets(list, v, g.Type, true); err != nil {
		return g, err
	}
	g.Selection, err = decodeGroupProperties(e.rest(), v, g.Type, true)
	return g, err
}
