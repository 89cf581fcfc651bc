// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package trace_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/openflow/trace"
)

// read parses a trace of Open vSwitch 3.1 in testdata.
func read(t testing.TB, name string) *trace.Result {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := trace.Parse(string(text))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if r.Text != string(text) {
		t.Errorf("%s: the text is not kept", name)
	}
	return r
}

// outline is the tree of a trace, a line for each visit, action and note, with a space for each level. A detail is
// without its text.
func outline(r *trace.Result) string {
	var b strings.Builder
	for _, p := range r.Passes {
		if p.Recirculation != nil {
			fmt.Fprintf(&b, "= %#x table %d\n", p.Recirculation.ID, p.Recirculation.Table)
		}
		outlineVisits(&b, p.Visits, "")
	}
	return b.String()
}

func outlineVisits(b *strings.Builder, visits []*trace.Visit, indent string) {
	for _, v := range visits {
		fmt.Fprintf(b, "%s%s", indent, v.Bridge)
		switch {
		case v.Kind == trace.KindBucket:
			fmt.Fprintf(b, " bucket %d\n", v.Bucket)
		case v.Kind != trace.KindTable:
			fmt.Fprintf(b, " %s\n", v.Kind)
		case v.Flow == nil:
			fmt.Fprintf(b, " %d: %s\n", v.Table, v.Miss)
		default:
			fmt.Fprintf(b, " %d: %d %s\n", v.Table, v.Flow.Priority, v.Flow.Match)
		}
		outlineNotes(b, v.Notes, indent)
		for _, s := range v.Steps {
			fmt.Fprintf(b, "%s %s\n", indent, s.Action)
			outlineNotes(b, s.Notes, indent+" ")
			outlineVisits(b, s.Visits, indent+"  ")
		}
	}
}

func outlineNotes(b *strings.Builder, notes []trace.Note, indent string) {
	for _, n := range notes {
		if n.Severity == trace.Detail {
			fmt.Fprintf(b, "%s -\n", indent)
		} else {
			fmt.Fprintf(b, "%s %s: %s\n", indent, n.Severity, n.Text)
		}
	}
}

func TestParseTree(t *testing.T) {
	for _, test := range []struct{ name, want string }{
		{"conntrack", `
br0 0: 100 tcp,in_port=1
 ct(table=1,zone=5,nat)
 nat
  -
  -
= X table 1
br0 1: 32768 ct_state=+new+trk,ip
 ct(commit,zone=5,nat(dst=10.0.0.9:80))
 nat(dst=10.0.0.9:80)
  -
 ct(table=2,zone=6)
  -
  -
= X table 2
br0 2: 5 
 set_field:0x7->reg0
 resubmit(,4)
  br0 4: 32768 reg0=0x7
   output:2
`},
		{"resubmit", `
br0 0: 100 udp,in_port=1,tp_dst=1
 resubmit(,2)
  br0 2: 5 
   set_field:0x7->reg0
   resubmit(,4)
    br0 4: 32768 reg0=0x7
     output:2
 resubmit(,3)
  br0 3: 32768 
   output:3
`},
		{"group_all", `
br0 0: 100 udp,in_port=1,tp_dst=4
 group:3
  br0 bucket 0
   set_field:0x1->reg1
   output:2
  br0 bucket 1
   resubmit(,30)
    br0 30: 0 
     output:3
`},
		{"group_hash", `
br0 0: 100 udp,in_port=1,tp_dst=2
 group:1
  -
  -
  -
  br0 bucket 0
   output:2
`},
		{"patch_twice", `
br0 0: 100 udp,in_port=1,tp_dst=30
 output:10
  br1 0: 3 ip,in_port=11
   ct(table=1)
    -
    -
 resubmit(,3)
  br0 3: 32768 
   output:3
 output:10
  br1 0: 3 ip,in_port=11
   ct(table=1)
    -
    -
= X table 1
br1 1: 3 
 output:4
= X table 1
br1 1: 3 
 output:4
`},
		{"action_set", `
br0 0: 100 udp,in_port=1,tp_dst=14
 write_actions(output:2)
  -
 goto_table:20
  br0 20: 32768 
   write_actions(output:3)
    -
br0 action-set
 output:3
`},
		{"stack_underflow", `
br0 0: 100 udp,in_port=1,tp_dst=18
 move:NXM_OF_IN_PORT[]->NXM_NX_REG0[0..15]
  -
 push:NXM_NX_REG0[]
 pop:NXM_NX_REG1[]
  -
 output:NXM_NX_REG1[]
  -
  warning: skipping output to input port
 pop:NXM_NX_REG2[]
  error: stack underflow
`},
		{"ttl", `
br0 0: 100 udp,in_port=1,tp_dst=31
 ct_clear
 ct(commit,zone=1)
  -
 dec_ttl
  warning: IPv4 decrement TTL exception
`},
		{"check_pkt_larger", `
br0 0: 100 udp,in_port=1,tp_dst=19
 check_pkt_larger(1000)->NXM_NX_REG0[0]
 resubmit(,21)
  br0 21: 32768 reg0=0x1
   output:2
 resubmit(,21)
  br0 21: 32768 reg0=0
   output:3
`},
		{"names", `
br0 0: 100 udp,in_port=p1,tp_dst=7
 output:patch0
  br1 0: 3 ip,in_port=patch1
   ct(table=1)
    -
    -
= X table 1
br1 1: 3 
 output:p4
`},
		{"fragments", `
br0 0: Packets are IP fragments and the fragment handling mode is "drop".
 drop
`},
	} {
		r := read(t, test.name)
		for _, p := range r.Passes {
			if p.Recirculation != nil {
				test.want = strings.Replace(test.want, "X", fmt.Sprintf("%#x", p.Recirculation.ID), 1)
			}
		}
		if got := "\n" + outline(r); got != test.want {
			t.Errorf("%s: got%s\nwant%s", test.name, got, test.want)
		}
	}
}

func TestVerdict(t *testing.T) {
	for _, test := range []struct {
		name       string
		outputs    string
		controller bool
		unresolved int
		dropped    bool
		failure    string
	}{
		{name: "conntrack", outputs: "2"},
		{name: "resubmit", outputs: "2 3"},
		{name: "group_hash", outputs: "2"},
		{name: "group_datapath", unresolved: 1},
		{name: "group_all", outputs: "2 3"},
		{name: "clone", outputs: "2 3"},
		{name: "controller", controller: true},
		{name: "patch", outputs: "4"},
		{name: "patch_twice", outputs: "3 4 4"},
		{name: "flood_patch", outputs: "2 100 3 5 4"},
		{name: "names", outputs: "p4"},
		{name: "truncated", outputs: "2"},
		{name: "recursion", dropped: true, failure: "Recursion too deep"},
		{name: "action_set", outputs: "3"},
		{name: "check_pkt_larger", outputs: "2 3"},
		{name: "pop_mpls", unresolved: 1},
		{name: "ttl", controller: true},
		{name: "no_match", dropped: true},
		{name: "fragments", dropped: true},
		{name: "ipfix", outputs: "2"},
		{name: "stack_underflow", dropped: true},
	} {
		r := read(t, test.name)
		if got := r.Outputs(); strings.Join(got, " ") != test.outputs {
			t.Errorf("%s: outputs: got %q, want %s", test.name, got, test.outputs)
		}
		if got := r.Controller(); got != test.controller {
			t.Errorf("%s: controller: got %v", test.name, got)
		}
		if got := r.Unresolved(); len(got) != test.unresolved {
			t.Errorf("%s: unresolved: got %#x, want %d", test.name, got, test.unresolved)
		}
		if got := r.Dropped(); got != test.dropped {
			t.Errorf("%s: dropped: got %v", test.name, got)
		}
		if got := r.Failure(); got != test.failure {
			t.Errorf("%s: failure: got %q, want %q", test.name, got, test.failure)
		}
	}
}

func TestParsePasses(t *testing.T) {
	p := read(t, "conntrack").Passes
	if len(p) != 3 {
		t.Fatalf("got %d passes, want 3", len(p))
	}
	if f := p[0].Visits[0].Flow; *f != (trace.Flow{Match: "tcp,in_port=1", Priority: 100, Cookie: 0x1234}) {
		t.Errorf("flow: got %+v", *f)
	}
	if p[0].Recirculation != nil || !strings.HasPrefix(p[0].Flow, "tcp,in_port=1,") || p[0].FinalFlow != p[0].Flow {
		t.Errorf("first pass: got %+v", p[0])
	}
	if want := "recirc_id=0,eth,tcp,in_port=1,nw_frag=no"; p[0].Megaflow != want {
		t.Errorf("megaflow: got %s, want %s", p[0].Megaflow, want)
	}
	var actions []string
	for _, a := range p[0].Datapath {
		actions = append(actions, a.Name+" "+a.Text)
	}
	recirc := fmt.Sprintf("recirc recirc(%#x)", p[1].Recirculation.ID)
	if want := []string{"ct ct(zone=5,nat)", recirc}; !slices.Equal(actions, want) {
		t.Errorf("datapath actions: got %q, want %q", actions, want)
	}
	if r := *p[1].Recirculation; r.CTState != "trk|new" || !r.Default || r.Zone != 5 || r.Table != 1 || r.NATFrom != "" {
		t.Errorf("recirculation: got %+v", r)
	}
	if r := *p[2].Recirculation; r.Zone != 6 || r.Table != 2 || r.ID == p[1].Recirculation.ID {
		t.Errorf("second recirculation: got %+v", r)
	}
	if !strings.Contains(p[2].FinalFlow, ",reg0=0x7,") || p[2].FinalFlow == p[2].Flow {
		t.Errorf("final flow: got %s", p[2].FinalFlow)
	}

	r := *read(t, "nat").Passes[1].Recirculation
	if r.CTState != "est|trk|dnat" || r.Default || r.NATFrom != "nw_src=10.0.0.1,tp_src=7,nw_dst=10.0.0.2,tp_dst=10" ||
		r.NATTo != "nw_src=10.1.1.1,tp_src=5000,nw_dst=10.0.0.2,tp_dst=10" {
		t.Errorf("recirculation with NAT: got %+v", r)
	}
}

func TestTables(t *testing.T) {
	got := read(t, "patch_twice").Tables()
	want := []trace.Table{{"br0", 0}, {"br1", 0}, {"br0", 3}, {"br1", 0}, {"br1", 1}, {"br1", 1}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	var depths []int
	for depth, v := range read(t, "recursion").Passes[0].All() {
		depths = append(depths, depth)
		if depth == 3 {
			break
		}
		if v.Kind != trace.KindTable {
			t.Errorf("at depth %d: got a %s", depth, v.Kind)
		}
	}
	if !slices.Equal(depths, []int{0, 1, 2, 3}) {
		t.Errorf("depths: got %v", depths)
	}
}

// TestParseRare has what an ordinary sandbox does not show.
func TestParseRare(t *testing.T) {
	text := `Flow: in_port=1

bridge("br0")
-------------
 0. No match, and a "packet-in" is called for.
    CONTROLLER:128

Final flow: unchanged
Megaflow: recirc_id=0
Datapath actions: sample(sample=1.0%,actions(1,clone(2))),"a,b\"(",dec_ttl(le_1(3)),lb_output(7)
This flow is handled by the userspace slow path because it:
  - Sends "packet-in" messages to the OpenFlow controller.

===============================================================================
recirc(0x9)
===============================================================================

Flow: recirc_id=0x9,ct_zone=65535

bridge("br0")
-------------
    thaw
            Resuming from table 0
            Restoring action set: output:3
        Restoring actions: output:1,output:2
    output:1
    output:2
--. Executing action set:
    output:3

Final flow: unchanged
Megaflow: recirc_id=0x9
Datapath actions: <error>
`
	r, err := trace.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	want := `br0 0: No match, and a "packet-in" is called for.
 CONTROLLER:128
= 0x9 table 0
br0 actions
 output:1
 output:2
br0 action-set
 output:3
`
	if got := outline(r); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got, want := r.Passes[0].Remarks, []string{"This flow is handled by the userspace slow path because it:",
		`- Sends "packet-in" messages to the OpenFlow controller.`}; !slices.Equal(got, want) {
		t.Errorf("remarks: got %q", got)
	}
	if got, want := r.Passes[1].Recirculation.Restored, []string{"Restoring action set: output:3",
		"Restoring actions: output:1,output:2"}; !slices.Equal(got, want) {
		t.Errorf("restored: got %q", got)
	}
	if got, want := r.Outputs(), []string{"1", "2", `a,b"(`, "3", "lb_output(7)"}; !slices.Equal(got[:5], want) {
		t.Errorf("outputs: got %q, want %q", got, want)
	}
	if z := r.Passes[1].Recirculation.Zone; z != 65535 {
		t.Errorf("zone: got %d", z)
	}
}

func TestParseErrors(t *testing.T) {
	whole, err := os.ReadFile("testdata/conntrack.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(whole), "\n")
	for n := range lines {
		cut := strings.Join(lines[:n], "")
		passes, begun := strings.Count(cut, "Datapath actions: "), 1+(strings.Count(cut, "\n====")+1)/2
		r, err := trace.Parse(cut)
		if (passes == begun) != (err == nil) {
			t.Errorf("the first %d lines: %d of %d passes are whole, error %v", n, passes, begun, err)
		} else if err == nil && len(r.Passes) != passes {
			t.Errorf("the first %d lines: got %d passes, want %d", n, len(r.Passes), passes)
		}
	}
	deep := "Flow: x\nbridge(\"b\")\n" + strings.Repeat(" 0. priority 1\n", 100000) + "Final flow: unchanged\n"
	for _, test := range []struct{ text, says string }{
		{"", `want "Flow: "`},
		{"hello", `line 1: got "hello", want "Flow: "`},
		{deep, "deep"},
		{"Flow: x\nFinal flow: y\nMegaflow: z\nDatapath actions: drop\n\n===\nrecirc(q)\n", `recirculation "q"`},
	} {
		if _, err := trace.Parse(test.text); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%.40q: got %v, want %q", test.text, err, test.says)
		}
	}
}
