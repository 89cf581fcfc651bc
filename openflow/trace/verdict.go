// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"iter"
	"strconv"
	"strings"
)

// Table is a flow table of a bridge.
type Table struct {
	Bridge string
	ID     uint8
}

// Outputs are the datapath's ports that the packet leaves by, in order and of all passes; a port stands there as often as
// the packet leaves by it. Those of all branches count where the datapath decides, as in check_pkt_len. The ports are
// the datapath's: numbers of [DatapathAction], not OpenFlow's.
func (r *Result) Outputs() []string {
	var ports []string
	for a := range r.datapath() {
		if a.Name == Output || a.Name == "lb_output" {
			ports = append(ports, a.Text)
		}
	}
	return ports
}

// Controller reports whether the packet is sent to a controller.
func (r *Result) Controller() bool {
	for a := range r.datapath() {
		if a.Name == "userspace" && strings.Contains(a.Text, ",controller(") {
			return true
		}
	}
	return false
}

// Unresolved are the recirculations that the trace does not follow: all but conntrack's, such as those of groups that
// select by the datapath's hash, and of pop_mpls. What becomes of the packet there is not known.
func (r *Result) Unresolved() []uint32 {
	followed := map[uint32]bool{}
	for _, p := range r.Passes {
		if p.Recirculation != nil {
			followed[p.Recirculation.ID] = true
		}
	}
	var ids []uint32
	for a := range r.datapath() {
		if id, ok := recirculation(a); ok && !followed[id] {
			followed[id] = true
			ids = append(ids, id)
		}
	}
	return ids
}

// Dropped reports whether the packet ends in the switch: no pass outputs it, sends it to a controller or recirculates
// it to where the trace does not follow.
func (r *Result) Dropped() bool {
	return len(r.Outputs()) == 0 && !r.Controller() && len(r.Unresolved()) == 0
}

// Failure is why the switch could not translate the first pass that failed, empty if none did.
func (r *Result) Failure() string {
	for _, p := range r.Passes {
		if p.Failure != "" {
			return p.Failure
		}
	}
	return ""
}

// Tables are the flow tables that the packet visits, in order and of all passes; a table stands there as often as it is
// visited.
func (r *Result) Tables() []Table {
	var tables []Table
	for _, p := range r.Passes {
		for _, v := range p.All() {
			if v.Kind == KindTable {
				tables = append(tables, Table{v.Bridge, v.Table})
			}
		}
	}
	return tables
}

// All are the visits in the order in which they happen, each with the number of visits that it is inside of.
func (p *Pass) All() iter.Seq2[int, *Visit] {
	return func(yield func(int, *Visit) bool) { walk(p.Visits, 0, yield) }
}

func walk(visits []*Visit, depth int, yield func(int, *Visit) bool) bool {
	for _, v := range visits {
		if !yield(depth, v) {
			return false
		}
		for _, s := range v.Steps {
			if !walk(s.Visits, depth+1, yield) {
				return false
			}
		}
	}
	return true
}

// datapath are the datapath's actions of all passes, and those inside of others after them.
func (r *Result) datapath() iter.Seq[DatapathAction] {
	return func(yield func(DatapathAction) bool) {
		for _, p := range r.Passes {
			if !walkActions(p.Datapath, yield) {
				return
			}
		}
	}
}

func walkActions(actions []DatapathAction, yield func(DatapathAction) bool) bool {
	for _, a := range actions {
		if !yield(a) || !walkActions(a.Actions, yield) {
			return false
		}
	}
	return true
}

// recirculation is the identifier of a recirc action.
func recirculation(a DatapathAction) (uint32, bool) {
	if a.Name != "recirc" {
		return 0, false
	}
	id, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimPrefix(a.Text, "recirc("), ")"), 0, 32)
	return uint32(id), err == nil
}
