// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package strictjson_test

import (
	"encoding/json"
	"errors"
	"net/netip"
	"reflect"
	"testing"

	"github.com/ovskit/ovskit/flows/internal/strictjson"
)

type inner struct {
	Port uint16     `json:"port"`
	At   netip.Addr `json:"at"`
}

type embedded struct {
	Name string `json:"name"`
	Over string `json:"over"`
}

// wrapped decodes itself with Unmarshal.
type wrapped struct{ inner }

func (w *wrapped) UnmarshalJSON(b []byte) error { return strictjson.Unmarshal(b, &w.inner) }

type outer struct {
	*embedded
	Over    bool              `json:"over"`
	Inner   *inner            `json:"inner"`
	List    []inner           `json:"list"`
	Wrapped []wrapped         `json:"wrapped"`
	Labels  map[string]string `json:"labels"`
	Number  int32             `json:"number"`
	Left    int               `json:"-"`
}

const sample = `
{
  "name": "a",
  "over": true,
  "number": -7,
  "inner": {"port": 65535, "at": "10.0.0.1"},
  "list": [{"port": 1}, {}],
  "wrapped": [{"at": "::1"}],
  "labels": {"x": "y"}
}`

func TestUnmarshal(t *testing.T) {
	got := outer{embedded: &embedded{}}
	if err := strictjson.Unmarshal([]byte(sample), &got); err != nil {
		t.Fatal(err)
	}
	want := outer{
		embedded: &embedded{Name: "a"}, Over: true, Number: -7, Inner: &inner{65535, netip.MustParseAddr("10.0.0.1")},
		List: []inner{{Port: 1}, {}}, Wrapped: []wrapped{{inner{At: netip.MustParseAddr("::1")}}}, Labels: map[string]string{"x": "y"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if err := strictjson.Unmarshal([]byte(`{"inner": null, "list": null, "labels": null}`), &got); err != nil {
		t.Fatal(err)
	}
	if got.Inner != nil || got.List != nil || got.Labels != nil || got.Name != "a" {
		t.Errorf("got %+v, want what is null to be gone and the rest to stay", got)
	}
}

func TestErrors(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", "line 1: unexpected end of JSON input"},
		{"{\n\n\"name\": \"a\",}", "line 3: invalid character '}' looking for beginning of object key string"},
		{"{}\n{}", "line 2: invalid character '{' after top-level value"},
		{`[]`, "line 1: want an object, got an array"},
		{"null", "line 1: want an object, got null"},
		{"\n{\n\"door\": 1}", "line 3: door: no such key"},
		{`{"Name": "a"}`, `line 1: Name: no such key (it is "name")`},
		{`{"Left": 1}`, "line 1: Left: no such key"},
		{"{\"name\": \"a\",\n\"name\": \"b\"}", "line 2: name: the key comes twice"},
		{`{"name": 1}`, "line 1: name: want a string, got 1"},
		{`{"over": "yes"}`, `line 1: over: want true or false, got "yes"`},
		{"{\"list\": [{},\n{\"port\": 65536}]}", "line 2: list[1].port: want a number from 0 to 65535, got 65536"},
		{`{"list": [{"port": 1.5}]}`, "line 1: list[0].port: want a number from 0 to 65535, got 1.5"},
		{`{"number": 2147483648}`, "line 1: number: want a whole number of 32 bits, got 2147483648"},
		{`{"list": {}}`, "line 1: list: want an array, got an object"},
		{`{"list": [null]}`, "line 1: list[0]: want an object, got null"},
		{"{\"inner\":\n{\"at\": \"10.0.0\"}}", `line 2: inner.at: ParseAddr("10.0.0"): IPv4 address too short`},
		{"\n{\"wrapped\": [\n{},\n\n{\"port\": -1}]}", "line 5: wrapped[1].port: want a number from 0 to 65535, got -1"},
		{"{\"labels\": {\n\"x\": []}}", "line 2: labels.x: want a string, got an array"},
	} {
		err := strictjson.Unmarshal([]byte(test.text), &outer{embedded: &embedded{}})
		if err == nil || err.Error() != test.want {
			t.Errorf("%q: got %v, want %s", test.text, err, test.want)
		}
		var e *strictjson.Error
		if !errors.As(err, &e) {
			t.Errorf("%q: got a %T", test.text, err)
		}
	}
}

// What is accepted is what encoding/json makes of it, and errors are at a place in the text.
func FuzzUnmarshal(f *testing.F) {
	f.Add(sample)
	f.Add(`{"inner":{"port":1e0}}`)
	f.Fuzz(func(t *testing.T, text string) {
		got, want := outer{embedded: &embedded{}}, outer{embedded: &embedded{}}
		err := strictjson.Unmarshal([]byte(text), &got)
		var e *strictjson.Error
		switch {
		case errors.As(err, &e) && (e.Offset < 0 || e.Offset > len(text) || e.Line < 1):
			t.Errorf("got the offset %d, line %d", e.Offset, e.Line)
		case err != nil:
			return
		}
		if err := json.Unmarshal([]byte(text), &want); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v; encoding/json %+v, %v", got, want, err)
		}
	})
}
