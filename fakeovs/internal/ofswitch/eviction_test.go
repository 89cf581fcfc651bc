// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/openflow"
)

// evictable is a flow of a port with a timeout in seconds, 0 for none.
func evictable(port uint32, timeout, importance uint16) openflow.Flow {
	return openflow.Flow{
		Match: openflow.Match{openflow.InPort(port)}, HardTimeout: timeout, Importance: importance, Flags: openflow.FlowSendRemoved,
	}
}

// TestEviction follows what a full table loses: with a policy to evict, the flow of least importance that expires first,
// of those that expire, out of the largest group; without, nothing.
func TestEviction(t *testing.T) {
	for _, c := range []struct {
		name    string
		options pipeline.TableOptions
		flows   []openflow.Flow
		refused int
		want    string
	}{
		{"no limit", pipeline.TableOptions{}, []openflow.Flow{evictable(1, 5, 0), evictable(2, 5, 0)}, 0, "1 2"},
		{"refuse", pipeline.TableOptions{Limited: true, FlowLimit: 1}, []openflow.Flow{evictable(1, 5, 0), evictable(2, 5, 0)}, 1, "1"},
		{"replace", pipeline.TableOptions{Limited: true, FlowLimit: 1}, []openflow.Flow{evictable(1, 5, 0), evictable(1, 7, 0)}, 0, "1"},
		{"soonest", pipeline.TableOptions{Limited: true, FlowLimit: 3, Evict: true}, []openflow.Flow{
			evictable(1, 500, 0), evictable(2, 5, 0), evictable(3, 50, 0), evictable(4, 600, 0), evictable(5, 700, 0),
		}, 0, "1 4 5"},
		{"importance", pipeline.TableOptions{Limited: true, FlowLimit: 3, Evict: true}, []openflow.Flow{
			evictable(1, 500, 3), evictable(2, 5, 5), evictable(3, 50, 4), evictable(4, 600, 1), evictable(5, 700, 9),
		}, 0, "2 3 5"},
		{"permanent", pipeline.TableOptions{Limited: true, FlowLimit: 2, Evict: true}, []openflow.Flow{
			evictable(1, 0, 0), evictable(2, 0, 0), evictable(3, 5, 0),
		}, 1, "1 2"},
		{"groups", pipeline.TableOptions{
			Limited: true, FlowLimit: 3, Evict: true, Groups: []openflow.Subfield{{Field: openflow.FieldInPort, Bits: 1}},
		}, []openflow.Flow{
			evictable(2, 1, 0), evictable(1, 50, 0), evictable(3, 60, 0), evictable(5, 70, 0), evictable(7, 80, 0),
		}, 0, "2 5 7"},
	} {
		b := newBed(t)
		b.SetTables(map[uint8]pipeline.TableOptions{0: c.options})
		p := b.dial(t)
		refused := 0
		for _, f := range c.flows {
			f.Importance = 0
			if err := p.Apply(b.ctx, openflow.Add(f)); err != nil {
				refused++
			}
			b.clock.advance(time.Millisecond)
		}
		if c.name == "importance" {
			refused = b.refill(t, c.flows)
		}
		flows, err := p.Flows(b.ctx, openflow.FlowFilter{})
		if err != nil {
			t.Fatal(err)
		}
		if got := portsOf(flows); got != c.want || refused != c.refused {
			t.Errorf("%s: got flows of ports %s, %d refused, want %s, %d refused", c.name, got, refused, c.want, c.refused)
		}
	}
}

// refill makes these flows the only ones, with their importance, which exists from OpenFlow 1.4 on.
func (b *bed) refill(t *testing.T, flows []openflow.Flow) (refused int) {
	b.ClearFlows()
	c, err := openflow.Dial(b.ctx, "unix:"+b.socket, openflow.Options{Versions: []openflow.Version{openflow.Version14}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	for _, f := range flows {
		if err := c.Apply(b.ctx, openflow.Add(f)); err != nil {
			refused++
		}
	}
	return refused
}

// portsOf are the input ports of flows, in the order of the flows.
func portsOf(flows []openflow.FlowStats) string {
	var list []string
	for _, f := range flows {
		list = append(list, fmt.Sprint(f.Match[0].Value[3]))
	}
	return strings.Join(list, " ")
}

// TestSmallerTable: a table that is given a smaller limit loses flows, of which controllers are told.
func TestSmallerTable(t *testing.T) {
	b := newBed(t)
	p := b.peer(t)
	p.answer(openflow.SetAsync{AsyncConfig: openflow.AsyncConfig{
		Primary: openflow.AsyncMasks{FlowRemoved: 1 << openflow.FlowRemovedEviction},
	}}, 1)
	for port := uint32(1); port <= 4; port++ {
		p.answer(openflow.Add(evictable(port, uint16(port)*100, 0)), 3)
	}
	b.SetTables(map[uint8]pipeline.TableOptions{0: {Limited: true, FlowLimit: 2, Evict: true}})
	for port := uint32(1); port <= 2; port++ {
		got := want[openflow.FlowRemoved](p, 0)
		if d := cmp.Diff(openflow.Match{openflow.InPort(port)}, got.Stats.Match); d != "" {
			t.Errorf("flow %d that went (-want +got):\n%s", port, d)
		}
	}
}

// TestVacancy: a table says once that it gets full and once that it is empty again.
func TestVacancy(t *testing.T) {
	b := newBed(t)
	b.SetTables(map[uint8]pipeline.TableOptions{0: {Limited: true, FlowLimit: 10}})
	c, err := openflow.Dial(b.ctx, "unix:"+b.socket, openflow.Options{Versions: []openflow.Version{openflow.Version14}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	told := c.Subscribe(openflow.SubscribeOptions{})
	defer func() { _ = told.Close() }()
	config := openflow.AsyncConfig{Primary: openflow.AsyncMasks{
		TableStatus: 1<<openflow.TableVacancyDown | 1<<openflow.TableVacancyUp,
	}}
	if err := c.SetAsync(b.ctx, config); err != nil {
		t.Fatal(err)
	}
	mod := openflow.TableMod{Table: 0, Config: openflow.TableVacancyEvents, Vacancy: &openflow.TableVacancy{Down: 30, Up: 70}}
	if err := c.Apply(b.ctx, mod); err != nil {
		t.Fatal(err)
	}
	for port := uint32(1); port <= 10; port++ {
		if err := c.Apply(b.ctx, openflow.Add(evictable(port, 0, 0))); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Apply(b.ctx, openflow.FlowMod{Command: openflow.FlowDelete, Flow: openflow.Flow{}}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		reason  openflow.TableReason
		current uint8
	}{{openflow.TableVacancyDown, 20}, {openflow.TableVacancyUp, 100}} {
		m, err := told.Next(b.ctx)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := m.(openflow.TableStatus)
		if !ok || got.Reason != want.reason || got.Table.Vacancy == nil || got.Table.Vacancy.Current != want.current {
			t.Errorf("status %d: got %#v, want reason %d at %d%%", i, m, want.reason, want.current)
		}
	}
}
