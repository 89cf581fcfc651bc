// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/ovskit/ovskit/flows"
)

// Each kind of verdict begins with what became of the packet, and says all that is known of it.
func TestPrintExplanation(t *testing.T) {
	legs := func(s ...flows.Step) []flows.Leg {
		return []flows.Leg{{From: "outside", To: `endpoint "web0"`, Packet: "P", Port: 4, Steps: s}}
	}
	for _, test := range []struct {
		e    flows.Explanation
		want string
	}{
		{
			flows.Explanation{Query: "outside -> host tcp/80", Legs: legs(flows.Step{Name: "classify", Purpose: "what for", Object: "host"}), Verdict: flows.Verdict{
				Outcome: flows.Delivered, To: `endpoint "web0"`, Packet: "Q", Reason: "so", Rule: "r", Among: []string{`endpoint "web0"`, `endpoint "web1"`},
				Reply: &flows.Reply{Sent: "A", Received: "B"},
			}},
			`outside -> host tcp/80: delivered to endpoint "web0"
  because:     so
  one of:      endpoint "web0", endpoint "web1"
  decided by:  rule "r"
  packet:      Q
  reply:       A, received as B

outside sends P into port 4
  TABLE  NAME      FLOW OF  WHAT THE TABLE DOES
  0      classify  host     what for
  to endpoint "web0"
`,
		},
		{
			flows.Explanation{Query: "q", Legs: legs(flows.Step{Name: "policy", Table: 75, Purpose: "what for"}), Verdict: flows.Verdict{
				Outcome: flows.Dropped, Table: "policy", Packet: "Q", Reason: "so",
			}},
			`q: dropped in table "policy"
  because:     so
  decided by:  no rule
  packet:      Q
  beware:      it meets a flow that no intent asks for; ovskit check lists such flows, --flows shows them here

outside sends P into port 4
  TABLE  NAME    FLOW OF    WHAT THE TABLE DOES
  75     policy  no intent  what for
  to endpoint "web0"
`,
		},
		{
			flows.Explanation{Query: "q", Legs: []flows.Leg{{From: "host", Packet: "P"}}, Verdict: flows.Verdict{Outcome: flows.Dropped, Packet: "P", Reason: "so"}},
			"q: not sent\n  because:     so\n  decided by:  no rule\n  packet:      P\n\nhost sends P, which no flow sees\n",
		},
	} {
		var got strings.Builder
		if err := printExplanation(&got, &test.e, false); err != nil {
			t.Fatal(err)
		}
		if got.String() != test.want {
			t.Errorf("got:\n%s\nwant:\n%s", got.String(), test.want)
		}
	}
}
