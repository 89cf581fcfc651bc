// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	of "github.com/ovskit/ovskit/openflow"
)

func TestRealTableStats(t *testing.T) {
	t.Parallel()
	ovs := realSwitch(t)
	ctx := testContext(t)
	endpoint := ovs.Management("br0")
	c := dial(t, endpoint)
	flows := []of.Modification{
		of.Add(of.Flow{Table: 3, Priority: 1}), of.Add(of.Flow{Table: 3, Priority: 2, Match: of.Match{of.InPort(1)}}),
	}
	if err := c.Apply(ctx, flows...); err != nil {
		t.Fatal(err)
	}
	got, err := c.TableStats(ctx)
	if err != nil || len(got) != 254 || got[3].Table != 3 || got[3].Active != 2 || got[4].Active != 0 {
		t.Errorf("TableStats() = %+v, %v; want 2 flows in table 3", got, err)
	}
	for _, v := range versions {
		again, err := dial(t, endpoint, v).TableStats(ctx)
		if err != nil || !cmp.Equal(got, again) {
			t.Errorf("%v: statistics are %+v, error %v", v, again, err)
		}
	}
}

// TestRealTableFeatures reads the features of tables, names a table and finds its name in the next version.
func TestRealTableFeatures(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	name := ""
	eachVersion(t, of.Version13, func(t *testing.T, v of.Version) {
		p := dialPeer(t, endpoint, v)
		parts := p.ask(of.TableFeaturesRequest{})
		var tables []of.TableFeatures
		for i, part := range parts {
			m, ok := part.Message.(of.TableFeaturesReply)
			if !ok {
				t.Fatalf("answered by %+v", part.Message)
			}
			tables = append(tables, m.Tables...)
			// The other parts have the same tables but for their numbers.
			if i == 0 || i == len(parts)-1 {
				again, err := of.Encode(v, m, p.xid)
				must(t, err)
				if got, want := ofpPrint(t, again), ofpPrint(t, part.bytes); got != want {
					t.Errorf("part %d written again is\n%s, was\n%s", i, got, want)
				}
			}
		}
		if len(tables) < 253 {
			t.Fatalf("features of %d tables", len(tables))
		}
		checkFeatures(t, tables[1])
		if name != "" && tables[1].Name != name {
			t.Errorf("table 1 is called %q, want %q", tables[1].Name, name)
		}
		name = "of " + v.String()
		f := tables[1]
		f.Name = name
		var answer []frame
		if v == of.Version15 {
			f.Command, f.Abilities = of.TableFeaturesModify, nil
			answer = p.ask(of.TableFeaturesRequest{Tables: []of.TableFeatures{f}})
		} else {
			// All tables, in parts.
			tables[1] = f
			var requests []of.Message
			const part = 10
			for ; len(tables) > part; tables = tables[part:] {
				requests = append(requests, of.TableFeaturesRequest{Tables: tables[:part], More: true})
			}
			answer = p.ask(append(requests, of.TableFeaturesRequest{Tables: tables})...)
		}
		if len(answer) == 0 {
			t.Error("no answer to a change")
		} else if _, ok := answer[0].Message.(of.TableFeaturesReply); !ok {
			t.Errorf("a change is answered by %+v", answer)
		}
	})
	c := dial(t, endpoint)
	if tables, err := c.TableFeatures(testContext(t)); err != nil || len(tables) < 253 || tables[1].Name != name {
		t.Errorf("TableFeatures gives %d tables, error %v; want table 1 to be called %q", len(tables), err, name)
	}
	if shown := ofctl(t, of.Version15, "dump-table-features", endpoint); !strings.Contains(shown, strconv.Quote(name)) {
		t.Errorf("ovs-ofctl prints no name of table 1:\n%.2000s", shown)
	}
}

// checkFeatures checks some features of table 1.
func checkFeatures(t *testing.T, f of.TableFeatures) {
	t.Helper()
	if f.Table != 1 || f.MetadataMatch != ^uint64(0) || f.MaxEntries != 1_000_000 {
		t.Errorf("features of table 1 are %+v", f)
	}
	has := func(list []of.FieldHeader, field of.Field, masked bool) bool {
		return slices.ContainsFunc(list, func(h of.FieldHeader) bool { return h.Field == field && h.Masked == masked })
	}
	abilities := f.Abilities
	if !has(abilities.Match, of.FieldReg0, true) || !has(abilities.Match, of.FieldEthType, false) ||
		!has(abilities.Wildcards, of.FieldReg0, false) || !has(abilities.Hit.ApplySet, of.FieldEthSrc, false) {
		t.Errorf("abilities of table 1 are %+v", abilities)
	}
	if next := abilities.Hit.Next; len(next) != 252 || next[0] != 2 || next[251] != 253 {
		t.Errorf("table 1 sends to %v", next)
	}
	if !slices.ContainsFunc(abilities.Miss.Apply, func(n of.TypeNumber) bool { return n.Type == 22 }) {
		t.Errorf("no output to groups among %v", abilities.Miss.Apply)
	}
}

// TestRealTableDesc configures tables, by us and by ovs-ofctl.
func TestRealTableDesc(t *testing.T) {
	t.Parallel()
	ovs := realSwitch(t)
	endpoint := ovs.Management("br0")
	eachVersion(t, of.Version14, func(t *testing.T, v of.Version) {
		ctx := testContext(t)
		c := dial(t, endpoint, v)
		desc := func() of.TableDesc {
			t.Helper()
			tables, err := c.TableDesc(ctx)
			if err != nil || len(tables) < 5 || tables[3].Table != 3 {
				t.Fatalf("%v: tables are %+v, error %v", v, tables, err)
			}
			return tables[3]
		}
		evictions := ptr(of.EvictionOther | of.EvictionImportance | of.EvictionLifetime)
		want := of.TableDesc{Table: 3, Eviction: evictions}
		for _, step := range []struct {
			mod    of.TableMod
			ofctl  []string
			change func(*of.TableDesc)
		}{
			{of.TableMod{Table: 3, Config: of.TableEvicts}, []string{"evict"}, func(d *of.TableDesc) { d.Config = of.TableEvicts }},
			{of.TableMod{Table: 3, Config: of.TableVacancyEvents, Vacancy: &of.TableVacancy{Down: 10, Up: 20}}, []string{"noevict", "vacancy:10,20"},
				func(d *of.TableDesc) {
					d.Config, d.Vacancy = of.TableVacancyEvents, &of.TableVacancy{Down: 10, Up: 20, Current: 99}
				}},
			{of.TableMod{Table: of.AllTables}, []string{"novacancy"}, func(d *of.TableDesc) { d.Config, d.Vacancy = 0, nil }},
		} {
			must(t, c.Apply(ctx, step.mod))
			step.change(&want)
			got := desc()
			if got.Vacancy != nil && want.Vacancy != nil {
				want.Vacancy.Current = got.Vacancy.Current // it depends on the flows
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%v: after %+v table 3 is (-want +got):\n%s", v, step.mod, diff)
			}
			for _, setting := range step.ofctl {
				ofctl(t, v, "mod-table", endpoint, "3", setting)
			}
			if diff := cmp.Diff(want, desc()); diff != "" {
				t.Errorf("%v: after %v of ovs-ofctl table 3 is (-want +got):\n%s", v, step.ofctl, diff)
			}
		}
		p := dialPeer(t, endpoint, v)
		tables := p.ask(of.TableDescRequest{})
		if _, ok := tables[0].Message.(of.TableDescReply); !ok {
			t.Fatalf("%v: %+v", v, tables)
		}
		for i, part := range tables {
			again, err := of.Encode(v, part.Message, p.xid)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(part.bytes, again); diff != "" {
				t.Errorf("%v: part %d is written otherwise (-was +is):\n%s", v, i, diff)
			}
		}
	})
}

func TestRealTablesRefused(t *testing.T) {
	t.Parallel()
	ovs := realSwitch(t)
	ctx := testContext(t)
	c := dial(t, ovs.Management("br0"))
	if err := c.Apply(ctx, of.TableMod{Table: 254}); !errors.Is(err, of.ErrUnknownTable) && !errors.Is(err, of.ErrTablePermission) {
		t.Errorf("table-mod of table 254 gives %v", err)
	}
	if err := c.Apply(ctx, of.TableMod{Table: 3}); err != nil {
		t.Errorf("table-mod of table 3 gives %v", err)
	}
	if _, err := c.TableDesc(ctx); err == nil || !strings.Contains(err.Error(), "OpenFlow13 has no table description") {
		t.Errorf("TableDesc gives %v", err)
	}
}
