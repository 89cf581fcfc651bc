// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"fmt"
	"strconv"
	"strings"
)

// A trace prints a tree of nodes. Where a node's children stand is its level, in steps of four columns. A leaf is one
// step to the right of its parent's level. A node that can have children is as well, and has its children two steps
// further, unless it is the last of its siblings: then it stands at its parent's level and its children's level is the
// same, so that long chains of resubmits do not walk out of the page. Levels are even, which tells the two apart.

// maxDepth is how deep visits may be inside of others. Open vSwitch gives up after 64.
const maxDepth = 1000

// node is a node that the next line may be a child of.
type node struct {
	level int
	// bridge is the bridge that the node is or that is around it.
	bridge *bridge
	// visit is nil for bridges without actions of their own, and for a thaw.
	visit *Visit
	thaw  bool
	depth int
}

// bridge is a packet's way through a bridge.
type bridge struct {
	name string
	// from is the visit whose last action led to the bridge, nil for a pass's first bridge.
	from *Visit
	// top is the node of the bridge.
	top *node
}

// treeParser reads the tree of a pass.
type treeParser struct {
	*parser
	pass *Pass
	// resumed is the bridge that the pass resumes in, if the switch does not name it.
	resumed string
	// open are the nodes from the root to the last that was read.
	open []*node
}

// visits reads the tree of the pass with this index.
func (p *parser) visits(pass *Pass, index int) error {
	pass.Visits = []*Visit{}
	t := &treeParser{parser: p, pass: pass, open: []*node{{}}}
	if index > 0 && index <= len(p.forks) {
		t.resumed = p.forks[index-1]
	}
	for ; p.more() && !strings.HasPrefix(p.peek(), "Final flow: "); p.next++ {
		if strings.Trim(p.peek(), " -") == "" {
			continue // nothing, or what underlines the name of a bridge
		}
		if err := t.line(p.peek()); err != nil {
			return err
		}
	}
	return nil
}

// line reads a line of the tree.
func (t *treeParser) line(line string) error {
	text := strings.TrimLeft(line, " ")
	steps := (len(line) - len(text)) / 4
	// The level of the parent, and of the children if the line is a node that can have some.
	level, children := steps, steps
	if steps%2 == 1 {
		level, children = steps-1, steps+1
	}
	if severity, note, ok := cutNote(text); ok {
		t.note(t.parent(level), Note{severity, note})
		return nil
	}
	parent := t.parent(level)
	if parent.thaw {
		t.restored(text)
		return nil
	}
	if parent.depth >= maxDepth {
		return fmt.Errorf("visits are inside of each other more than %d deep", maxDepth)
	}
	child := &node{level: children, bridge: parent.bridge, depth: parent.depth + 1}
	name, isBridge := cutBridge(text)
	v := parseVisit(text)
	switch {
	case isBridge:
		t.bridge(parent, child, name)
	case v != nil:
		t.visit(parent, v)
		child.visit = v
		if v.Kind == KindBucket {
			child.level = level + 2
		}
	case text == "thaw" && t.pass.Recirculation != nil:
		child.thaw = true
	default:
		v := t.actions(parent)
		if text != "drop" || len(v.Steps) == 0 || !isCT(v.Steps[len(v.Steps)-1].Action) {
			v.Steps = append(v.Steps, Step{Action: text})
		}
		return nil
	}
	t.open = append(t.open, child)
	return nil
}

// isCT tells actions that send a packet to conntrack. The switch writes "drop" after those that have no actions inside.
func isCT(action string) bool { return action == "ct" || strings.HasPrefix(action, "ct(") }

// parent is the node that children of a level belong to; nodes after it are closed.
func (t *treeParser) parent(level int) *node {
	last := len(t.open) - 1
	for last > 0 && t.open[last].level > level {
		last--
	}
	t.open = t.open[:last+1]
	return t.open[last]
}

// bridge begins a bridge, which child is the node of.
func (t *treeParser) bridge(parent, child *node, name string) {
	child.bridge = &bridge{name: name, from: parent.visit, top: child}
	switch {
	case parent.bridge == nil && t.resumed != "":
		child.bridge.name = t.resumed
	case parent.bridge != nil && parent.visit == nil:
		child.bridge.from = parent.bridge.from
	}
}

// visit adds a visit to its parent.
func (t *treeParser) visit(parent *node, v *Visit) {
	from := parent.visit
	if b := parent.bridge; b != nil {
		v.Bridge = b.name
		// An action set is executed at the end of the bridge, not where the last table is.
		if from == nil || v.Kind == KindActionSet || parent == b.top && len(from.Steps) == 0 {
			from = b.from
		}
	}
	if from == nil {
		t.pass.Visits = append(t.pass.Visits, v)
		return
	}
	if len(from.Steps) == 0 {
		from.Steps = append(from.Steps, Step{})
	}
	last := &from.Steps[len(from.Steps)-1]
	last.Visits = append(last.Visits, v)
}

// actions is the visit that an action or a note below a node belongs to.
func (t *treeParser) actions(n *node) *Visit {
	if n.visit == nil {
		v := &Visit{Kind: KindActions, Steps: []Step{}}
		t.visit(n, v)
		n.visit = v
	}
	return n.visit
}

// note adds a note to the last action.
func (t *treeParser) note(parent *node, n Note) {
	v := t.actions(parent)
	if len(v.Steps) == 0 {
		v.Notes = append(v.Notes, n)
	} else {
		last := &v.Steps[len(v.Steps)-1]
		last.Notes = append(last.Notes, n)
	}
	if strings.HasPrefix(n.Text, "A clone of the packet is forked to recirculate.") {
		t.forks = append(t.forks, v.Bridge)
	}
}

// restored reads a line on what a pass takes up again.
func (t *treeParser) restored(text string) {
	if number, ok := strings.CutPrefix(text, "Resuming from table "); ok {
		if id, err := strconv.ParseUint(number, 10, 8); err == nil {
			t.pass.Recirculation.Table = uint8(id)
			return
		}
	}
	t.pass.Recirculation.Restored = append(t.pass.Recirculation.Restored, text)
}
