// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/ovskit/ovskit/fakeovs/internal/flowcheck"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// What the table of tunnel options has room for.
const (
	MaxTLVSpace  = 256
	MaxTLVFields = 64
)

// Options are the options of tunnels that are mapped to fields. They do not change: when the mapping does, there are others.
func (s *Bridge) Options() *packet.Options { return s.flows.options.Load() }

// ChangeTLVs carries out a tlv-table-mod, all of it or nothing.
func (s *Bridge) ChangeTLVs(m openflow.TLVTableMod) error {
	s.Begin()
	defer s.End()
	next, gone := *s.Options(), uint64(0)
	if m.Command == openflow.TLVClear {
		next, gone = packet.Options{}, ^uint64(0)
	}
	for _, o := range m.Maps {
		if o.Index >= MaxTLVFields {
			return openflow.ErrBadTLVField
		}
		f := openflow.FieldTunMetadata0 + openflow.Field(o.Index)
		switch m.Command {
		case openflow.TLVAdd:
			if err := addTLV(&next, f, o); err != nil {
				return err
			}
		case openflow.TLVDelete:
			next.Remove(f)
			gone |= flowcheck.OptionBit(f)
		}
	}
	if gone != 0 && s.usesOptions(gone) {
		return openflow.ErrTLVInUse
	}
	s.flows.options.Store(&next)
	return nil
}

func addTLV(t *packet.Options, f openflow.Field, o openflow.TLVMap) error {
	if t.Mapped(f) {
		return openflow.ErrTLVMapped
	}
	if _, ok := t.Field(o.Class, o.Type); ok {
		return openflow.ErrDupTLV
	}
	if !t.Add(o) {
		return openflow.ErrTLVTableFull
	}
	return nil
}

// usesOptions reports whether a flow uses one of the options, of which bit n is tun_metadata n.
func (s *Bridge) usesOptions(options uint64) bool {
	for _, f := range s.flows.selected(&Selection{table: openflow.AllTables, key: new(packet.Key), mask: new(packet.Key)}) {
		if f.options&options != 0 {
			return true
		}
	}
	return false
}
