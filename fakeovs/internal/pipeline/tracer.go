// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"fmt"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/flowcheck"
	"github.com/ovskit/ovskit/openflow"
)

// tracer notes what happens to a packet, to be put in words when somebody asks.
type tracer struct {
	nodes []node
	// passes are the translations, each with the nodes from its first one on.
	passes []*translation
	// names has ports written by name, unless it is nil.
	names *openflow.Names
}

// usualNodes is room for the trace of an ordinary packet.
const usualNodes = 48

func newTracer() *tracer { return &tracer{nodes: make([]node, 0, usualNodes)} }

// node is something that happened within something else.
type node struct {
	kind   nodeKind
	parent int32
	table  uint8
	// format and args are its words, unless it is a flow or an action.
	format string
	args   []any
	flow   *Flow
	action any
}

type nodeKind uint8

const (
	nodeBridge nodeKind = iota
	nodeTable
	nodeThaw
	nodeBucket
	nodeAction
	nodeDetail
	nodeWarn
	nodeError
	nodeRule
)

const noNode = -1

// maxNodes is how much a trace has; it leaves out what happens then.
const maxNodes = 1 << 20

// trace is where a translation is in its trace.
type trace struct {
	t      *tracer
	parent int32
}

func (t *trace) tracing() bool { return t.t != nil }

func (t *trace) add(n node) int32 {
	n.parent = t.parent
	if len(t.t.nodes) >= maxNodes {
		return maxNodes - 1
	}
	t.t.nodes = append(t.t.nodes, n)
	return int32(len(t.t.nodes) - 1)
}

// report notes something.
func (t *trace) report(kind nodeKind, format string, args ...any) {
	if t.t != nil {
		t.add(node{kind: kind, format: format, args: args})
	}
}

// action notes a step.
func (t *trace) action(a any) {
	if t.t != nil {
		t.add(node{kind: nodeAction, action: a})
	}
}

// enterNode notes something that other things happen in from now on. It returns where the trace was.
func (t *trace) enterNode(kind nodeKind, format string, args ...any) (old int32) {
	if t.t == nil {
		return noNode
	}
	old = t.parent
	t.parent = t.add(node{kind: kind, format: format, args: args})
	return old
}

// enterTable notes which flow of a table the packet matched, nil if none.
func (t *trace) enterTable(f *Flow, table uint8) (old int32) {
	if t.t == nil {
		return noNode
	}
	old = t.parent
	t.parent = t.add(node{kind: nodeRule, flow: f, table: table})
	return old
}

func (t *tracer) text(n *node) string {
	switch {
	case n.kind == nodeRule:
		return n.flow.traceText(n.table, t.names)
	case n.action != nil:
		if a, ok := n.action.(openflow.Action); ok && t.names != nil {
			return openflow.Instructions{Apply: []openflow.Action{a}}.Text(t.names)
		}
		return fmt.Sprint(n.action)
	case len(n.args) == 0:
		return n.format
	}
	return fmt.Sprintf(n.format, n.args...)
}

// traceText is a flow in the words of a trace.
func (f *Flow) traceText(table uint8, names *openflow.Names) string {
	if f == nil {
		return fmt.Sprintf("%2d. No match.", table)
	}
	line := fmt.Sprintf("%2d. ", table)
	switch {
	case f.Table < flowcheck.VisibleTables:
	case len(f.steps) > 0:
		return line + "No match, and a \"packet-in\" is called for."
	default:
		return line + "Packets are IP fragments and the fragment handling mode is \"drop\"."
	}
	if m := f.Match.Text(names); m != "" {
		line += m + ", "
	}
	line += fmt.Sprintf("priority %d", f.Priority)
	if f.Cookie != 0 {
		line += fmt.Sprintf(", cookie %#x", f.Cookie)
	}
	return line
}

// children are the nodes from one on by what they happened in.
func (t *tracer) children(from, to int) map[int32][]int32 {
	c := make(map[int32][]int32)
	for i := from; i < to; i++ {
		n := &t.nodes[i]
		c[n.parent] = append(c[n.parent], int32(i))
	}
	return c
}

// write writes what happened within a node, as ofproto/trace does.
func (t *tracer) write(b *strings.Builder, children map[int32][]int32, parent int32, level int) {
	list := children[parent]
	for i, id := range list {
		n := &t.nodes[id]
		if n.kind == nodeBridge {
			b.WriteByte('\n')
		}
		more := 0
		if i < len(list)-1 || n.kind >= nodeBucket && n.kind <= nodeError {
			more = 1
		}
		text := t.text(n)
		fmt.Fprintf(b, "%*s", (level+more)*4, "")
		switch n.kind {
		case nodeDetail:
			fmt.Fprintf(b, " -> %s\n", text)
		case nodeWarn:
			fmt.Fprintf(b, " >> %s\n", text)
		case nodeError:
			fmt.Fprintf(b, " >>>> %s <<<<\n", text)
		case nodeBridge:
			fmt.Fprintf(b, "%s\n%*s%s\n", text, (level+more)*4, "", strings.Repeat("-", len(text)))
		default:
			fmt.Fprintf(b, "%s\n", text)
		}
		t.write(b, children, id, level+more+more)
	}
}
