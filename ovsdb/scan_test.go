// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func TestScannerIntegersAreExact(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "-1": -1, "9007199254740993": 1<<53 + 1,
		"9223372036854775807": math.MaxInt64, "-9223372036854775808": math.MinInt64,
	} {
		s := scanner{data: []byte(text)}
		if got, err := s.integer(); got != want || err != nil {
			t.Errorf("integer %s: got %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "1.5", "1e3", "9223372036854775808", "-", "true", `"1"`} {
		s := scanner{data: []byte(text)}
		if got, err := s.integer(); err == nil {
			t.Errorf("integer %q: got %d, want an error", text, got)
		}
	}
}

func TestScannerStrings(t *testing.T) {
	for text, want := range map[string]string{
		`""`: "", `"a b"`: "a b", `"\"\\\/\n\u00e9"`: "\"\\/\né", `"é"`: "é",
	} {
		s := scanner{data: []byte(text)}
		if got, err := s.string(); got != want || err != nil {
			t.Errorf("string %s: got %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"", `"`, `"\`, `"\"`, `"\x"`, "\"\n\"", "\"\xff\"", "1"} {
		s := scanner{data: []byte(text)}
		if got, err := s.string(); err == nil {
			t.Errorf("string %q: got %q, want an error", text, got)
		}
	}
}

// What the scanner accepts is valid JSON, and it accepts all that is valid but
// for depth and UTF-8, where encoding/json is more lenient.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-0.5e+7,true,false,null,"\u0041"],"b":{}}`, `[]`, `[1,]`, `01`, `-`, `"\ud800"`, `{"a" :1 , "b":2}`, `nul`,
		strings.Repeat("[", 70),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := scanner{data: data}
		err := s.skip()
		if err == nil {
			err = s.end()
		}
		valid := json.Valid(data)
		if err == nil && !valid {
			t.Errorf("scanner accepts %q, which is not valid JSON", data)
		}
		if err != nil && valid && !strings.Contains(err.Error(), "deeper") && !strings.Contains(err.Error(), "UTF-8") {
			t.Errorf("scanner refuses %q: %v", data, err)
		}
	})
}
