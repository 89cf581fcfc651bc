// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofwire

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/contiv/libOpenflow/common"
	of13 "github.com/contiv/libOpenflow/openflow13"
)

// Match is ofp_match with its padding.
func Match(fields []TLV) ([]byte, error) {
	m, err := match(fields)
	if err != nil {
		return nil, err
	}
	return m.MarshalBinary()
}

func match(fields []TLV) (*of13.Match, error) {
	m, size := of13.NewMatch(), 4+7
	m.Fields = make([]of13.MatchField, 0, len(fields))
	for _, f := range fields {
		size += 4 + len(f.Value) + len(f.Mask)
		if _, err := total(size); err != nil {
			return nil, err
		}
		m.AddField(*f.matchField())
	}
	return m, nil
}

// Instructions are the instructions of a flow, each encoded if it is not zero.
type Instructions struct {
	Meter uint32
	// Apply and Write are encoded actions.
	Apply, Write           [][]byte
	ClearActions           bool
	Metadata, MetadataMask uint64
	Goto                   uint8
}

// Append appends the instructions in the order in which a switch carries them out.
func (in Instructions) Append(b []byte) ([]byte, error) {
	list, err := in.list()
	if err != nil {
		return b, err
	}
	for _, i := range list {
		enc, err := marshal(i)
		if err != nil {
			return b, err
		}
		b = append(b, enc...)
	}
	return b, nil
}

func (in Instructions) list() (list []of13.Instruction, err error) {
	const headers = 16
	if _, err := total(headers, slices.Concat(in.Apply, in.Write)...); err != nil {
		return nil, err
	}
	if in.Meter != 0 {
		list = append(list, of13.NewInstrMeter(in.Meter))
	}
	if len(in.Apply) > 0 {
		list = append(list, actionList(of13.NewInstrApplyActions(), in.Apply))
	}
	if in.ClearActions {
		clr := of13.NewInstrWriteActions()
		clr.Type = of13.InstrType_CLEAR_ACTIONS
		list = append(list, clr)
	}
	if len(in.Write) > 0 {
		list = append(list, actionList(of13.NewInstrWriteActions(), in.Write))
	}
	if in.MetadataMask != 0 {
		list = append(list, of13.NewInstrWriteMetadata(in.Metadata&in.MetadataMask, in.MetadataMask))
	}
	if in.Goto != 0 {
		list = append(list, of13.NewInstrGotoTable(in.Goto))
	}
	return list, nil
}

func actionList(instr *of13.InstrActions, actions [][]byte) *of13.InstrActions {
	instr.Actions = make([]of13.Action, len(actions))
	for i, a := range actions {
		instr.Actions[i] = bytesAction{a}
	}
	instr.Length = instr.Len()
	return instr
}

// FlowMod is the fields of OFPT_FLOW_MOD.
type FlowMod struct {
	Cookie, CookieMask       uint64
	Table, Command           uint8
	IdleTimeout, HardTimeout uint16
	Priority                 uint16
	OutPort, OutGroup        uint32
	Flags                    uint16
	Match                    []TLV
	Instructions
}

const flowModFixed = 48

// Encode is OFPT_FLOW_MOD.
func (f FlowMod) Encode(xid uint32) ([]byte, error) {
	m := of13.NewFlowMod()
	m.Xid = xid
	m.Cookie, m.CookieMask = f.Cookie, f.CookieMask
	m.TableId, m.Command = f.Table, f.Command
	m.IdleTimeout, m.HardTimeout, m.Priority = f.IdleTimeout, f.HardTimeout, f.Priority
	m.OutPort, m.Flags = f.OutPort, f.Flags
	match, err := match(f.Match)
	if err != nil {
		return nil, err
	}
	m.Match = *match
	// libOpenflow writes the instructions of a delete but does not count them in the length.
	if f.Command != of13.FC_DELETE && f.Command != of13.FC_DELETE_STRICT {
		if m.Instructions, err = f.Instructions.list(); err != nil {
			return nil, err
		}
	}
	size := flowModFixed + int(m.Match.Len())
	for _, i := range m.Instructions {
		size += int(i.Len())
	}
	if _, err := total(size); err != nil {
		return nil, err
	}
	b, err := marshal(m)
	if err != nil {
		return nil, err
	}
	// libOpenflow writes out_port in the place of out_group.
	const outGroup = 40
	binary.BigEndian.PutUint32(b[outGroup:], f.OutGroup)
	return b, nil
}

// FlowStatsRequest is the fields of ofp_flow_stats_request and ofp_aggregate_stats_request.
type FlowStatsRequest struct {
	Aggregate          bool
	Table              uint8
	OutPort, OutGroup  uint32
	Cookie, CookieMask uint64
	Match              []TLV
}

// Encode is OFPT_MULTIPART_REQUEST of the type OFPMP_FLOW or OFPMP_AGGREGATE.
func (r FlowStatsRequest) Encode(xid uint32) ([]byte, error) {
	req := of13.NewFlowStatsRequest()
	req.TableId, req.OutPort, req.OutGroup = r.Table, r.OutPort, r.OutGroup
	req.Cookie, req.CookieMask = r.Cookie, r.CookieMask
	match, err := match(r.Match)
	if err != nil {
		return nil, err
	}
	req.Match = *match
	body, err := req.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("encode flow statistics request: %w", err)
	}
	typ := uint16(of13.MultipartType_Flow)
	if r.Aggregate {
		typ = of13.MultipartType_Aggregate
	}
	return Multipart(xid, typ, body, false)
}

// Multipart is OFPT_MULTIPART_REQUEST.
func Multipart(xid uint32, typ uint16, body []byte, more bool) ([]byte, error) {
	if _, err := total(16, body); err != nil {
		return nil, err
	}
	m := &of13.MultipartRequest{Header: header(of13.Type_MultiPartRequest, xid), Type: typ, Body: bytesMessage(body)}
	if more {
		m.Flags = of13.OFPMPF_REQ_MORE
	}
	return marshal(m)
}

func header(typ uint8, xid uint32) common.Header {
	return common.Header{Version: of13.VERSION, Type: typ, Length: 8, Xid: xid}
}
