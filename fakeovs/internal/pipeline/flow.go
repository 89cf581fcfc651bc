// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/classifier"
	"github.com/ovskit/ovskit/fakeovs/internal/flowcheck"
	"github.com/ovskit/ovskit/openflow"
)

// Flow is an entry of a flow table. What openflow.Flow has of it never changes, but for the timeouts that fin_timeout
// lowers; a modified flow is a new one with the old one's counters.
type Flow struct {
	// What every packet needs comes first.
	rule classifier.Rule[*Flow]
	// steps are the instructions as a translation does them; nil if they are those of Flow and no packet has come yet.
	steps          steps
	packets, bytes uint64
	// used is when a packet last matched.
	used time.Time
	// told is Flow.Cookie.
	told uint64
	openflow.Flow
	// options are those of tunnels that the flow uses, bit n for tun_metadata n.
	options uint64
	// serial orders the flows of a switch by their coming.
	serial  uint64
	created time.Time
	// modified is when the instructions were last set, from which the hard timeout counts.
	modified time.Time
	// AddedAt and ModifiedAt belong to who tells flow monitors of it, under the bridge's lock.
	AddedAt, ModifiedAt uint64
	// sent is as in FlowMod.
	sent *wireForm
	// weight is what the flow takes of the datapath's memory.
	weight int64
}

// wireForm is instructions as a message of a version has them.
type wireForm struct {
	version openflow.Version
	bytes   []byte
}

func (f *Flow) stats(now time.Time) openflow.FlowStats {
	return openflow.FlowStats{
		Flow: f.Flow, Duration: now.Sub(f.created), Idle: now.Sub(f.used), Age: now.Sub(f.modified),
		Packets: f.packets, Bytes: f.bytes,
	}
}

// hit counts a packet.
func (f *Flow) hit(now time.Time, size int) {
	f.used = now
	f.packets++
	f.bytes += uint64(size)
}

// expiry is when the flow times out if no packet comes, and for which reason; ok is false if it never does.
func (f *Flow) expiry() (at time.Time, reason openflow.FlowRemovedReason, ok bool) {
	if f.HardTimeout != 0 {
		at, reason, ok = f.modified.Add(time.Duration(f.HardTimeout)*time.Second), openflow.FlowRemovedHard, true
	}
	if f.IdleTimeout != 0 {
		idle := f.used.Add(time.Duration(f.IdleTimeout) * time.Second)
		if !ok || idle.Before(at) {
			at, reason, ok = idle, openflow.FlowRemovedIdle, true
		}
	}
	return at, reason, ok
}

// newFlow makes a flow that is in no table yet. If list is nil its steps are its instructions.
func newFlow(o openflow.Flow, list steps, created, now time.Time) *Flow {
	f := &Flow{Flow: o, told: o.Cookie, steps: list, created: created, modified: now, used: now}
	f.rule.Value, f.rule.Priority = f, int(o.Priority)
	f.rule.Conjunctions = conjunctions(o.Apply)
	return f
}

// conjunctions are the parts that a flow has in conjunctive matches.
func conjunctions(actions []openflow.Action) (list []classifier.Conjunction) {
	for _, a := range actions {
		if c, ok := a.(openflow.Conjunction); ok {
			list = append(list, classifier.Conjunction{ID: c.ID, Clause: c.Clause - 1, Clauses: c.Clauses})
		}
	}
	return list
}

// OutputsTo reports whether one of the flow's actions is an output to the port.
func (f *Flow) OutputsTo(port uint32) bool {
	return outputs(f.Apply, port) || outputs(f.Write, port)
}

func outputs(actions []openflow.Action, port uint32) bool {
	return !flowcheck.EachOf(actions, func(a openflow.Action) bool {
		switch a := a.(type) {
		case openflow.Output:
			return a.Port != port
		case openflow.Controller:
			return port != openflow.PortController
		}
		return true
	})
}

// SendsTo reports whether one of the flow's actions sends to the group.
func (f *Flow) SendsTo(group uint32) bool {
	return !flowcheck.Each(&f.Instructions, func(a openflow.Action) bool {
		g, ok := a.(openflow.OutputGroup)
		return !ok || g.ID != group
	})
}
