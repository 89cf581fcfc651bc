// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pair is a client of the real server and one of ours, which are asked the same.
type pair struct{ real, fake *client }

func newPair(t *testing.T) pair {
	connectReal := startReal(t)
	return pair{real: connectReal(), fake: connect(t, startServer(t, Options{}))}
}

// ask makes both servers answer a request and compares what comes back.
func (p pair) ask(t failer, method string, params ...any) {
	t.Helper()
	var got [2]string
	for i, c := range []*client{p.real, p.fake} {
		result, failure, notifications := c.call(method, params...)
		got[i] = canonical(map[string]any{"result": result, "error": failure, "notifications": notifications})
	}
	if got[0] != got[1] {
		t.Fatalf("%s %s: real server (-), ours (+):\n%s", method, jsonText(params), cmp.Diff(got[0], got[1]))
	}
}

var (
	uuidPattern = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	// knownUUID is the form of the UUIDs that the tests choose.
	knownUUID = regexp.MustCompile(`^0+-0000-0000-0000-0*[0-9]+$`)
)

// twins are the rows that an index complains about, in an order that nobody can foretell.
var twins = regexp.MustCompile(`First row, (.*?\.)  Second row, (.*?\.)`)

// canonical is a text of an answer without what may differ: UUIDs that the server chose, and the order of rows and of
// the notifications of different monitors.
func canonical(v any) string {
	text := twins.ReplaceAllStringFunc(jsonText(sortRows(v)), sortTwins)
	return uuidPattern.ReplaceAllStringFunc(text, func(u string) string {
		if knownUUID.MatchString(u) {
			return u
		}
		return "UUID"
	})
}

func sortTwins(s string) string {
	rows := twins.FindStringSubmatch(s)[1:]
	slices.Sort(rows)
	return strings.Join(rows, " ")
}

func sortRows(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = sortRows(v[i])
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for name, m := range v {
			m = sortRows(m)
			if rows, ok := m.([]any); ok && (name == "rows" || name == "notifications") {
				rows = slices.Clone(rows)
				slices.SortFunc(rows, func(a, b any) int { return strings.Compare(canonical(a), canonical(b)) })
				m = rows
			}
			out[name] = m
		}
		return out
	default:
		return v
	}
}

// scenario is a file of requests: lines that begin with a method's name, or with '[' for a transaction.
func scenario(t failer, name string) (requests [][]any) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatalf("read scenario: %v", err)
	}
	ids := regexp.MustCompile(`@([0-9]+)`)
	for n, line := range strings.Split(string(text), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		// @7 stands for the seventh of the UUIDs that the tests choose, and @7: for a row that has it.
		line = ids.ReplaceAllStringFunc(line, func(id string) string {
			return fmt.Sprintf("00000000-0000-0000-0000-%012s", id[1:])
		})
		method, params := "transact", line
		if line[0] != '[' {
			method, params, _ = strings.Cut(line, " ")
		}
		v, err := parseJSON([]byte(params))
		if err != nil {
			t.Fatalf("testdata/%s:%d: %v", name, n+1, err)
		}
		list := v.([]any)
		if method == "transact" && line[0] == '[' {
			list = append([]any{"test"}, list...)
		}
		requests = append(requests, append([]any{method}, list...))
	}
	return requests
}

// golden is the file of the real server's answers to a scenario.
func golden(name string) string {
	return filepath.Join("testdata", strings.TrimSuffix(name, ".txt")+".golden")
}

func scenarios(t *testing.T) (names []string) {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scenarios in testdata (%v)", err)
	}
	for _, p := range paths {
		names = append(names, filepath.Base(p))
	}
	return names
}

// answers runs a scenario and returns a line for each request.
func (c *client) answers(name string) string {
	var b strings.Builder
	for _, r := range scenario(c.t, name) {
		result, failure, notifications := c.call(r[0].(string), r[1:]...)
		b.WriteString(canonical(map[string]any{"result": result, "error": failure, "notifications": notifications}) + "\n")
	}
	return b.String()
}

var update = flag.Bool("update", false, "write the golden files anew from the real server's answers")

func TestScenarios(t *testing.T) {
	for _, name := range scenarios(t) {
		t.Run(name, func(t *testing.T) {
			want, err := os.ReadFile(golden(name))
			if err != nil {
				t.Fatal(err)
			}
			got := connect(t, startServer(t, Options{})).answers(name)
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}

func TestRealServerGivesTheGoldenAnswers(t *testing.T) {
	for _, name := range scenarios(t) {
		t.Run(name, func(t *testing.T) {
			got := startReal(t)().answers(name)
			if *update {
				if err := os.WriteFile(golden(name), []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden(name))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}
