// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "slices"

// appendLegacy appends a request for flow monitors as Nicira has them before OpenFlow 1.3.
func (m FlowMonitorRequest) appendLegacy(b []byte, v Version) (out []byte, typ uint8, err error) {
	if len(m.Monitors) == 1 && m.Monitors[0].Command == MonitorDelete {
		b = appendExperimenter(b, experimenterNicira, nxtFlowMonitorCancel)
		return be.AppendUint32(b, m.Monitors[0].ID), typeExperimenter, nil
	}
	b, typ = appendNXMonitorHead(b, v, false)
	for _, f := range m.Monitors {
		if f.Command != MonitorAdd || f.OutGroup != 0 {
			return b, 0, errVersion(v, "such a flow monitor")
		}
		b = be.AppendUint32(b, f.ID)
		b = be.AppendUint16(be.AppendUint16(b, uint16(f.Flags)), portOrNone10(f.OutPort))
		length := len(b)
		b = pad(append(b, 0, 0, f.table()), 5)
		start := len(b)
		if b, err = appendNXM(b, f.Match); err != nil {
			return b, 0, err
		}
		be.PutUint16(b[length:], uint16(len(b)-start))
		b = padded(b, start)
	}
	return b, typ, nil
}

// appendNXMonitorHead appends the head of a message about flow monitors, and returns the type of a request in the version.
func appendNXMonitorHead(b []byte, v Version, more bool) ([]byte, uint8) {
	if v == Version10 {
		return appendNXStatsHead10(b, nxStatsFlowMonitor, more), type10StatsRequest
	}
	b = appendMultipart(b, multipartExperimenter, more)
	return be.AppendUint32(be.AppendUint32(b, experimenterNicira), nxStatsFlowMonitor), typeMultipartRequest
}

// decodeNXMonitors reads the monitors of a request.
func decodeNXMonitors(r *reader) (Message, error) {
	var m FlowMonitorRequest
	for len(r.b) > 0 {
		f := FlowMonitor{ID: r.u32(), Flags: MonitorFlags(r.u16()), OutPort: orNone10(r.u16())}
		n := int(r.u16())
		f.decodeTable(r)
		zero := r.bytes(5)
		if r.short {
			return nil, malformed(ErrBadRequestLen, "flow monitor is cut off")
		}
		if f.Flags >= MonitorOwn<<1 || f.Flags&(monitorEvents|MonitorInitial) == 0 {
			return nil, malformed(ErrBadMonitorFlags, "flow monitor with flags %#x", uint16(f.Flags))
		}
		if slices.ContainsFunc(zero, func(c byte) bool { return c != 0 }) {
			return nil, malformed(ErrMustBeZero, "flow monitor has bits set that must be zero")
		}
		var err error
		if f.Match, _, _, err = decodeNXMatch(r, n, false); err != nil {
			return nil, err
		}
		m.Monitors = append(m.Monitors, f)
	}
	return m, nil
}

// appendLegacy appends updates as Nicira has them before OpenFlow 1.3.
func (m FlowUpdates) appendLegacy(b []byte, v Version) (out []byte, typ uint8, err error) {
	for _, u := range m.Updates {
		if u.Event != UpdatePaused && u.Event != UpdateResumed {
			continue
		}
		if len(m.Updates) > 1 || m.More {
			return b, 0, errVersion(v, "updates beside one that says "+u.Event.String())
		}
		typ := nxtFlowMonitorPaused + uint32(u.Event-UpdatePaused)
		return appendExperimenter(b, experimenterNicira, typ), typeExperimenter, nil
	}
	b, typ = appendNXMonitorHead(b, v, m.More)
	for _, u := range m.Updates {
		if b, err = u.appendLegacy(b, v); err != nil {
			return b, 0, err
		}
	}
	return b, typ + 1, nil
}

func (u FlowUpdate) appendLegacy(b []byte, v Version) ([]byte, error) {
	start := len(b)
	b = be.AppendUint16(append(b, 0, 8), u.Event.event13())
	if u.Event == UpdateAbbreviated {
		return be.AppendUint32(b, u.Xid), nil
	}
	f := u.Flow
	for _, n := range []uint16{uint16(u.Reason.in(v)), f.Priority, f.IdleTimeout, f.HardTimeout} {
		b = be.AppendUint16(b, n)
	}
	length := len(b)
	b = be.AppendUint64(append(b, 0, 0, f.Table, 0), f.Cookie)
	match := len(b)
	b, err := appendNXM(b, f.Match)
	if err != nil {
		return b, err
	}
	be.PutUint16(b[length:], uint16(len(b)-match))
	b = padded(b, match)
	if v == Version10 {
		b, err = appendActions(b, v, f.Instructions.list())
	} else {
		b, err = appendActions(b, v, f.Instructions.Apply)
	}
	if err != nil {
		return b, err
	}
	return putLength(b, start, 0)
}
