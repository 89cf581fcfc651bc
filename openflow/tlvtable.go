// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"context"
	"fmt"
)

// TLVMap maps a Geneve option to a field that flows match and set (ovs-fields(7), "Tunnel Metadata").
type TLVMap struct {
	// Class and Type are the option's, Length that of its value in bytes: a multiple of 4, at most 124.
	Class  uint16
	Type   uint8
	Length uint8
	// Index is the number of the field: tun_metadataN, 0 to 63.
	Index uint16
}

// String is the mapping as ovs-ofctl(8) writes and reads it, such as "{class=0xffff,type=0,len=4}->tun_metadata0".
func (m TLVMap) String() string {
	return fmt.Sprintf("{class=%#x,type=%#x,len=%d}->tun_metadata%d", m.Class, m.Type, m.Length, m.Index)
}

// TLVCommand says what a TLVTableMod does.
type TLVCommand uint16

// The commands: map options, unmap fields by index, unmap all.
const (
	TLVAdd TLVCommand = iota
	TLVDelete
	TLVClear
)

// TLVTableMod changes the mapping of options (NXT_TLV_TABLE_MOD). It has no reply, and changes all or nothing.
type TLVTableMod struct {
	Command TLVCommand
	Maps    []TLVMap
}

// TLVTableRequest asks for a TLVTableReply (NXT_TLV_TABLE_REQUEST).
type TLVTableRequest struct{}

// TLVTableReply is the mapping of options (NXT_TLV_TABLE_REPLY).
type TLVTableReply struct {
	// MaxSpace is how many bytes the options may have together, MaxFields how many fields there are.
	MaxSpace  uint32
	MaxFields uint16
	Maps      []TLVMap
}

// MapTLVs maps options to fields, all or none, and returns when the switch has. The error wraps ErrTLVMapped if a field
// is mapped, ErrDupTLV if an option is, ErrTLVTableFull, or ErrBadTLVLen and ErrBadTLVField for what cannot be mapped.
func (c *Conn) MapTLVs(ctx context.Context, maps ...TLVMap) error {
	return c.modTLVs(ctx, TLVTableMod{TLVAdd, maps})
}

// UnmapTLVs unmaps fields by their number, all or none, and returns when the switch has. Fields that are not mapped do not
// count. The error wraps ErrTLVInUse if flows use one.
func (c *Conn) UnmapTLVs(ctx context.Context, fields ...uint16) error {
	m := TLVTableMod{Command: TLVDelete}
	for _, f := range fields {
		m.Maps = append(m.Maps, TLVMap{Index: f})
	}
	return c.modTLVs(ctx, m)
}

// ClearTLVs unmaps all fields, and returns when the switch has. The error wraps ErrTLVInUse if flows use one.
func (c *Conn) ClearTLVs(ctx context.Context) error {
	return c.modTLVs(ctx, TLVTableMod{Command: TLVClear})
}

func (c *Conn) modTLVs(ctx context.Context, m TLVTableMod) error {
	return c.apply(ctx, 1, func(int) Message { return m })
}

// TLVTable returns the mapping of options.
func (c *Conn) TLVTable(ctx context.Context) (TLVTableReply, error) {
	return fetch[TLVTableReply](ctx, c, TLVTableRequest{})
}

func (TLVTableMod) describe() string     { return "tlv-table-mod" }
func (TLVTableRequest) describe() string { return "tlv-table request" }
func (TLVTableReply) describe() string   { return "tlv-table reply" }

func (m TLVTableMod) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	b = appendExperimenter(b, experimenterNicira, nxtTLVTableMod)
	b = pad(be.AppendUint16(b, uint16(m.Command)), 6)
	return appendTLVMaps(b, m.Maps), typeExperimenter, nil
}

func (TLVTableRequest) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	return appendExperimenter(b, experimenterNicira, nxtTLVTableRequest), typeExperimenter, nil
}

func (m TLVTableReply) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	b = be.AppendUint32(appendExperimenter(b, experimenterNicira, nxtTLVTableReply), m.MaxSpace)
	b = pad(be.AppendUint16(b, m.MaxFields), 10)
	return appendTLVMaps(b, m.Maps), typeExperimenter, nil
}

func appendTLVMaps(b []byte, maps []TLVMap) []byte {
	for _, m := range maps {
		b = append(be.AppendUint16(b, m.Class), m.Type, m.Length)
		b = pad(be.AppendUint16(b, m.Index), 2)
	}
	return b
}

const (
	maxTLVLen    = 124
	maxTLVFields = 64
)

func decodeTLVTableMod(r *reader) (Message, error) {
	m := TLVTableMod{Command: TLVCommand(r.u16())}
	r.skip(6)
	if r.short || len(r.b)%8 != 0 {
		return nil, malformed(ErrBadRequestLen, "tlv-table-mod with %d bytes of mappings", len(r.b))
	}
	if m.Command > TLVClear {
		return nil, malformed(ErrBadTLVCommand, "tlv-table-mod command %d", m.Command)
	}
	var err error
	if m.Maps, err = decodeTLVMaps(r, maxTLVFields); err != nil {
		return nil, err
	}
	return m, nil
}

func decodeTLVTableReply(r *reader) (Message, error) {
	m := TLVTableReply{MaxSpace: r.u32(), MaxFields: r.u16()}
	r.skip(10)
	if r.short || len(r.b)%8 != 0 {
		return nil, malformed(ErrBadRequestLen, "tlv-table reply with %d bytes of mappings", len(r.b))
	}
	var err error
	if m.Maps, err = decodeTLVMaps(r, m.MaxFields); err != nil {
		return nil, err
	}
	return m, nil
}

// decodeTLVMaps reads mappings to the end of r.
func decodeTLVMaps(r *reader, fields uint16) ([]TLVMap, error) {
	maps := make([]TLVMap, 0, len(r.b)/8)
	for len(r.b) > 0 {
		m := TLVMap{Class: r.u16(), Type: r.u8(), Length: r.u8(), Index: r.u16()}
		r.skip(2)
		switch {
		case m.Length%4 != 0 || m.Length > maxTLVLen:
			return nil, malformed(ErrBadTLVLen, "option of %d bytes", m.Length)
		case m.Index >= fields:
			return nil, malformed(ErrBadTLVField, "option mapped to field %d of %d", m.Index, fields)
		}
		maps = append(maps, m)
	}
	return maps, nil
}
