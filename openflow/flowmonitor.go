// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"bytes"
	"errors"
	"fmt"
)

// FlowMonitorRequest makes the switch tell of changes of flows on this connection, or no longer (ONF extension 187 to
// OpenFlow 1.3; OpenFlow 1.4.1, 7.3.5.17). The answer is FlowUpdates in one or more parts, except that in OpenFlow 1.3
// MonitorDelete has none.
type FlowMonitorRequest struct {
	// Monitors are carried out all or, with an error, none. In OpenFlow 1.3 MonitorDelete stands alone, and MonitorModify
	// does not exist.
	Monitors []FlowMonitor
}

// FlowMonitor selects flows of which the switch tells, and says what.
type FlowMonitor struct {
	// ID names the monitor on its connection.
	ID      uint32
	Command MonitorCommand
	Flags   MonitorFlags
	// Table is the table; nil is every table.
	Table *uint8
	// Match selects the flows whose match is the same or more specific.
	Match Match
	// OutPort and OutGroup select flows that output there; 0 is no restriction. OpenFlow 1.3 has no OutGroup.
	OutPort, OutGroup uint32
}

// MonitorCommand says what is done with a FlowMonitor.
type MonitorCommand uint8

// The commands; MonitorDelete looks at the ID alone.
const (
	MonitorAdd MonitorCommand = iota
	MonitorModify
	MonitorDelete
)

// MonitorFlags say what a FlowMonitor tells.
type MonitorFlags uint16

// The flags of a FlowMonitor. A switch refuses one with none of MonitorAdded, MonitorRemoved and MonitorModified.
const (
	// MonitorInitial tells of the flows that there are to begin with.
	MonitorInitial MonitorFlags = 1 << iota
	MonitorAdded
	MonitorRemoved
	MonitorModified
	// MonitorInstructions tells of the instructions too.
	MonitorInstructions
	// MonitorOwn tells of the changes that this connection makes in full, not as UpdateAbbreviated. From OpenFlow 1.4 on
	// it goes out as the flag OFPFMF_ONLY_OWN, to which Open vSwitch 3.1 gives this meaning; it refuses OFPFMF_NO_ABBREV,
	// which has it in the standard.
	MonitorOwn

	monitorEvents = MonitorAdded | MonitorRemoved | MonitorModified

	// monitorOwn14 is what MonitorOwn is from OpenFlow 1.4 on.
	monitorOwn14 = 1 << 6
)

// The types of flow monitors among multipart messages, and among ONF's in OpenFlow 1.3.
const (
	multipartFlowMonitor  = 16
	multipartExperimenter = 0xffff

	onfFlowMonitor = 1870
)

// flowMonitors reports whether a multipart message of a type is about flow monitors, and takes what says so off r.
func flowMonitors(r *reader, v Version, typ uint16) bool {
	if v >= Version14 {
		return typ == multipartFlowMonitor
	}
	if typ != multipartExperimenter || len(r.b) < 8 || be.Uint32(r.b) != experimenterONF || be.Uint32(r.b[4:]) != onfFlowMonitor {
		return false
	}
	r.skip(8)
	return true
}

func (FlowMonitorRequest) describe() string { return "flow monitor request" }

func (m FlowMonitorRequest) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	var err error
	if v >= Version14 {
		b = appendMultipart(b, multipartFlowMonitor, false)
		for _, f := range m.Monitors {
			if b, err = f.append(b); err != nil {
				return b, 0, err
			}
		}
		return b, typeMultipartRequest, nil
	}
	if len(m.Monitors) == 1 && m.Monitors[0].Command == MonitorDelete {
		b = appendExperimenter(b, experimenterONF, onfFlowMonitorCancel)
		return be.AppendUint32(b, m.Monitors[0].ID), typeExperimenter, nil
	}
	b = appendExperimenter(appendMultipart(b, multipartExperimenter, false), experimenterONF, onfFlowMonitor)
	for _, f := range m.Monitors {
		if b, err = f.append13(b, v); err != nil {
			return b, 0, err
		}
	}
	return b, typeMultipartRequest, nil
}

func (f FlowMonitor) table() uint8 {
	if f.Table == nil {
		return AllTables
	}
	return *f.Table
}

func (f FlowMonitor) append(b []byte) ([]byte, error) {
	if f.Command > MonitorDelete {
		return b, fmt.Errorf("flow monitor command %d does not exist", f.Command)
	}
	if f.Command == MonitorDelete {
		f = FlowMonitor{ID: f.ID, Command: f.Command}
	}
	flags := f.Flags &^ MonitorOwn
	if f.Flags&MonitorOwn != 0 {
		flags |= monitorOwn14
	}
	b = be.AppendUint32(b, f.ID)
	b = be.AppendUint32(b, orAny(f.OutPort))
	b = be.AppendUint32(b, orAny(f.OutGroup))
	b = be.AppendUint16(b, uint16(flags))
	return appendMatch(append(b, f.table(), byte(f.Command)), f.Match)
}

func (f FlowMonitor) append13(b []byte, v Version) ([]byte, error) {
	switch {
	case f.Command == MonitorDelete:
		return b, errors.New("the end of a flow monitor stands alone")
	case f.Command != MonitorAdd:
		return b, errVersion(v, "change of a flow monitor")
	case f.OutGroup != 0:
		return b, errVersion(v, "flow monitor of a group")
	}
	start := len(b)
	b = be.AppendUint32(b, f.ID)
	b = pad(be.AppendUint16(b, uint16(f.Flags)), 2)
	b = be.AppendUint32(b, orAny(f.OutPort))
	b = pad(append(b, f.table()), 3)
	b, err := appendMatch(b, f.Match)
	if err == nil {
		// The length of the match stands in two places.
		copy(b[start+6:start+8], b[start+18:])
	}
	return b, err
}

func decodeFlowMonitorRequest(r *reader, v Version) (Message, error) {
	var m FlowMonitorRequest
	if len(r.b)%8 != 0 {
		return nil, malformed(ErrBadRequestLen, "flow monitor request with %d bytes of monitors", len(r.b))
	}
	for len(r.b) > 0 {
		decode := decodeFlowMonitor
		if v < Version14 {
			decode = decodeFlowMonitor13
		}
		f, err := decode(r)
		if err != nil {
			return nil, err
		}
		m.Monitors = append(m.Monitors, f)
	}
	return m, nil
}

func decodeFlowMonitor(r *reader) (f FlowMonitor, err error) {
	f.ID, f.OutPort, f.OutGroup = r.u32(), r.u32(), r.u32()
	flags := r.u16()
	f.decodeTable(r)
	f.Command = MonitorCommand(r.u8())
	switch {
	case r.short:
		return f, malformed(ErrBadRequestLen, "flow monitor is cut off")
	case f.Command > MonitorDelete:
		return f, malformed(ErrBadMonitorCommand, "flow monitor command %d", f.Command)
	}
	match, err := decodeRequestMatch(r)
	if err != nil || f.Command == MonitorDelete {
		return FlowMonitor{ID: f.ID, Command: f.Command}, err
	}
	f.Match = match
	if flags&uint16(MonitorOwn) != 0 {
		return f, malformed(ErrBadMonitorFlags, "flow monitor with flags %#x", flags)
	}
	f.Flags = MonitorFlags(flags &^ monitorOwn14)
	if flags&monitorOwn14 != 0 {
		f.Flags |= MonitorOwn
	}
	return f, f.check()
}

func decodeFlowMonitor13(r *reader) (f FlowMonitor, err error) {
	f.ID, f.Flags = r.u32(), MonitorFlags(r.u16())
	r.skip(2) // the length of the match, which has it too
	f.OutPort, f.OutGroup = r.u32(), PortAny
	f.decodeTable(r)
	zero := r.bytes(3)
	if r.short {
		return f, malformed(ErrBadRequestLen, "flow monitor is cut off")
	}
	if err := f.check(); err != nil {
		return f, err
	}
	if !bytes.Equal(zero, make([]byte, 3)) {
		return f, malformed(ErrMustBeZero, "flow monitor has bits set that must be zero")
	}
	f.Match, err = decodeRequestMatch(r)
	return f, err
}

func (f *FlowMonitor) decodeTable(r *reader) {
	if table := r.u8(); table != AllTables {
		f.Table = &table
	}
}

// check checks what was decoded, and gives 0 to what stands for any port or group.
func (f *FlowMonitor) check() error {
	if f.Flags&monitorEvents == 0 || f.Flags&^(MonitorInitial|monitorEvents|MonitorInstructions|MonitorOwn) != 0 {
		return malformed(ErrBadMonitorFlags, "flow monitor with flags %#x", f.Flags)
	}
	if _, ok := port16(f.OutPort); !ok || f.OutPort == 0 || f.OutGroup == 0 {
		return malformed(ErrBadPort, "flow monitor of flows that output to port %#x or group %#x", f.OutPort, f.OutGroup)
	}
	f.OutPort, f.OutGroup = fromAny(f.OutPort), fromAny(f.OutGroup)
	return nil
}
