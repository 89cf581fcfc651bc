// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if args := os.Getenv(contender); args != "" {
		if err := contend(args); err != nil {
			fmt.Fprintln(os.Stderr, "contend:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// testSchema has a column of every form.
const testSchema = `{"name":"Test","version":"1.0.0","tables":{
	"T":{"isRoot":true,"indexes":[["name"]],"columns":{
		"name":{"type":"string","mutable":false},
		"int":{"type":"integer"},
		"real":{"type":"real"},
		"bool":{"type":"boolean"},
		"ref":{"type":{"key":{"type":"uuid","refTable":"T"},"min":0,"max":1}},
		"refs":{"type":{"key":{"type":"uuid","refTable":"T"},"min":0,"max":"unlimited"}},
		"opt":{"type":{"key":"integer","min":0,"max":1}},
		"mode":{"type":{"key":{"type":"string","enum":["set",["secure","standalone"]]},"min":0,"max":1}},
		"ints":{"type":{"key":"integer","min":0,"max":"unlimited"}},
		"some":{"type":{"key":"string","min":1,"max":3}},
		"bools":{"type":{"key":"boolean","min":0,"max":2}},
		"map":{"type":{"key":"string","value":"string","min":0,"max":"unlimited"}},
		"counts":{"type":{"key":"string","value":"integer","min":0,"max":"unlimited"}},
		"one":{"type":{"key":"integer","value":"real","min":0,"max":1}}}},
	"U":{"columns":{"text":{"type":"string"}}},
	"B":{"columns":{
		"need":{"type":{"key":{"type":"integer","minInteger":1}}},
		"vlan":{"type":{"key":{"type":"integer","minInteger":0,"maxInteger":4095},"min":0,"max":4096}},
		"text":{"type":{"key":{"type":"string","minLength":2,"maxLength":3},"min":0,"max":1}},
		"share":{"type":{"key":{"type":"real","minReal":0,"maxReal":1},"min":0,"max":1}},
		"even":{"type":{"key":{"type":"integer","enum":["set",[2,4]]},"min":0,"max":1}},
		"ratio":{"type":{"key":{"type":"string","enum":["set",["a","b"]]},"value":{"type":"real","maxReal":1},"min":0,"max":2}}}},
	"R":{"columns":{"to":{"type":{"key":{"type":"uuid","refTable":"T"}}}}}}}`

// testRow holds a row of table T.
type testRow struct {
	UUID   string             `ovsdb:"_uuid"`
	Name   string             `ovsdb:"name"`
	Int    int64              `ovsdb:"int"`
	Real   float64            `ovsdb:"real"`
	Bool   bool               `ovsdb:"bool"`
	Ref    *string            `ovsdb:"ref"`
	Refs   []string           `ovsdb:"refs"`
	Opt    *int64             `ovsdb:"opt"`
	Mode   *string            `ovsdb:"mode"`
	Ints   []int64            `ovsdb:"ints"`
	Some   []string           `ovsdb:"some"`
	Bools  []bool             `ovsdb:"bools"`
	Map    map[string]string  `ovsdb:"map"`
	Counts map[string]int64   `ovsdb:"counts"`
	One    map[int64]float64  `ovsdb:"one"`
	Newer  string             `ovsdb:"column_of_newer_servers"`
	Local  map[string]float64 // no column
}

const (
	uuidA = "aaaaaaaa-0000-4000-8000-000000000001"
	uuidB = "bbbbbbbb-0000-4000-8000-000000000002"
	uuidC = "cccccccc-0000-4000-8000-000000000003"
)

func mustSchema(t testing.TB) *schema {
	t.Helper()
	s, err := parseSchema([]byte(testSchema))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ptr[T any](v T) *T { return &v }
