// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import "testing"

var badSchemas = []string{
	`{}`, `{"name":"X"}`, `{"name":"1X","tables":{}}`, `{"name":"X","tables":{},"extra":1}`, `{"name":"X","tables":{},"b":1,"a":2,"c":3}`,
	`{"name":"X","tables":{},"version":1}`, `{"name":"X","tables":{},"version":"1"}`, `{"name":"X","tables":{},"version":"1.2.3.4"}`,
	`{"name":"X","tables":{},"version":"1.2.x"}`, `{"name":"X","tables":{},"version":""}`, `{"name":"X","tables":{},"cksum":1}`,
	`{"name":"X","tables":[]}`, `{"name":"X","tables":{"T":1}}`, `{"name":"X","tables":{"T":{}}}`, `{"name":"X","tables":{"1T":{}}}`, `{"name":"X","tables":{"_T":{}}}`,
	`{"name":"X","tables":{"":{}}}`, `{"name":"X","tables":{"T":{"columns":{}}}}`, `{"name":"X","tables":{"T":{"columns":[]}}}`,
}

// badTables are bad tables and badColumns bad types of a column.
var (
	badTables = []string{
		`"maxRows":0`, `"maxRows":-1`, `"maxRows":1.5`, `"maxRows":"1"`, `"isRoot":1`, `"mutable":null`, `"indexes":{}`, `"indexes":[1]`, `"indexes":[[]]`,
		`"indexes":[["x"]]`, `"indexes":[["c","c"]]`, `"indexes":[["c"],["e"]]`, `"indexes":[[1]]`, `"indexes":[["_uuid"]]`, `"indexes":[["_version"]]`, `"other":1`,
	}
	badColumns = []string{
		`1`, `"text"`, `"void"`, `"Integer"`, `{}`, `[]`, `null`, `{"key":1}`, `{"key":"x"}`, `{"key":null}`, `{"key":"string","value":1}`, `{"key":"string","value":"x"}`,
		`{"key":"string","min":-1}`, `{"key":"string","min":2}`, `{"key":"string","max":0}`, `{"key":"string","max":-1}`, `{"key":"string","max":"many"}`,
		`{"key":"string","max":4294967295}`, `{"key":"string","max":1.5}`, `{"key":"string","min":"unlimited"}`, `{"key":"string","extra":1}`,
		`{"key":{"type":1}}`, `{"key":{"type":"x"}}`, `{"key":{}}`, `{"key":{"type":"string","minLength":-1}}`, `{"key":{"type":"string","minLength":5,"maxLength":4}}`,
		`{"key":{"type":"string","maxLength":4294967296}}`, `{"key":{"type":"string","minLength":"x"}}`, `{"key":{"type":"string","minInteger":1}}`,
		`{"key":{"type":"integer","minInteger":5,"maxInteger":4}}`, `{"key":{"type":"integer","minInteger":1.5}}`, `{"key":{"type":"integer","minReal":1}}`,
		`{"key":{"type":"real","minReal":5,"maxReal":4.5}}`, `{"key":{"type":"real","minReal":"x"}}`, `{"key":{"type":"boolean","minInteger":1}}`,
		`{"key":{"type":"integer","enum":1,"minInteger":1}}`, `{"key":{"type":"integer","enum":"x"}}`, `{"key":{"type":"integer","enum":["set",[]]}}`,
		`{"key":{"type":"integer","enum":["set",[1,1]]}}`, `{"key":{"type":"integer","enum":["map",[]]}}`, `{"key":{"type":"string","enum":["set",[1]]}}`,
		`{"key":{"type":"uuid","enum":["named-uuid","x"]}}`, `{"key":{"type":"uuid","refTable":"U"}}`, `{"key":"string","value":{"type":"uuid","refTable":"U"}}`,
		`{"key":{"type":"uuid","refTable":1}}`, `{"key":{"type":"uuid","refTable":"a b"}}`, `{"key":{"type":"uuid","refTable":"T","refType":"soft"}}`,
		`{"key":{"type":"uuid","refTable":"T","refType":1}}`, `{"key":{"type":"uuid","refType":"weak"}}`, `{"key":{"type":"string","refTable":"T"}}`,
	}
)

// TestSchemaErrorsAsRealServer compares what is said about bad schemas, and good ones, that a database is to be converted
// to. They are for another database, so that nothing is converted.
func TestSchemaErrorsAsRealServer(t *testing.T) {
	p := newPair(t)
	schemas := append([]string(nil), badSchemas...)
	for _, table := range badTables {
		schemas = append(schemas, `{"name":"X","tables":{"T":{"columns":{"c":{"type":"integer"},"e":{"type":"string","ephemeral":true}},`+table+`}}}`)
	}
	for _, column := range badColumns {
		schemas = append(schemas, `{"name":"X","tables":{"T":{"columns":{"c":{"type":`+column+`}}}}}`)
	}
	g := newGenerator(7)
	for range 300 {
		s := parse(t, jsonText(g.makeSchema())).(map[string]any)
		for range 1 + g.IntN(2) {
			g.spoilDeep(s)
		}
		schemas = append(schemas, jsonText(s))
	}
	for _, text := range schemas {
		schema := parse(t, text).(map[string]any)
		if schema["name"] != "test" {
			p.ask(t, "convert", "test", schema)
			continue
		}
		schema["name"] = "other"
		p.ask(t, "convert", "test", schema)
	}
}

// spoilDeep spoils an object or one that is in it.
func (g *generator) spoilDeep(o map[string]any) {
	for {
		var inner []map[string]any
		for _, name := range sortedNames(o) {
			if m, ok := o[name].(map[string]any); ok {
				inner = append(inner, m)
			}
		}
		if len(inner) == 0 || g.percent(15) {
			break
		}
		o = pick(g, inner)
	}
	g.spoil(o)
}
