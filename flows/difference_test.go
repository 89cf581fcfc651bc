// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/openflow"
)

// What others do to a switch is found, with whose it was.
func TestCompare(t *testing.T) {
	switchtest.Each(t, func(t *testing.T, s *switchtest.Switch) {
		x := explainBed(t, s)
		if err := x.sw.Close(); err != nil { // which would repair it
			t.Fatal(err)
		}
		conn, err := x.client.Conn(x.ctx)
		if err != nil {
			t.Fatal(err)
		}
		compare := func() []flows.Difference {
			t.Helper()
			found, err := x.intents.Compare(x.ctx, conn)
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		if found := compare(); len(found) > 0 {
			t.Errorf("got %v, want no difference", found)
		}

		web0 := x.endpointNamed(t, "web0")
		match := openflow.Match{openflow.InPort(web0.Port), openflow.Uint(openflow.FieldVLANTCI, 0)}
		all, err := conn.Flows(x.ctx, openflow.FlowFilter{})
		if err != nil {
			t.Fatal(err)
		}
		var classify openflow.Flow
		for _, f := range all {
			if p, ok := f.Match.Get(openflow.FieldInPort); ok && f.Table == 0 && f.Priority == 100 && p.String() == match[0].String() {
				classify = f.Flow
			}
		}
		if classify.Cookie == 0 {
			t.Fatal("the endpoint's flow of table 0 was not found")
		}
		changed := classify
		changed.Apply = nil
		surplus := openflow.Flow{Table: 15, Priority: 7, Cookie: classify.Cookie}
		foreign := openflow.Flow{Table: 90, Priority: 8, Cookie: 1}
		alike := openflow.Flow{Table: 90, Priority: 9, Cookie: classify.Cookie ^ 1<<63} // another owner's web0
		err = conn.Bundle(x.ctx, openflow.DeleteStrict(openflow.Flow{Table: 100, Priority: 100, Match: openflow.Match{openflow.Reg(3, openflow.PortLocal)}}),
			openflow.Add(changed), openflow.Add(surplus), openflow.Add(foreign), openflow.Add(alike))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range compare() {
			if d.Item == "" {
				t.Errorf("%+v has no item", d)
			}
			got = append(got, fmt.Sprintf("%s %s", d.Trouble, d.Object))
		}
		want := []string{"foreign ", "missing base", `changed endpoint "web0"`, `foreign endpoint "web0"`, `surplus endpoint "web0"`}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func (x *explained) endpointNamed(t *testing.T, name string) flows.Endpoint {
	t.Helper()
	for _, o := range x.intents.Objects {
		if e, ok := o.(flows.Endpoint); ok && e.Name == name {
			return e
		}
	}
	t.Fatalf("no endpoint %q", name)
	return flows.Endpoint{}
}
