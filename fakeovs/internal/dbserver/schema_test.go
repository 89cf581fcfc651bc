// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"os"
	"strings"
	"testing"
)

func TestParseSchemaErrors(t *testing.T) {
	column := func(c string) string { return `{"name":"X","tables":{"T":{"columns":{"c":` + c + `}}}}` }
	for _, tt := range []struct{ schema, says string }{
		{``, "unexpected end of JSON"},
		{`{"name":"X"} {}`, "data after the end"},
		{`[]`, "Object expected"},
		{`{"tables":{}}`, "Required 'name' member is missing"},
		{`{"name":"a b","tables":{}}`, "Type mismatch for member 'name'"},
		{`{"name":"X","tables":[]}`, "Type mismatch for member 'tables'"},
		{`{"name":"X","version":"1","tables":{}}`, `schema version "1" not in format x.y.z`},
		{`{"name":"X","tables":{},"comment":""}`, "Member 'comment' is present but not allowed here"},
		{`{"name":"X","tables":{"T":null}}`, "Object expected"},
		{`{"name":"X","tables":{"T":{"columns":{}}}}`, "table must have at least one column"},
		{`{"name":"X","tables":{"_T":{"columns":{"c":{"type":"string"}}}}}`, `names beginning with "_" are reserved`},
		{`{"name":"X","tables":{"T":{"columns":{"c":{"type":"string"}},"indexes":[["d"]]}}}`, "d is not a valid column name"},
		{column(`{}`), "Required 'type' member is missing"},
		{column(`{"type":null}`), "Type mismatch for member 'type'"},
		{column(`{"type":"text"}`), `"text" is not an atomic-type`},
		{column(`{"type":{"key":{"type":"string","enum":[]}}}`), "syntax error"},
		{column(`{"type":{"key":"string","min":2}}`), "fails constraint checks"},
		{column(`{"type":{"key":{"type":"uuid","refTable":"U"}}}`), "column c key refers to undefined table U"},
	} {
		if _, err := ParseSchema([]byte(tt.schema)); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s:\ngot error %v, want one that says %s", tt.schema, err, tt.says)
		}
	}
}

// FuzzParseSchema: a schema is refused or can be served.
func FuzzParseSchema(f *testing.F) {
	for _, file := range []string{"testdata/test.ovsschema", "data/_server.ovsschema"} {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(strings.Replace(string(text), `"_Server"`, `"Server"`, 1)))
	}
	f.Add([]byte(`{"name":"X","tables":{"T":{"maxRows":1,"columns":{"c":{"type":{"key":{"type":"real","enum":["set",[0.5,1]]}}}}}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		schema, err := ParseSchema(text)
		if err != nil {
			return
		}
		s, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		db, err := s.AddDatabase(schema)
		if err != nil {
			return
		}
		for name := range schema.tables {
			// An empty row may break the schema's limits: then it is refused.
			db.Update(func(tx *Tx) error { return tx.Insert(name, Fields{}) })
		}
	})
}
