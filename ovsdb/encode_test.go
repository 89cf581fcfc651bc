// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestEncodeOperations(t *testing.T) {
	s := mustSchema(t)
	for _, tt := range []struct {
		name string
		ops  []Operation
		want string
	}{
		{"insert nothing", []Operation{Insert("T", Row{})}, `{"op":"insert","table":"T","row":{}}`},
		{"insert nil row", []Operation{Insert("T", Row(nil))}, `{"op":"insert","table":"T","row":{}}`},
		{"insert zero values given in a Row",
			[]Operation{Insert("T", Row{"int": 0, "name": "", "bool": false, "real": 0.0, "opt": (*int64)(nil), "ints": []int64{}, "map": map[string]string{}, "ref": nil})},
			`{"op":"insert","table":"T","row":{"bool":false,"int":0,"ints":["set",[]],"map":["map",[]],"name":"","opt":["set",[]],"real":0,"ref":["set",[]]}}`},
		{"insert exact integers", []Operation{Insert("T", Row{"ints": []int64{math.MinInt64, 1<<53 + 1, math.MaxInt64}, "int": uint16(7)})},
			`{"op":"insert","table":"T","row":{"int":7,"ints":["set",[-9223372036854775808,9007199254740993,9223372036854775807]]}}`},
		{"insert a struct: what is not zero",
			[]Operation{Insert("T", &testRow{UUID: uuidA, Name: "n", Opt: ptr(int64(0)), Refs: []string{uuidB}, Map: map[string]string{"b": "2", "a": `"`}, Real: 0.25, Mode: ptr("secure")})},
			`{"op":"insert","table":"T","row":{"map":["map",[["a","\""],["b","2"]]],"mode":"secure","name":"n","opt":0,"real":0.25,"refs":["uuid","` + uuidB + `"]}}`},
		{"names", []Operation{Insert("T", Row{"refs": []string{"x", uuidA}}).Named("x")},
			`{"op":"insert","table":"T","uuid-name":"x","row":{"refs":["set",[["named-uuid","x"],["uuid","` + uuidA + `"]]]}}`},
		{"update to zero", []Operation{Update("T", Row{"int": 0}, ByUUID(uuidA))},
			`{"op":"update","table":"T","where":[["_uuid","==",["uuid","` + uuidA + `"]]],"row":{"int":0}}`},
		{"update all with nothing", []Operation{Update("T", nil)}, `{"op":"update","table":"T","where":[],"row":{}}`},
		{"delete all", []Operation{Delete("T")}, `{"op":"delete","table":"T","where":[]}`},
		{"select all", []Operation{Select("T", nil)}, `{"op":"select","table":"T","where":[]}`},
		{"select nothing of some", []Operation{Select("T", []string{}, Where("int", GreaterOrEqual, 5), Where("map", Includes, map[string]string{"a": "b"}))},
			`{"op":"select","table":"T","where":[["int",">=",5],["map","includes",["map",[["a","b"]]]]],"columns":[]}`},
		{"condition on an empty part of a set that cannot be empty", []Operation{Select("T", []string{"_uuid", "_version"}, Where("some", Excludes, []string{}))},
			`{"op":"select","table":"T","where":[["some","excludes",["set",[]]]],"columns":["_uuid","_version"]}`},
		{"mutate", []Operation{Mutate("T", []Mutation{Change("int", Add, 1), Change("ints", Multiply, 2), Change("refs", InsertInto, uuidA),
			Change("map", DeleteFrom, []string{"k"}), Change("map", DeleteFrom, map[string]string{"k": "v"}), Change("some", InsertInto, []string{"a", "b", "c", "d"})})},
			`{"op":"mutate","table":"T","where":[],"mutations":[["int","+=",1],["ints","*=",2],["refs","insert",["uuid","` + uuidA + `"]],` +
				`["map","delete","k"],["map","delete",["map",[["k","v"]]]],["some","insert",["set",["a","b","c","d"]]]]}`},
		{"mutate nothing", []Operation{Mutate("T", nil)}, `{"op":"mutate","table":"T","where":[],"mutations":[]}`},
		{"wait for none", []Operation{Wait("T", WaitOptions{})},
			`{"op":"wait","table":"T","where":[],"timeout":0,"until":"==","columns":[],"rows":[]}`},
		{"wait for rows", []Operation{Wait("T", WaitOptions{Rows: []Row{{"int": 1}, {"name": "a"}}, Differ: true, Timeout: 1500 * time.Microsecond}, Where("name", Equal, "x"))},
			`{"op":"wait","table":"T","where":[["name","==","x"]],"timeout":2,"until":"!=","columns":["int","name"],"rows":[{"int":1},{"name":"a"}]}`},
		{"wait for ever", []Operation{Wait("T", WaitOptions{Columns: []string{"int"}, Timeout: -1})},
			`{"op":"wait","table":"T","where":[],"until":"==","columns":["int"],"rows":[]}`},
		{"the others", []Operation{Comment("say \"hi\""), Assert("l"), Commit(false), Abort()},
			`{"op":"comment","comment":"say \"hi\""},{"op":"assert","lock":"l"},{"op":"commit","durable":false},{"op":"abort"}`},
		{"fields of a struct, zero or not", []Operation{Update("T", Fields(&testRow{Int: 5, Name: "n"}, "int", "bool", "opt", "map"))},
			`{"op":"update","table":"T","where":[],"row":{"bool":false,"int":5,"map":["map",[]],"opt":["set",[]]}}`},
		{"raw", []Operation{Raw([]byte(`{"op":"new", "x":[1]}`)), Insert("T", Fields(testRow{}, "int"))},
			`{"op":"new", "x":[1]},{"op":"insert","table":"T","row":{"int":0}}`},
		{"bounds", []Operation{Insert("B", Row{"need": 1, "vlan": []int{0, 4095}, "text": "äöü", "share": 1.0, "even": uint8(4), "ratio": map[string]float64{"a": 0.5}})},
			`{"op":"insert","table":"B","row":{"even":4,"need":1,"ratio":["map",[["a",0.5]]],"share":1,"text":"äöü","vlan":["set",[0,4095]]}}`},
		{"arithmetic has no bounds", []Operation{Mutate("B", []Mutation{Change("need", Subtract, -100), Change("vlan", Add, 5000)})},
			`{"op":"mutate","table":"B","where":[],"mutations":[["need","-=",-100],["vlan","+=",5000]]}`},
		{"no operation", nil, ``},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.want
			if want != "" {
				want = "," + want
			}
			got, err := s.encodeOperations(nil, "", tt.ops)
			if err != nil || string(got) != want {
				t.Errorf("got  %s, %v\nwant %s", got, err, want)
			}
		})
	}
}

func TestEncodeRefuses(t *testing.T) {
	s := mustSchema(t)
	type unexported struct {
		name string `ovsdb:"name"`
	}
	for _, tt := range []struct {
		name string
		op   Operation
		want string
	}{
		{"unknown table", Delete("X"), `operation 1 (delete): table "X": database "Test" has no such table`},
		{"unknown column", Insert("T", Row{"x": 1}), `operation 1 (insert): column "x" of table "T": no such column`},
		{"unknown column of a struct", Insert("T", &testRow{Newer: "x"}), `column "column_of_newer_servers" of table "T": no such column`},
		{"unknown column in a condition", Delete("T", Where("x", Equal, 1)), `column "x" of table "T": no such column`},
		{"unknown column in a select", Select("T", []string{"x"}), `column "x" of table "T": no such column`},
		{"unknown column in a mutation", Mutate("T", []Mutation{Change("x", Add, 1)}), `column "x" of table "T": no such column`},
		{"unknown column in a wait", Wait("T", WaitOptions{Rows: []Row{{"x": 1}}}), `column "x" of table "T": no such column`},
		{"wrong type", Insert("T", Row{"int": "5"}), `column "int" of table "T": want integer, got "5" (string)`},
		{"wrong element", Insert("T", Row{"map": map[string]int{"a": 1}}), `column "map" of table "T": want string, got 1 (int)`},
		{"no map", Insert("T", Row{"map": "a"}), `column "map" of table "T": want map of string to string, got "a" (string)`},
		{"a map for a set", Insert("T", Row{"ints": map[string]string{}}), `column "ints" of table "T": want integer, got map[] (map[string]string)`},
		{"nil for a scalar", Insert("T", Row{"int": nil}), `column "int" of table "T": integer cannot hold 0 elements`},
		{"nil in a set", Insert("T", Row{"ints": []any{nil}}), `column "ints" of table "T": want integer, got <nil> (interface {})`},
		{"two for an option", Insert("T", Row{"opt": []int64{1, 2}}), `column "opt" of table "T": optional integer cannot hold 2 elements`},
		{"too few", Insert("T", Row{"some": []string{}}), `column "some" of table "T": set of string cannot hold 0 elements`},
		{"too many", Insert("T", Row{"some": []string{"1", "2", "3", "4"}}), `set of string cannot hold 4 elements`},
		{"enumeration", Insert("T", Row{"mode": "safe"}), `column "mode" of table "T": "safe" is none of "secure", "standalone"`},
		{"integer too large", Insert("T", Row{"int": uint64(math.MaxUint64)}), `exceeds a 64-bit signed integer`},
		{"not finite", Insert("T", Row{"real": math.NaN()}), `NaN is not a finite number`},
		{"not UTF-8", Insert("T", Row{"name": "\xff"}), `"\xff" is not UTF-8`},
		{"zero byte", Insert("T", Row{"name": "a\x00"}), `"a\x00" contains a zero byte`},
		{"unknown name", Insert("T", Row{"ref": "nobody"}), `"nobody" is neither a UUID nor the name of a row`},
		{"name twice", Insert("T", Row{}).Named("first"), `name "first" is given to two rows`},
		{"bad name", Insert("T", Row{}).Named("a-b"), `name "a-b" is not an identifier`},
		{"name without a row", Delete("T").Named("b"), `only a row that is inserted can be named "b"`},
		{"UUID set", Insert("T", Row{"_uuid": uuidA}), `column "_uuid" of table "T": set by the server alone`},
		{"update of a fixed column", Update("T", Row{"name": "x"}), `column "name" of table "T": cannot be changed once the row exists`},
		{"mutation of a fixed column", Mutate("T", []Mutation{Change("name", InsertInto, "x")}), `cannot be changed once the row exists`},
		{"mutation of a UUID", Mutate("T", []Mutation{Change("_uuid", InsertInto, uuidA)}), `column "_uuid" of table "T"`},
		{"arithmetic on text", Mutate("T", []Mutation{Change("some", Add, "x")}), `set of string has no mutator "+="`},
		{"modulo of a real", Mutate("T", []Mutation{Change("real", Modulo, 2.0)}), `real has no mutator "%="`},
		{"insert into a scalar", Mutate("T", []Mutation{Change("int", InsertInto, 1)}), `integer has no mutator "insert"`},
		{"unknown mutator", Mutate("T", []Mutation{Change("int", "++", 1)}), `unknown mutator "++"`},
		{"unknown comparison", Delete("T", Where("int", "~", 1)), `unknown comparison "~"`},
		{"order of text", Delete("T", Where("name", Less, "x")), `string cannot be compared with "<"`},
		{"no struct", Insert("T", 5), `a row cannot be held by int`},
		{"nil struct", Insert("T", (*testRow)(nil)), `no row given: *ovsdb.testRow`},
		{"struct without tags", Insert("T", &struct{ A int }{}), `has no field with an ovsdb tag`},
		{"unexported field", Insert("T", &unexported{name: "x"}), `not exported`},
		{"no operation", Operation{}, `empty operation`},
		{"too small", Insert("B", Row{"need": 1, "vlan": -1}), `column "vlan" of table "B": -1 is less than 0`},
		{"too large", Insert("B", Row{"need": 1, "vlan": []uint16{1, 4096}}), `column "vlan" of table "B": 4096 is more than 4095`},
		{"too large for a mutation", Mutate("B", []Mutation{Change("vlan", InsertInto, 4096)}), `column "vlan" of table "B": 4096 is more than 4095`},
		{"too large for a condition", Delete("B", Where("vlan", Includes, 4096)), `column "vlan" of table "B": 4096 is more than 4095`},
		{"too short", Insert("B", Row{"need": 1, "text": "ä"}), `"ä" is shorter than 2 characters`},
		{"too long", Insert("B", Row{"need": 1, "text": "abcd"}), `"abcd" is longer than 3 characters`},
		{"real too small", Insert("B", Row{"need": 1, "share": -0.5}), `-0.5 is less than 0`},
		{"real too large", Insert("B", Row{"need": 1, "share": 1.5}), `1.5 is more than 1`},
		{"value of a map too large", Insert("B", Row{"need": 1, "ratio": map[string]float64{"a": 2}}), `2 is more than 1`},
		{"key of a map not allowed", Insert("B", Row{"need": 1, "ratio": map[string]float64{"c": 1}}), `"c" is none of "a", "b"`},
		{"integer not allowed", Insert("B", Row{"need": 1, "even": 3}), `3 is none of 2, 4`},
		{"default not allowed", Insert("B", Row{}), `column "need" of table "B": has to be given: 0 is less than 1`},
		{"zero not allowed", Insert("B", Row{"need": 0}), `column "need" of table "B": 0 is less than 1`},
		{"zero field of a struct", Insert("B", &struct {
			Need int64 `ovsdb:"need"`
		}{}), `column "need" of table "B": has to be given: 0 is less than 1`},
		{"reference not given", Insert("R", Row{}), `column "to" of table "R": has to be given: it refers to a row`},
		{"update by a struct", Update("T", &testRow{Int: 1}), `an update takes a Row or Fields, not *ovsdb.testRow`},
		{"fields that are not there", Update("T", Fields(&testRow{}, "int", "missing")), `ovsdb.testRow has 1 of the 2 columns named`},
		{"raw array", Raw([]byte(`[]`)), `not a JSON object`},
		{"raw with a rest", Raw([]byte(`{},{}`)), `not a JSON object`},
		{"raw nothing", Raw(nil), `not a JSON object`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := s.encodeOperations(nil, "", []Operation{Insert("T", Row{}).Named("first"), tt.op})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %s, error %v\nwant error %s", got, err, tt.want)
			}
		})
	}
	_, err := s.encodeOperations(nil, "", []Operation{Delete("T", Where("x", Equal, 1))})
	var schemaError *SchemaError
	if !errors.As(err, &schemaError) || schemaError.Table != "T" || schemaError.Column != "x" {
		t.Errorf("got error %#v, want a *SchemaError naming column x of table T", err)
	}
}

func TestMalformedSchema(t *testing.T) {
	for _, text := range []string{
		``, `null`, `5`, `"x"`, `{"name":"x","tables":5}`, `{"name":"x","tables":{"T":{"columns":{"a":{}}}}}`, `{"name":"x","tables":{"T":{"columns":{"a":null}}}}`,
		`{"name":"x","tables":{"T":{"columns":{"a":{"type":{}}}}}}`, `{"name":"x","tables":{"T":{"columns":{"a":{"type":"blob"}}}}}`,
		`{"name":"x","tables":{"T":{"columns":{"a":{"type":{"key":{"type":"string","enum":["set"]}}}}}}}`,
		`{"name":"x","tables":{"T":{"columns":{"a":{"type":{"key":"string","min":5}}}}}}`,
		`{"name":"x","tables":{"T":{"columns":{"a":{"type":{"key":"string","max":0}}}}}}`,
		`{"name":"x","tables":{"T":{"columns":{"a":{"type":{"key":{"type":"integer","enum":["set",["a"]]}}}}}}}`,
		`{"name":"x","tables":{"T":{"columns":{"a":{"type":{"key":"string","value":"blob"}}}}}}`,
		`{"tables":{}}`,
	} {
		if _, err := parseSchema([]byte(text)); err == nil {
			t.Errorf("schema %s: got no error", text)
		}
	}
}

func FuzzSchema(f *testing.F) {
	f.Add([]byte(testSchema))
	f.Add([]byte(`{"name":"x","tables":{"T":{"columns":{"a":{"type":{"key":{"type":"integer","enum":["set",[1]]},"value":"uuid","max":"unlimited"}}}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parseSchema(data)
		if err != nil {
			return
		}
		for name, table := range s.tables {
			_, err := s.encodeOperations(nil, "", []Operation{Insert(name, Row{})})
			if (err != nil) != (len(table.needed) > 0) {
				t.Errorf("insert into table %q of an accepted schema, %d columns needed: %v", name, len(table.needed), err)
			}
		}
	})
}
