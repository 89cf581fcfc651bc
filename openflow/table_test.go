// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	of "github.com/ovskit/ovskit/openflow"
)

func TestRealTableStats(t *testing.T) {
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
	for _, v := range allVersions {
		a := newAsker(t, endpoint, v)
		again := parts(a, of.TableStatsRequest{}, func(m of.TableStatsReply) []of.TableStats { return m.Tables })
		if !cmp.Equal(got, again) {
			t.Errorf("%v: statistics are %+v", v, again)
		}
	}
}

// TestRealTableFeatures reads the features of tables, names a table and finds its name.
func TestRealTableFeatures(t *testing.T) {
	ovs := realSwitch(t)
	ctx := testContext(t)
	endpoint := ovs.Management("br0")
	c := dial(t, endpoint)
	all, err := c.TableFeatures(ctx)
	if err != nil || len(all) < 253 {
		t.Fatalf("TableFeatures() gives %d tables, error %v", len(all), err)
	}
	for _, v := range allVersions {
		a := newAsker(t, endpoint, v)
		tables := parts(a, of.TableFeaturesRequest{}, func(m of.TableFeaturesReply) []of.TableFeatures { return m.Tables })
		if len(tables) != len(all) {
			t.Fatalf("%v: features of %d tables", v, len(tables))
		}
		for i, b := range a.raw {
			m, _, err := of.Decode(b)
			if err != nil {
				t.Fatal(err)
			}
			again, err := of.Encode(v, m, a.xid)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := ofpPrint(t, again), ofpPrint(t, b); got != want {
				t.Errorf("%v: part %d written again is\n%s, was\n%s", v, i, got, want)
			}
			if len(a.raw) > 3 {
				break // the others have the same tables but for their numbers
			}
		}
		f := tables[1]
		if f.Table != 1 || f.MetadataMatch != ^uint64(0) || f.MaxEntries != 1_000_000 {
			t.Errorf("%v: features of table 1 are %+v", v, f)
		}
		has := func(list []of.FieldHeader, field of.Field, masked bool) bool {
			return slices.ContainsFunc(list, func(h of.FieldHeader) bool { return h.Field == field && h.Masked == masked })
		}
		abilities := f.Abilities
		if !has(abilities.Match, of.FieldReg0, true) || !has(abilities.Match, of.FieldEthType, false) ||
			!has(abilities.Wildcards, of.FieldReg0, false) || !has(abilities.Hit.ApplySet, of.FieldEthSrc, false) {
			t.Errorf("%v: abilities of table 1 are %+v", v, abilities)
		}
		if next := abilities.Hit.Next; len(next) != 252 || next[0] != 2 || next[251] != 253 {
			t.Errorf("%v: table 1 sends to %v", v, next)
		}
		if !slices.ContainsFunc(abilities.Miss.Apply, func(n of.TypeNumber) bool { return n.Type == 22 }) {
			t.Errorf("%v: no output to groups among %v", v, abilities.Miss.Apply)
		}
		f.Name = "of " + v.String()
		var answer []of.Message
		if v == of.Version15 {
			f.Command, f.Abilities = of.TableFeaturesModify, nil
			answer = a.ask(of.TableFeaturesRequest{Tables: []of.TableFeatures{f}})
		} else {
			// All tables, in parts.
			tables[1] = f
			const part = 10
			for ; len(tables) > part; tables = tables[part:] {
				a.send(of.TableFeaturesRequest{Tables: tables[:part], More: true}, a.xid+1)
			}
			answer = a.ask(of.TableFeaturesRequest{Tables: tables})
		}
		if len(answer) == 0 {
			t.Errorf("%v: no answer to a change", v)
		} else if _, ok := answer[0].(of.TableFeaturesReply); !ok {
			t.Errorf("%v: a change is answered by %+v", v, answer)
		}
		if got, err := c.TableFeatures(ctx); err != nil || got[1].Name != f.Name {
			t.Errorf("%v: table 1 is called %q, want %q; error %v", v, got[1].Name, f.Name, err)
		}
	}
	if shown := ofctl(t, of.Version15, "dump-table-features", endpoint); !strings.Contains(shown, `"of OpenFlow15"`) {
		t.Errorf("ovs-ofctl prints no name of table 1:\n%.2000s", shown)
	}
}

// TestRealTableDesc configures tables, by us and by ovs-ofctl.
func TestRealTableDesc(t *testing.T) {
	ovs := realSwitch(t)
	endpoint := ovs.Management("br0")
	for _, v := range allVersions[1:] {
		a := newAsker(t, endpoint, v)
		desc := func() of.TableDesc {
			t.Helper()
			tables := parts(a, of.TableDescRequest{}, func(m of.TableDescReply) []of.TableDesc { return m.Tables })
			if len(tables) < 5 || tables[3].Table != 3 {
				t.Fatalf("%v: tables are %+v", v, tables)
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
			a.tell(step.mod)
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
		tables := a.ask(of.TableDescRequest{})
		if _, ok := tables[0].(of.TableDescReply); !ok {
			t.Fatalf("%v: %+v", v, tables)
		}
		for i, m := range tables {
			again, err := of.Encode(v, m, a.xid)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(a.raw[i], again); diff != "" {
				t.Errorf("%v: part %d is written otherwise (-was +is):\n%s", v, i, diff)
			}
		}
	}
}

func TestRealTablesRefused(t *testing.T) {
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
