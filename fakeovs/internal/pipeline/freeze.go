// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"time"

	"math/bits"

	"github.com/ovskit/ovskit/fakeovs/internal/datapath"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// frozen is a translation that goes on when the packet comes back: from the datapath, or from a controller.
type frozen struct {
	id uint32
	// used is when a packet was last frozen so.
	used time.Time
	s    *Bridge
	// table is where the packet is looked up if there are no steps.
	table    uint8
	metadata [frozenWords]uint64
	inPort   uint64
	// options are the tunnel's, nil if there are none.
	options          *[packet.Words - packet.HeaderEnd]uint64
	stack            []stacked
	steps, set       steps
	tracked, wasMPLS bool
	mirrored         uint32
	userdata         []byte
	// entry tells apart the ports by which packets came in that are to come back from the datapath, 0 if they are not.
	entry uint64
}

// frozenWords are those of the metadata that live on in a frozen translation, beside in_port.
const frozenWords = 18

func (x *translation) triggerFreeze() { x.exited, x.freezing = true, true }

func (x *translation) cancelFreeze() {
	if x.freezing {
		x.freezing, x.hash, x.frozenSteps, x.unrolled, x.pause = false, nil, nil, nil, nil
	}
}

// freeze makes the packet come back and go on with the steps that were kept.
func (x *translation) freeze() {
	x.commit()
	x.freezeIn(0)
}

// freezeIn makes the packet come back, into a table if no steps were kept. It returns what goes on then.
func (x *translation) freezeIn(table uint8) *frozen {
	var userdata []byte
	if x.pause != nil {
		userdata = x.pause.Userdata
	}
	f := x.frozen(table, x.frozenSteps, x.set, userdata, x.in.Uint(openflow.FieldInPort)+1)
	if p := x.pause; p != nil {
		if x.effects || x.again {
			x.userspace(f, *p, true)
		}
		if !x.effects && !x.again {
			return nil
		}
	} else {
		if x.hash != nil {
			x.emit(*x.hash)
		}
		x.emit(datapath.Recirculate{ID: f.id, Context: f})
	}
	x.cancelFreeze()
	return f
}

// frozen is the translation as it is now, with an ID.
func (x *translation) frozen(table uint8, list, set steps, userdata []byte, entry uint64) *frozen {
	f := &frozen{
		s: x.s, table: table, stack: x.stack, steps: list, set: set, tracked: x.tracked, wasMPLS: x.wasMPLS,
		inPort: x.flow.Uint(openflow.FieldInPort), mirrored: x.mirrored, entry: entry, userdata: userdata,
	}
	copy(f.metadata[:], x.flow[:frozenWords])
	for _, w := range x.flow[packet.HeaderEnd:] {
		if w != 0 {
			f.options = new([packet.Words - packet.HeaderEnd]uint64)
			copy(f.options[:], x.flow[packet.HeaderEnd:])
			break
		}
	}
	f.id = x.e.dp.recirculations.number(f, x.s.dp.now(), !x.again)
	return f
}

// thaw makes the translation go on where another one was frozen, and returns its steps, nil for a look-up.
func (x *translation) thaw(f *frozen) steps {
	old := x.enterNode(nodeThaw, "thaw")
	x.s, x.table, x.mirrored, x.options = f.s, f.table, f.mirrored, f.s.Options()
	x.report(nodeThaw, "Resuming from table %d", f.table)
	x.tracked = f.tracked
	if !f.tracked {
		clearConnection(&x.flow)
	}
	copy(x.flow[:], f.metadata[:])
	x.flow.SetUint(openflow.FieldInPort, f.inPort)
	clear(x.flow[packet.HeaderEnd:])
	if f.options != nil {
		copy(x.flow[packet.HeaderEnd:], f.options[:])
	}
	x.stack = append([]stacked(nil), f.stack...)
	if len(f.set) > 0 {
		x.report(nodeThaw, "Restoring action set: %s", f.set.list())
		x.flow.SetUint(openflow.FieldActsetOutput, portUnset)
		x.write(f.set)
	}
	if len(f.steps) > 0 {
		x.report(nodeThaw, "Restoring actions: %s", f.steps.list())
	}
	x.parent = old
	if len(f.steps) == 0 {
		return nil
	}
	return f.steps
}

// keep notes steps that are to be done when the packet has come back. Those that say where they stand in what they send to
// a controller are preceded by what brings that back.
func (x *translation) keep(list steps) {
	for _, a := range list {
		switch a := a.(type) {
		case openflow.OutputField, openflow.OutputTruncated, openflow.OutputGroup, openflow.Output, openflow.Controller,
			openflow.DecMPLSTTL, openflow.DecNSHTTL, openflow.DecTTL:
			x.keepPlace()
		case openflow.Resubmit:
			if a.Table == openflow.CurrentTable {
				x.keepPlace()
			}
		case gotoTable:
			x.frozenSteps = append(x.frozenSteps, openflow.Resubmit{InPort: openflow.PortInPort, Table: a.table})
			continue
		case writeMetadata:
			set := openflow.UintMasked(openflow.FieldMetadata, a.value, a.mask)
			x.frozenSteps = append(x.frozenSteps, openflow.SetField{MatchField: set})
			continue
		case openflow.Note, openflow.Conjunction:
			continue
		}
		x.frozenSteps = append(x.frozenSteps, a)
	}
}

func (x *translation) keepPlace() {
	if u := x.unrolled; u != nil && u.table == x.table && u.cookie == x.cookie {
		return
	}
	x.unrolled = &unroll{x.table, x.cookie}
	x.frozenSteps = append(x.frozenSteps, *x.unrolled)
}

// swapped is a cookie as Open vSwitch shows it where it forgets to turn its bytes around.
func swapped(cookie uint64) uint64 { return bits.ReverseBytes64(cookie) }

// freezeForMPLS freezes the translation if the packet's headers behind the last label are needed for a step.
func (x *translation) freezeForMPLS(a any) {
	if x.exited || !x.wasMPLS {
		return
	}
	switch a := unworded(a).(type) {
	case openflow.Output, openflow.OutputTruncated, openflow.OutputField, openflow.SetQueue, openflow.OutputGroup:
		return
	case openflow.SetField:
		if a.Field <= openflow.FieldMPLSTTL {
			return
		}
	}
	x.triggerFreeze()
}
