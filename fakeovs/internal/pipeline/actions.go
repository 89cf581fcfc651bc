// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/ovskit/ovskit/fakeovs/internal/flowcheck"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// do translates a list of steps. Last says that nothing follows on it, bucket that it is a group's.
func (x *translation) do(list steps, last, bucket bool) {
	if len(list) == 0 {
		x.report(nodeAction, "drop")
		return
	}
	for i := 0; i < len(list); i++ {
		if x.failed != "" {
			return
		}
		x.freezeForMPLS(list[i])
		if x.exited {
			if x.freezing {
				x.keep(list[i:])
			}
			return
		}
		x.action(list[i])
		next, stop := x.step(list, i, last && i == len(list)-1 && len(x.set) == 0, bucket)
		if stop {
			return
		}
		if next < 0 {
			continue // it was another list in which the translation may have been frozen
		}
		if x.failed == "" && x.exited && len(x.frozenSteps) == 0 {
			x.keep(list[next:])
			return
		}
	}
}

// step translates one of the steps. It returns from which on they are to be kept if the translation is to be frozen now, -1 if
// it may have been frozen further on; or that the list ends.
func (x *translation) step(list steps, i int, last, bucket bool) (next int, stop bool) {
	switch a := list[i].(type) {
	case worded:
		if s, ok := a.Action.(openflow.SetField); ok {
			x.setWorded(s, a.words)
			return i, false
		}
		_, stop = x.step(steps{a.Action}, 0, last, bucket)
		return i, stop
	case openflow.Output:
		x.output(a.Port, a.MaxLen, true, last, false, bucket)
	case openflow.OutputField:
		x.outputField(a, last, bucket)
	case openflow.OutputTruncated:
		x.outputTruncated(a, last, bucket)
	case openflow.OutputGroup:
		if !x.group(a.ID, last) {
			return i, true
		}
	case openflow.Controller:
		if a.Pause {
			x.pause = &a
			x.triggerFreeze()
			return i + 1, false
		}
		x.controller(a)
	case openflow.SetField:
		x.setField(a)
	case openflow.Move:
		x.move(a)
	case openflow.PushVLAN:
		x.pushVLAN(a)
	case openflow.SetVLANVID:
		x.setTag(a.Push, packet.TCIPresent|vlanID, packet.TCIPresent|uint64(a.VID))
	case openflow.SetVLANPCP:
		x.setTag(a.Push, packet.TCIPresent|tciPriority, packet.TCIPresent|uint64(a.PCP)<<13)
	case openflow.SetTransport:
		x.setPort(a.Dst, a.Port)
	case openflow.EnqueueTo:
		x.enqueue(a, last)
	case openflow.PopVLAN:
		x.popVLAN()
	case openflow.PushMPLS:
		x.pushMPLS(a)
	case openflow.PopMPLS:
		x.popMPLS(a)
	case openflow.Resubmit:
		x.resubmit(a, last)
		return -1, false
	case gotoTable:
		x.lookup(uint32(x.flow.Uint(openflow.FieldInPort)), a.table, true, true, false, last, x.do)
		return -1, false
	case openflow.DecTTL:
		return i, x.decTTL(a)
	case openflow.DecMPLSTTL:
		return i, x.decMPLSTTL()
	case openflow.DecNSHTTL:
		return i, x.decNSHTTL()
	case openflow.SetQueue:
		x.lookPriority()
		x.setQueue(a.ID)
	case openflow.PopQueue:
		x.lookPriority()
		x.popQueue()
	case openflow.StackPush:
		x.push(a.Src)
	case openflow.StackPop:
		x.pop(a.Dst)
	case openflow.Multipath:
		x.multipath(a)
	case openflow.Members:
		x.members(a, last, bucket)
	case openflow.Learn:
		x.learn(a)
	case openflow.Conjunction:
		x.report(nodeError, "executing no-op conjunction action")
	case openflow.Exit:
		x.exited = true
	case openflow.FinTimeout:
		x.finTimeout(a)
	case openflow.DeleteField:
		x.deleteField(a)
	case openflow.Meter:
		x.meter(a)
	case openflow.Sample, openflow.Note:
		// There is no collector to send samples to.
	case openflow.Clone:
		x.clone(actionSteps(a.Actions), last, false)
	case openflow.Encap:
		x.encap(a)
	case openflow.Decap:
		if x.decap(a) && x.failed == "" {
			x.triggerFreeze()
			return i + 1, false
		}
	case openflow.CT:
		x.track(&a, last)
	case openflow.CTClear:
		if x.tracked {
			x.forget()
		}
	case openflow.NAT:
		x.nat = &a
	case openflow.CheckPacketLarger:
		if x.checkLength(a, list[i+1:]) {
			return i, true
		}
	case clearActions:
		x.reportSet("was")
		x.set, x.setGroup = nil, false
		x.flow.SetUint(openflow.FieldActsetOutput, portUnset)
	case writeActions:
		x.write(a.actions)
		x.reportSet("is")
	case writeMetadata:
		m := x.flow.Uint(openflow.FieldMetadata)
		x.flow.SetUint(openflow.FieldMetadata, m&^a.mask|a.value&a.mask)
	case unroll:
		x.table, x.cookie = a.table, a.cookie
		x.report(nodeThaw, "restored state: table=%d, cookie=%s", a.table, hexNumber(swapped(a.cookie)))
	default:
		x.rawAction(a)
		if x.exited {
			return i + 1, false
		}
	}
	return i, false
}

// rawAction does the actions that have no type of their own.
func (x *translation) rawAction(a any) {
	raw, ok := a.(openflow.RawAction)
	if !ok || len(raw.Bytes) < 8 {
		return
	}
	switch flowcheck.NiciraSubtype(raw) {
	case flowcheck.DebugRecirc:
		x.triggerFreeze()
	case flowcheck.DebugSlow:
		x.slow |= slowAction
	}
}

// write adds to the action set, and keeps actset_output what the set says.
func (x *translation) write(actions steps) {
	for _, a := range actions {
		if x.setGroup {
			break
		}
		switch a := a.(type) {
		case openflow.Output:
			x.flow.SetUint(openflow.FieldActsetOutput, uint64(a.Port))
		case openflow.OutputGroup:
			x.flow.SetUint(openflow.FieldActsetOutput, portUnset)
			x.setGroup = true
		}
	}
	x.set = append(x.set[:len(x.set):len(x.set)], actions...)
}

func (x *translation) reportSet(verb string) {
	if list := x.set.executed(); len(list) > 0 {
		x.report(nodeDetail, "action set %s: %s", verb, list.list())
		return
	}
	x.report(nodeDetail, "action set %s empty", verb)
}

func (x *translation) resubmit(a openflow.Resubmit, last bool) {
	port, table := a.InPort, a.Table
	if port == openflow.PortInPort {
		port = uint32(x.flow.Uint(openflow.FieldInPort))
	}
	if table == openflow.CurrentTable {
		table = x.table
	}
	x.lookup(port, table, false, false, a.CT, last, x.do)
}
