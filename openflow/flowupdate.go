// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"fmt"
)

// FlowUpdates are what flow monitors tell of (ONF extension 187 to OpenFlow 1.3; OpenFlow 1.4.1, 7.3.5.17): the answer to
// a FlowMonitorRequest and, with the transaction number 0, what happens later, in its order.
type FlowUpdates struct {
	// Updates are in the order of the changes. In OpenFlow 1.3 UpdatePaused and UpdateResumed stand alone.
	Updates []FlowUpdate
	// More says that another part of an answer follows.
	More bool
}

// FlowUpdate is one change that flow monitors tell of.
type FlowUpdate struct {
	Event UpdateEvent
	// Flow is the flow, without Flags and Importance, and with Instructions only if the monitor asks for them.
	Flow Flow
	// Reason is why the flow is gone, in UpdateRemoved.
	Reason FlowRemovedReason
	// Xid is the transaction number of the request that this connection has made, in UpdateAbbreviated.
	Xid uint32
}

// UpdateEvent is what happened to a flow.
type UpdateEvent uint16

// The events.
const (
	// UpdateInitial is a flow that was there when the monitor began. In OpenFlow 1.3 the switch says UpdateAdded.
	UpdateInitial UpdateEvent = iota
	UpdateAdded
	UpdateRemoved
	UpdateModified
	// UpdateAbbreviated stands for the changes of a request of this connection.
	UpdateAbbreviated
	// UpdatePaused says that the connection does not take updates fast enough: none follow but UpdateRemoved of flows
	// that are known, until flows that were added or modified meanwhile and UpdateResumed.
	UpdatePaused
	UpdateResumed
)

// String is the event in words, such as "added".
func (e UpdateEvent) String() string {
	if int(e) >= len(updateEventNames) {
		return fmt.Sprintf("event %d", uint16(e))
	}
	return updateEventNames[e]
}

var updateEventNames = []string{"initial", "added", "removed", "modified", "abbreviated", "paused", "resumed"}

func (FlowUpdates) describe() string { return "flow updates" }

func (m FlowUpdates) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	if v < Version14 {
		for _, u := range m.Updates {
			if u.Event != UpdatePaused && u.Event != UpdateResumed {
				continue
			}
			if len(m.Updates) > 1 || m.More {
				return b, 0, fmt.Errorf("%v stands alone in %v", u.Event, v)
			}
			return appendExperimenter(b, experimenterONF, onfFlowMonitorPaused+uint32(u.Event-UpdatePaused)), typeExperimenter, nil
		}
		b = appendExperimenter(appendMultipart(b, multipartExperimenter, m.More), experimenterONF, onfFlowMonitor)
	} else {
		b = appendMultipart(b, multipartFlowMonitor, m.More)
	}
	for i, u := range m.Updates {
		var err error
		if b, err = u.append(b, v); err != nil {
			return b, 0, fmt.Errorf("update %d: %w", i, err)
		}
	}
	return b, typeMultipartReply, nil
}

// event13 is the number of an event in OpenFlow 1.3, and events13 the opposite.
func (e UpdateEvent) event13() uint16 { return uint16(max(e, UpdateAdded) - 1) }

var events13 = []UpdateEvent{UpdateAdded, UpdateRemoved, UpdateModified, UpdateAbbreviated}

func (u FlowUpdate) append(b []byte, v Version) ([]byte, error) {
	start := len(b)
	event := uint16(u.Event)
	if v < Version14 {
		event = u.Event.event13()
	}
	b = be.AppendUint16(append(b, 0, 8), event)
	switch u.Event {
	case UpdateAbbreviated:
		return be.AppendUint32(b, u.Xid), nil
	case UpdatePaused, UpdateResumed:
		return pad(b, 4), nil
	case UpdateInitial, UpdateAdded, UpdateRemoved, UpdateModified:
	default:
		return b, fmt.Errorf("%v does not exist", u.Event)
	}
	f := u.Flow
	if v < Version14 {
		b = be.AppendUint16(b, uint16(u.Reason.in(v)))
		b = be.AppendUint16(b, f.Priority)
		b = be.AppendUint16(b, f.IdleTimeout)
		b = be.AppendUint16(b, f.HardTimeout)
		b = append(b, 0, 0, f.Table, 0)
	} else {
		b = append(b, f.Table, byte(u.Reason))
		b = be.AppendUint16(b, f.IdleTimeout)
		b = be.AppendUint16(b, f.HardTimeout)
		b = pad(be.AppendUint16(b, f.Priority), 4)
	}
	b, err := appendMatch(be.AppendUint64(b, f.Cookie), f.Match)
	if err != nil {
		return b, err
	}
	if v < Version14 {
		// The length of the match stands in two places.
		copy(b[start+12:start+14], b[start+26:])
	}
	if b, err = appendInstructions(b, v, f.Instructions); err != nil {
		return b, err
	}
	return putLength(b, start, 0)
}

func decodeFlowUpdates(r *reader, v Version, more bool) (Message, error) {
	m := FlowUpdates{Updates: listFor[FlowUpdate](countEntries(r.b, 8)), More: more}
	for len(r.b) > 0 {
		u, err := decodeFlowUpdate(r, v)
		if err != nil {
			return nil, err
		}
		m.Updates = append(m.Updates, u)
	}
	return m, nil
}

// decodeFlowUpdate reads one update.
func decodeFlowUpdate(r *reader, v Version) (u FlowUpdate, err error) {
	length, event := 0, uint16(0)
	if len(r.b) >= 4 {
		length, event = int(be.Uint16(r.b)), be.Uint16(r.b[2:])
	}
	e := &reader{b: r.bytes(length)}
	if r.short || length%8 != 0 || length < 8 {
		return u, malformed(ErrBadRequestLen, "flow update of %d bytes", length)
	}
	e.skip(4)
	u.Event = UpdateEvent(event)
	if v < Version14 {
		if int(event) >= len(events13) {
			return u, malformed(ErrBadUpdateEvent, "flow update with event %d", event)
		}
		u.Event = events13[event]
	}
	f := &u.Flow
	switch {
	case u.Event > UpdateResumed:
		return u, malformed(ErrBadUpdateEvent, "flow update with event %d", event)
	case u.Event >= UpdateAbbreviated:
		if length != 8 {
			return u, malformed(ErrBadRequestLen, "flow update of %d bytes that says %v", length, u.Event)
		}
		if u.Event == UpdateAbbreviated {
			u.Xid = e.u32()
		}
		return u, nil
	case v < Version14:
		u.Reason, f.Priority = FlowRemovedReason(e.u16()), e.u16()
		f.IdleTimeout, f.HardTimeout = e.u16(), e.u16()
		e.skip(2) // the length of the match, which has it too
		f.Table = e.u8()
		e.skip(1)
	default:
		f.Table, u.Reason = e.u8(), FlowRemovedReason(e.u8())
		f.IdleTimeout, f.HardTimeout, f.Priority = e.u16(), e.u16(), e.u16()
		e.skip(4)
	}
	f.Cookie = e.u64()
	if e.short {
		return u, malformed(ErrBadRequestLen, "flow update of %d bytes", length)
	}
	if f.Match, err = decodeToldMatch(e); err != nil {
		return u, err
	}
	f.Instructions, err = decodeInstructions(e, v, true)
	return u, err
}

// decodeONFFlowMonitor reads what is a message of its own in OpenFlow 1.3.
func decodeONFFlowMonitor(r *reader, typ uint32) (Message, error) {
	switch typ {
	case onfFlowMonitorCancel:
		return ended(r, FlowMonitorRequest{[]FlowMonitor{{ID: r.u32(), Command: MonitorDelete}}})
	case onfFlowMonitorPaused:
		return ended(r, FlowUpdates{Updates: []FlowUpdate{{Event: UpdatePaused}}})
	}
	return ended(r, FlowUpdates{Updates: []FlowUpdate{{Event: UpdateResumed}}})
}
