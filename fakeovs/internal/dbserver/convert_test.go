// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"os"
	"path/filepath"
	"testing"
)

// The test database with some columns less, one more and others of other types.
const convertedSchema = `{"name":"test","version":"2.0.0","tables":{
	"root":{"columns":{"name":{"type":"string"},"i":{"type":{"key":"integer","min":0,"max":"unlimited"}},"r":{"type":"real"},
		"new":{"type":"integer"},"kids":{"type":{"key":{"type":"uuid","refTable":"kid"},"min":0,"max":"unlimited"}}},"isRoot":true},
	"kid":{"columns":{"n":{"type":"real"}}}}}`

// TestConvertAsRealServer converts a database while clients monitor it and wait, and compares what all of them get.
func TestConvertAsRealServer(t *testing.T) {
	socket := listen(t, startServer(t, Options{}))
	b := bout{t: t, crowds: [2]*crowd{newCrowd(3, startReal(t)), newCrowd(3, func() *client { return dial(t, socket) })}}
	list := func(text string) []any { return parse(t, text).([]any) }
	// Client 0 converts, client 1 looks on, client 2 will be cut off.
	b.do(0, "set_db_change_aware", 1, []any{true})
	b.do(1, "set_db_change_aware", 1, []any{true})
	b.do(1, "monitor", 2, list(`["test","m",{"root":{"columns":["name"]}}]`))
	b.do(1, "monitor", 3, list(`["_Server","s",{"Database":{"columns":["name","schema"],"select":{"initial":false}}}]`))
	b.do(1, "transact", 4, waitSingle(""))
	b.do(2, "lock", 1, []any{"l"})
	b.do(0, "transact", 2, list(`["test",{"op":"insert","table":"root","uuid":"00000000-0000-0000-0000-000000000001",
		"row":{"name":"a","some":1,"i":7,"r":1.5,"color":"red","kids":["named-uuid","k"]}},
		{"op":"insert","table":"kid","row":{"n":3},"uuid-name":"k","uuid":"00000000-0000-0000-0000-000000000002"}]`))
	convert := func(schema string) []any { return []any{"test", parse(t, schema)} }
	b.act(2, "client 2 is cut off", func(c *crowd) {
		c.clients[0].send(map[string]any{"id": 5, "method": "convert", "params": convert(convertedSchema)})
		if m, err := c.clients[2].r.next(); !isEnd(err) {
			t.Fatalf("client 2: got %s, %v; want the end", m, err)
		}
		c.clients[2] = c.connect()
	})
	b.do(0, "get_schema", 6, []any{"test"})
	b.do(0, "transact", 7, list(`["test",{"op":"select","table":"root","where":[]},{"op":"select","table":"kid","where":[]}]`))
	b.do(0, "transact", 8, list(`["test",{"op":"select","table":"single","where":[]}]`))
	b.do(2, "transact", 1, list(`["test",{"op":"assert","lock":"l"}]`))
	b.do(1, "monitor", 5, list(`["test","m",{"root":{"columns":["name","i","new"]}}]`))
	b.do(2, "transact", 2, list(`["test",{"op":"update","table":"root","where":[],"row":{"new":5}}]`))
}

// What has no place in the new schema is refused, and then nothing has changed. (An ovsdb-server may crash then.)
func TestConvertRefused(t *testing.T) {
	s := startServer(t, Options{})
	c := connect(t, s)
	c.call("set_db_change_aware", true)
	c.transact(`[{"op":"insert","table":"root","row":{"name":"a","some":1,"r":1.5,"color":"red"}}]`)
	for _, tt := range []struct{ schema, want string }{
		{`{"name":"test","tables":{"root":{"columns":{"name":{"type":"integer"}}}}}`,
			`{"details":"expected integer","error":"syntax error","syntax":"\"a\""}`},
		{`{"name":"test","tables":{"root":{"columns":{"r":{"type":{"key":{"type":"real","maxReal":1}}}}}}}`,
			`{"details":"1.5 is greater than maximum allowed value 1","error":"constraint violation"}`},
	} {
		_, failure, _ := c.call("convert", "test", parse(t, tt.schema))
		want(t, "convert to "+tt.schema, failure, tt.want)
	}
	want(t, "rows", c.transact(`[{"op":"select","table":"root","where":[],"columns":["name"]}]`), `[{"rows":[{"name":"a"}]}]`)
	w := s.databases["test"].Watch("root")
	defer w.Close()
	_, failure, _ := c.call("convert", "test", parse(t, convertedSchema))
	want(t, "convert what is watched", failure,
		`{"details":"conversion of database test is not supported: this process uses it itself","error":"not supported"}`)
}

// A database file holds the new schema and what was converted.
func TestConvertedFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "db")
	text, err := os.ReadFile("testdata/test.ovsschema")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := ParseSchema(text)
	if err != nil {
		t.Fatal(err)
	}
	serve := func() (*client, func()) {
		s, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.AddDatabaseFile(file, schema); err != nil {
			t.Fatal(err)
		}
		return connect(t, s), func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	c, stop := serve()
	c.call("set_db_change_aware", true)
	c.transact(`[{"op":"insert","table":"root","row":{"name":"a","some":1,"i":7,"color":"red"}}]`)
	_, failure, _ := c.call("convert", "test", parse(t, convertedSchema))
	want(t, "convert", failure, `null`)
	c.transact(`[{"op":"update","table":"root","where":[],"row":{"new":5}}]`)
	stop()
	if schema, err = ParseSchema([]byte(convertedSchema)); err != nil {
		t.Fatal(err)
	}
	c, stop = serve()
	defer stop()
	want(t, "rows", c.transact(`[{"op":"select","table":"root","where":[],"columns":["name","i","new"]}]`), `[{"rows":[{"i":7,"name":"a","new":5}]}]`)
}
