// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// What the table of tunnel options has room for.
const (
	maxTLVSpace  = 256
	maxTLVFields = 64
)

// tlvTable maps tunnel options to fields; where a field is not mapped it has nil.
type tlvTable [maxTLVFields]*openflow.TLVMap

// changeTLVs carries out a tlv-table-mod, all of it or nothing.
func (c *conn) changeTLVs(m openflow.TLVTableMod) error {
	if err := c.mayChange(); err != nil {
		return err
	}
	s := c.s
	s.begin()
	defer s.end()
	next := s.tlvs
	for _, o := range m.Maps {
		if o.Index >= maxTLVFields {
			return openflow.ErrBadTLVField
		}
		switch m.Command {
		case openflow.TLVAdd:
			if err := next.add(o); err != nil {
				return err
			}
		case openflow.TLVDelete:
			next[o.Index] = nil
		}
	}
	if m.Command == openflow.TLVClear {
		next = tlvTable{}
	}
	if m.Command != openflow.TLVAdd && s.needs(&s.tlvs, &next) {
		return openflow.ErrTLVInUse
	}
	s.tlvs = next
	return nil
}

func (t *tlvTable) add(o openflow.TLVMap) error {
	if t[o.Index] != nil {
		return openflow.ErrTLVMapped
	}
	space := int(o.Length)
	for _, other := range t {
		if other == nil {
			continue
		}
		if other.Class == o.Class && other.Type == o.Type {
			return openflow.ErrDupTLV
		}
		space += int(other.Length)
	}
	if space > maxTLVSpace {
		return openflow.ErrTLVTableFull
	}
	t[o.Index] = &o
	return nil
}

// needs reports whether a flow uses a field that one table maps and the other does not.
func (s *Switch) needs(old, next *tlvTable) bool {
	gone := func(f openflow.Field) bool {
		i := int(f) - int(openflow.FieldTunMetadata0)
		return i >= 0 && i < maxTLVFields && old[i] != nil && next[i] == nil
	}
	for _, f := range s.flows.selected(&selection{table: openflow.AllTables, key: new(packet.Key), mask: new(packet.Key)}) {
		for _, m := range f.Match {
			if gone(m.Field) {
				return true
			}
		}
		unused := eachAction(&f.Instructions, func(a openflow.Action) bool {
			switch a := a.(type) {
			case openflow.SetField:
				return !gone(a.Field)
			case openflow.Move:
				return !gone(a.Src.Field) && !gone(a.Dst.Field)
			case openflow.OutputField:
				return !gone(a.Src.Field)
			}
			return true
		})
		if !unused {
			return true
		}
	}
	return false
}

func (c *conn) sendTLVs(xid uint32) {
	r := openflow.TLVTableReply{MaxSpace: maxTLVSpace, MaxFields: maxTLVFields}
	c.s.mu.Lock()
	for _, m := range c.s.tlvs {
		if m != nil {
			r.Maps = append(r.Maps, *m)
		}
	}
	c.s.mu.Unlock()
	c.reply(r, xid)
}
