// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package trace

// Result is what a switch does with a packet.
type Result struct {
	// Passes are the packet's ways through the flow tables, at least one. Those after the first are of packets that
	// come back from conntrack, in the order in which they were sent there.
	Passes []*Pass `json:"passes"`
	// Text is the trace as the switch wrote it.
	Text string `json:"text"`
}

// Pass is one translation: what the switch did between the packet's coming from the datapath and its going back.
type Pass struct {
	// Recirculation says where the packet comes from; nil in the first pass.
	Recirculation *Recirculation `json:"recirculation,omitempty"`
	// Flow is the packet that goes in.
	Flow string `json:"flow"`
	// Visits are the flow tables, each with those that it led to.
	Visits []*Visit `json:"visits"`
	// FinalFlow is the packet in the end, the same text as Flow if nothing changed it. What was changed on the way
	// and changed back, as by clone, is not seen in it.
	FinalFlow string `json:"final_flow"`
	// Megaflow is the match of the datapath flow that would be installed.
	Megaflow string `json:"megaflow"`
	// Datapath are the datapath's actions: one "drop" or none if there is nothing to do.
	Datapath []DatapathAction `json:"datapath_actions"`
	// Failure is why the packet is dropped although the tables may say otherwise, such as "Recursion too deep".
	Failure string `json:"failure,omitempty"`
	// Remarks are lines after the datapath's actions, such as those why the packet is handled by the slow path.
	Remarks []string `json:"remarks,omitempty"`
}

// Recirculation is a packet that comes back from conntrack.
type Recirculation struct {
	// ID is the recirculation's identifier, which stands in a recirc action of an earlier pass.
	ID uint32 `json:"id"`
	// CTState are the connection's states with bars between them, such as "trk|new".
	CTState string `json:"ct_state,omitempty"`
	// Default says that the trace was not told the state and takes a new connection.
	Default bool `json:"default,omitempty"`
	// Zone is the conntrack zone, the flow's ct_zone.
	Zone uint16 `json:"zone"`
	// Table is the one that the packet resumes in.
	Table uint8 `json:"table"`
	// NATFrom and NATTo are the addresses and ports before and after NAT, for which a trace takes the first of the
	// range. Empty if there is no NAT, or none that says which addresses.
	NATFrom string `json:"nat_from,omitempty"`
	NATTo   string `json:"nat_to,omitempty"`
	// Restored are further lines about what is taken up again, such as "Restoring actions: output:1".
	Restored []string `json:"restored,omitempty"`
}

// Kind says what a visit is one of.
type Kind string

// The kinds of visits.
const (
	// KindTable is a flow table.
	KindTable Kind = "table"
	// KindActionSet is the execution of the action set, at the end of a bridge.
	KindActionSet Kind = "action-set"
	// KindBucket is a bucket of a group.
	KindBucket Kind = "bucket"
	// KindActions is what a bridge does outside of its tables: actions that were put off, or a packet that does not
	// get as far as a table.
	KindActions Kind = "actions"
)

// Visit is a packet in a flow table, or in something else that has actions.
type Visit struct {
	Kind Kind `json:"kind"`
	// Bridge is where it is. In passes that resume beyond a patch port it is the bridge there, although the switch
	// writes the name of the first.
	Bridge string `json:"bridge"`
	// Table is the table's number, for KindTable.
	Table uint8 `json:"table"`
	// Flow is what the packet matched, nil if nothing.
	Flow *Flow `json:"flow,omitempty"`
	// Miss says so if the packet matched no flow of the table, such as "No match.".
	Miss string `json:"miss,omitempty"`
	// Bucket is the bucket's number, for KindBucket.
	Bucket uint32 `json:"bucket,omitempty"`
	// Notes are what was said before any action.
	Notes []Note `json:"notes,omitempty"`
	// Steps are the actions that were done, in their order.
	Steps []Step `json:"steps"`
}

// Flow is a flow of a table.
type Flow struct {
	// Match is empty if every packet matches.
	Match string `json:"match"`
	// Priority is negative for flows that the switch has made for itself.
	Priority int    `json:"priority"`
	Cookie   uint64 `json:"cookie,omitempty"`
}

// Step is an action and what came of it.
type Step struct {
	// Action is its text, such as "resubmit(,2)"; "drop" where there are no actions. Actions in ct and clone
	// stand for themselves once more, as they are done.
	Action string `json:"action"`
	// Notes are what the switch says to it.
	Notes []Note `json:"notes,omitempty"`
	// Visits are where the action led, such as another table, buckets, or tables behind a patch port.
	Visits []*Visit `json:"visits,omitempty"`
}

// Severity is how grave a note is.
type Severity string

// The severities.
const (
	Detail  Severity = "detail"
	Warning Severity = "warning"
	Error   Severity = "error"
)

// Note is what the switch says beside the actions.
type Note struct {
	Severity Severity `json:"severity"`
	Text     string   `json:"text"`
}

// DatapathAction is an action of the datapath, as ovs-dpctl(8) writes them.
type DatapathAction struct {
	// Name is the word before the brackets, such as "ct"; [Output] for a port.
	Name string `json:"name"`
	// Text is all of it; the port for Output, which is a number unless names were asked for.
	Text string `json:"text"`
	// Actions are those inside, for actions such as clone.
	Actions []DatapathAction `json:"actions,omitempty"`
}

// Output is the name of the action that sends the packet out of a port.
const Output = "output"
