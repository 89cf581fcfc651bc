// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// drawRow draws a row of table T with values in canonical form.
func drawRow(t *rapid.T, label string) testRow {
	uuid := rapid.SampledFrom([]string{uuidA, uuidB, uuidC})
	text := rapid.String()
	text = text.Filter(func(s string) bool { return !strings.Contains(s, "\x00") })
	ints := rapid.Int64()
	return testRow{
		Name:   text.Draw(t, label+" name"),
		Int:    ints.Draw(t, label+" int"),
		Real:   rapid.Float64().Draw(t, label+" real"),
		Bool:   rapid.Bool().Draw(t, label+" bool"),
		Ref:    rapid.Ptr(uuid, true).Draw(t, label+" ref"),
		Refs:   drawSet(t, label+" refs", uuid, 0, 3),
		Opt:    rapid.Ptr(ints, true).Draw(t, label+" opt"),
		Mode:   rapid.Ptr(rapid.SampledFrom([]string{"secure", "standalone"}), true).Draw(t, label+" mode"),
		Ints:   drawSet(t, label+" ints", rapid.Int64Range(-5, 5), 0, 8),
		Some:   drawSet(t, label+" some", text, 1, 3),
		Map:    rapid.MapOfN(rapid.StringN(0, 1, -1), text, 0, 6).Filter(noZeroByte).Draw(t, label+" map"),
		Counts: rapid.MapOfN(rapid.SampledFrom([]string{"a", "b", "c"}), rapid.Int64Range(0, 2), 0, 3).Draw(t, label+" counts"),
		One:    rapid.MapOfN(ints, rapid.Float64(), 0, 1).Draw(t, label+" one"),
	}
}

func noZeroByte(m map[string]string) bool {
	_, ok := m["\x00"]
	return !ok
}

func drawSet[T cmp.Ordered](t *rapid.T, label string, element *rapid.Generator[T], least, most int) []T {
	set := rapid.SliceOfNDistinct(element, least, most, rapid.ID[T]).Draw(t, label)
	slices.Sort(set)
	return set
}

// columnsOf returns all columns of a row, zero values included.
func columnsOf(r testRow) Row {
	return Row{
		"name": r.Name, "int": r.Int, "real": r.Real, "bool": r.Bool, "ref": r.Ref, "refs": r.Refs, "opt": r.Opt,
		"mode": r.Mode, "ints": r.Ints, "some": r.Some, "bools": r.Bools, "map": r.Map, "counts": r.Counts, "one": r.One,
	}
}

func encodeRow(t testing.TB, s *schema, row Row) []byte {
	t.Helper()
	columns, err := s.columnsOf(row)
	if err != nil {
		t.Fatal(err)
	}
	out, err := (&encoder{}).row(nil, s.tables["T"], columns, anyColumn)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var equalRows = gocmp.Options{cmpopts.EquateEmpty()}

// Rows survive the way into the notation and back, through the codecs of
// struct fields as well as those of a Row.
func TestRowsRoundTrip(t *testing.T) {
	s := mustSchema(t)
	rapid.Check(t, func(rt *rapid.T) {
		want := drawRow(rt, "row")
		data := encodeRow(t, s, columnsOf(want))

		table := NewTable[testRow]("T", TableOptions{})
		if err := changeRow(testRegistration(t, s, dialectCond, table), uuidA, "insert", data); err != nil {
			rt.Fatalf("%s: %v", data, err)
		}
		got, _ := table.Get(uuidA)
		want.UUID = uuidA
		if diff := gocmp.Diff(want, *got, equalRows); diff != "" {
			rt.Fatalf("struct (-want +got):\n%s", diff)
		}

		rows, err := s.parseRows(&scanner{data: []byte("[" + string(data) + "]")}, "T")
		if err != nil || len(rows) != 1 {
			rt.Fatalf("got %d rows, %v; want one", len(rows), err)
		}
		if diff := gocmp.Diff(columnsOf(want), rows[0], equalRows); diff != "" {
			rt.Fatalf("Row (-want +got):\n%s", diff)
		}
	})
}

// A difference, as ovsdb-server(7) defines it for monitor_cond, turns the old
// row into the new one and leaves the old one as it was.
func TestDifferencesApply(t *testing.T) {
	s := mustSchema(t)
	rapid.Check(t, func(rt *rapid.T) {
		before, after := drawRow(rt, "before"), drawRow(rt, "after")
		table := NewTable[testRow]("T", TableOptions{})
		byName := NewIndex(table, func(r *testRow) string { return r.Name })
		r := testRegistration(t, s, dialectCond, table)
		if err := changeRow(r, uuidA, "insert", encodeRow(t, s, columnsOf(before))); err != nil {
			rt.Fatal(err)
		}
		old, _ := table.Get(uuidA)

		diff := columnsOf(after)
		diff["refs"] = symmetric(before.Refs, after.Refs)
		diff["ints"] = symmetric(before.Ints, after.Ints)
		diff["map"] = difference(before.Map, after.Map)
		diff["counts"] = difference(before.Counts, after.Counts)
		delete(diff, "some") // a difference can have more elements than the column
		after.Some = before.Some
		if err := changeRow(r, uuidA, "modify", encodeRow(t, s, diff)); err != nil {
			rt.Fatal(err)
		}
		before.UUID, after.UUID = uuidA, uuidA
		if got, ok := byName.Get(after.Name); !ok {
			rt.Errorf("row not found by its new name %q", after.Name)
		} else if diff := gocmp.Diff(after, *got, equalRows); diff != "" {
			rt.Errorf("new row (-want +got):\n%s", diff)
		}
		if diff := gocmp.Diff(before, *old, equalRows); diff != "" {
			rt.Errorf("old row (-want +got):\n%s", diff)
		}
	})
}

// symmetric returns the elements that are in one of two sets.
func symmetric[T comparable](a, b []T) []T {
	var out []T
	for _, v := range a {
		if !slices.Contains(b, v) {
			out = append(out, v)
		}
	}
	for _, v := range b {
		if !slices.Contains(a, v) {
			out = append(out, v)
		}
	}
	return out
}

// difference returns the pairs that a monitor_cond update has for a map.
func difference[K, V comparable](before, after map[K]V) map[K]V {
	out := maps.Clone(after)
	if out == nil {
		out = map[K]V{}
	}
	for k, v := range before {
		switch now, ok := after[k]; {
		case !ok:
			out[k] = v
		case now == v:
			delete(out, k)
		}
	}
	return out
}

func TestDecodeRefuses(t *testing.T) {
	s := mustSchema(t)
	for _, text := range []string{
		`{"int":"1"}`, `{"int":1.5}`, `{"int":["set",[]]}`, `{"int":["set",[1,2]]}`, `{"opt":["set",[1,2]]}`, `{"opt":["map",[]]}`,
		`{"ref":"` + uuidA + `"}`, `{"ref":["uuid","x"]}`, `{"ref":["uuid"]}`, `{"ref":["named-uuid","x"]}`, `{"ref":["uuid","` + uuidA + `",1]}`,
		`{"refs":["set"]}`, `{"refs":["set",5]}`, `{"refs":["set",[["set",[]]]]}`, `{"refs":[]}`, `{"map":[]}`, `{"map":{}}`,
		`{"map":["map",[["a"]]]}`, `{"map":["map",[["a","b","c"]]]}`, `{"map":["map",[1]]}`, `{"bool":null}`, `[]`, `{"int":1`, ``,
	} {
		table := NewTable[testRow]("T", TableOptions{})
		if err := changeRow(testRegistration(t, s, dialectCond, table), uuidA, "insert", []byte(text)); err == nil {
			t.Errorf("row %s: got no error", text)
		}
	}
}

func TestTableRefuses(t *testing.T) {
	s := mustSchema(t)
	for _, tt := range []struct {
		table Monitored
		want  string
	}{
		{NewTable[testRow]("X", TableOptions{}), `table "X": database "Test" has no such table`},
		{NewTable[struct{}]("T", TableOptions{}), `has no field with an ovsdb tag`},
		{NewTable[int]("T", TableOptions{}), `a row cannot be held by int`},
		{NewTable[struct {
			Int int `ovsdb:"int"`
		}]("T", TableOptions{}), `column "int" of table "T": integer is held by int64, not int`},
		{NewTable[struct {
			Opt int64 `ovsdb:"opt"`
		}]("T", TableOptions{}), `column "opt" of table "T": optional integer is held by *int64, not int64`},
		{NewTable[struct {
			A int64 `ovsdb:"int"`
			B int64 `ovsdb:"int"`
		}]("T", TableOptions{}), `two fields`},
		{NewTable[testRow]("T", TableOptions{Where: []Condition{Where("int", Less, "x")}}), `column "int" of table "T": want integer, got "x"`},
		{NewTable[testRow]("T", TableOptions{Where: []Condition{Where("x", Less, 1)}}), `column "x" of table "T": no such column`},
	} {
		if plan, err := tt.table.plan(s); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got plan %+v, error %v; want error %s", plan, err, tt.want)
		}
	}
}

// testRegistration is a table as a server sends it in a dialect.
func testRegistration(t testing.TB, s *schema, dialect int, table Monitored) *registration {
	t.Helper()
	m := &Monitor{client: &Client{}}
	if err := m.attach([]Monitored{table}); err != nil {
		t.Fatal(err)
	}
	r, err := m.newRegistration(&session{}, "Test", s)
	if err != nil {
		t.Fatal(err)
	}
	r.dialect = dialect
	m.current = r
	return r
}

// changeRow makes an update of one row.
func changeRow(r *registration, uuid, kind string, columns []byte) error {
	text := fmt.Appendf(nil, `,{"T":{%q:{%q:%s}}}]`, uuid, kind, columns)
	return r.update(&scanner{data: text})
}
