// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	of "github.com/ovskit/ovskit/openflow"
)

// writeTables lists the kinds of flows of every table, each with its first flow.
func (r *referenceBed) writeTables(t *testing.T, b *bytes.Buffer) {
	t.Helper()
	fmt.Fprint(b, `## Tables

| table | name | what it is for | flows here |
|---:|---|---|---:|
`)
	byTable := map[uint8][]of.Flow{}
	for _, f := range r.flows {
		byTable[f.Table] = append(byTable[f.Table], f)
	}
	for _, table := range tables {
		fmt.Fprintf(b, "| %d | [%s](#table-%d-%s) | %s | %d |\n", table.number, table.name, table.number,
			strings.ReplaceAll(table.name, " ", "-"), table.purpose, len(byTable[table.number]))
	}
	fmt.Fprint(b, `
Below, flows that differ in values alone, or in IPv4 and IPv6, are one kind; one of them is shown, and how many there are.
A flow without actions drops.

`)
	objects := r.state.byCookie()
	for _, table := range tables {
		flows := byTable[table.number]
		if len(flows) == 0 {
			t.Errorf("the example has no flow in table %d, %s", table.number, table.name)
		}
		delete(byTable, table.number)
		fmt.Fprintf(b, "### Table %d: %s\n\n%s.\n%s\n\n", table.number, table.name, strings.ToUpper(table.purpose[:1])+table.purpose[1:], r.exits(flows))
		writeKinds(b, objects, flows)
	}
	for number := range byTable {
		t.Errorf("table %d has flows and no name", number)
	}
}

// exits says where a table's flows lead.
func (r *referenceBed) exits(flows []of.Flow) string {
	leads, groups := map[uint8]bool{}, r.state.items().groups
	out, all := false, false
	follow := func(actions []of.Action) {
		for _, a := range actions {
			switch a := a.(type) {
			case of.CT:
				if a.Resume {
					leads[a.Table] = true
				}
			case of.Output, of.OutputField:
				out = true
			}
		}
	}
	for _, f := range flows {
		all = all || len(f.Match) == 0
		if f.Goto != 0 {
			leads[f.Goto] = true
		}
		follow(f.Apply)
		for _, a := range f.Apply {
			if g, ok := a.(of.OutputGroup); ok {
				for _, b := range groups[g.ID].Buckets {
					follow(b.Actions)
				}
			}
		}
	}
	var names []string
	for _, table := range tables {
		if leads[table.number] {
			names = append(names, table.name)
		}
	}
	if out {
		names = append(names, "a port")
	}
	text := "Leads to " + strings.Join(names, ", ") + "."
	if !all {
		text += " What matches no flow is dropped."
	}
	return text
}

// writeKinds writes the kinds of a table's flows.
func writeKinds(b *bytes.Buffer, objects map[uint64]ref, flows []of.Flow) {
	type sample struct {
		priority uint16
		whose    ref
		flow     of.Flow
		count    int
	}
	var kinds []*sample
	found := map[string]*sample{}
	for _, f := range flows {
		whose, ok := objects[f.Cookie&^ownerMask]
		if !ok {
			whose = ref{kind: kindShared}
		}
		key := fmt.Sprint(f.Priority, whose.kind, shape(f))
		if k := found[key]; k != nil {
			k.count++
			if k.flow.Match.String() > f.Match.String() && strings.Contains(k.flow.Match.String(), "ipv6") {
				k.flow, k.whose = f, whose
			}
			continue
		}
		k := &sample{f.Priority, whose, f, 1}
		found[key] = k
		kinds = append(kinds, k)
	}
	fmt.Fprint(b, "| priority | whose | example | flows |\n|---:|---|---|---:|\n")
	for _, k := range kinds {
		_, actions, _ := strings.Cut(k.flow.String(), "actions=")
		match := k.flow.Match.String()
		if match == "" {
			match = "any"
		}
		if actions == "drop" {
			fmt.Fprintf(b, "| %d | %s | `%s` is dropped | %d |\n", k.priority, k.whose, match, k.count)
		} else {
			fmt.Fprintf(b, "| %d | %s | `%s` → `%s` | %d |\n", k.priority, k.whose, match, actions, k.count)
		}
	}
	fmt.Fprintln(b)
}

var (
	valuesOfFlow = regexp.MustCompile(`(=|:|\()[0-9a-fx:.*]+(/[0-9a-fx:.]+)?`)
	familyOfFlow = strings.NewReplacer("ipv6_", "nw_", "ipv6", "ip", "icmp6", "icmp", "tcp6", "tcp", "udp6", "udp", "sctp6", "sctp")
)

// shape is what flows that differ in values alone have in common.
func shape(f of.Flow) string {
	text := familyOfFlow.Replace(f.String())
	return valuesOfFlow.ReplaceAllString(text, "$1#")
}
