// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/tier"
)

// startFileServer serves the test database from a file.
func startFileServer(t *testing.T, file string) *Server {
	t.Helper()
	s, err := openFileServer(t, file)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func openFileServer(t *testing.T, file string) (*Server, error) {
	t.Helper()
	text, err := os.ReadFile("testdata/test.ovsschema")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := ParseSchema(text)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	_, err = s.AddDatabaseFile(file, schema)
	return s, err
}

func stop(t *testing.T, s *Server) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// fill makes and changes rows of all kinds.
func fill(t *testing.T, s *Server) {
	t.Helper()
	c := connect(t, s)
	for _, name := range []string{"operations.txt", "references.txt"} {
		for _, r := range scenario(t, name) {
			if r[0] == "transact" {
				c.call("transact", r[1:]...)
			}
		}
	}
	c.transact(`[{"op":"insert","table":"root","row":{"name":"kept","i":77,"some":["set",[1,2]],"gone":7,
		"ints":["set",[1,2,3]],"map":["map",[["a","1"],["b","2"]]],"kids":["named-uuid","k"]}},
		{"op":"insert","table":"kid","row":{"n":1},"uuid-name":"k"},{"op":"comment","comment":"one"},{"op":"comment","comment":"two"}]`)
	c.transact(`[{"op":"mutate","table":"root","where":[["name","==","kept"]],"mutations":[["ints","insert",["set",[4]]],["ints","delete",1],["map","delete",["set",["b"]]]]},
		{"op":"update","table":"root","where":[["name","==","kept"]],"row":{"some":["set",[2,3]],"s":"x"}},{"op":"commit","durable":true}]`)
	c.transact(`[{"op":"update","table":"root","where":[["name","==","kept"]],"row":{"gone":8}}]`)
}

const selectAll = `[{"op":"select","table":"root","where":[]},{"op":"select","table":"kid","where":[]},` +
	`{"op":"select","table":"single","where":[]},{"op":"select","table":"need","where":[]}]`

// content is all that a database keeps, from the results of selectAll.
func content(results []any) string {
	var lines []string
	for i, r := range results {
		for _, row := range r.(map[string]any)["rows"].([]any) {
			row := row.(map[string]any)
			delete(row, "_version")
			delete(row, "gone")
			lines = append(lines, fmt.Sprintf("%d %s", i, jsonText(row)))
		}
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

func contentOf(t *testing.T, s *Server) string {
	t.Helper()
	return content(connect(t, s).transact(selectAll))
}

func ovsdbTool(t *testing.T, args ...string) (output string, err error) {
	t.Helper()
	tier.Need(t, tier.Sandbox)
	out, err := exec.Command("ovsdb-tool", args...).CombinedOutput()
	return string(out), err
}

func mustTool(t *testing.T, args ...string) string {
	t.Helper()
	out, err := ovsdbTool(t, args...)
	if err != nil {
		t.Fatalf("ovsdb-tool %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return out
}

// contentByTool is what ovsdb-tool makes of a file.
func contentByTool(t *testing.T, file string) string {
	t.Helper()
	out := mustTool(t, "query", file, `["test",`+selectAll[1:])
	return content(parse(t, strings.TrimSpace(out)).([]any))
}

func TestFileKeepsTheContent(t *testing.T) {
	file := filepath.Join(t.TempDir(), "db")
	s := startFileServer(t, file)
	fill(t, s)
	before := contentOf(t, s)
	if !strings.Contains(before, `"kept"`) {
		t.Fatalf("content before the end: got %s, want a row kept", before)
	}
	stop(t, s)
	s = startFileServer(t, file)
	if after := contentOf(t, s); after != before {
		t.Errorf("content of the file: got\n%s\nwant\n%s", after, before)
	}
	rows := connect(t, s).transact(`[{"op":"select","table":"root","where":[["name","==","kept"]],"columns":["gone"]}]`)
	want(t, "ephemeral column", rows[0], `{"rows":[{"gone":0}]}`)
}

func TestOvsdbToolReadsTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "db")
	s := startFileServer(t, file)
	fill(t, s)
	if got, want := contentByTool(t, file), contentOf(t, s); got != want {
		t.Errorf("content as ovsdb-tool has it: got\n%s\nwant\n%s", got, want)
	}
	for command, want := range map[string]string{"db-version": "1.0.0\n", "db-name": "test\n"} {
		if got := mustTool(t, command, file); got != want {
			t.Errorf("ovsdb-tool %s: got %q, want %q", command, got, want)
		}
	}
	log := mustTool(t, "-m", "-m", "show-log", file)
	for _, want := range []string{`record 0: "test" schema, version="1.0.0", cksum="1 1"`, " \"one\ntwo\"\n", " diff:\n", "ints=[1, 4]\n", `map={b="2"}`} {
		if !strings.Contains(log, want) {
			t.Errorf("ovsdb-tool show-log: got\n%s\nwithout %q", log, want)
		}
	}
}

// TestFileOfOvsdbTool has ovsdb-tool make a file, which the server then goes on with, and ovsdb-tool again.
func TestFileOfOvsdbTool(t *testing.T) {
	file := filepath.Join(t.TempDir(), "db")
	mustTool(t, "create", file, "testdata/test.ovsschema")
	for _, ops := range []string{
		`{"op":"insert","table":"root","row":{"name":"kept","some":["set",[1,2]],"ints":["set",[1,2,3]],"map":["map",[["a","1"],["b","2"]]]}}`,
		`{"op":"mutate","table":"root","where":[],"mutations":[["ints","insert",["set",[4]]],["ints","delete",1],["map","delete",["set",["b"]]]]}`,
		`{"op":"update","table":"root","where":[],"row":{"some":["set",[2,3]],"map":["map",[["a","3"]]],"s":"x"}}`,
	} {
		mustTool(t, "transact", file, `["test",`+ops+`]`)
	}
	compare := func(step string) {
		t.Helper()
		want := contentByTool(t, file)
		s := startFileServer(t, file)
		if got := contentOf(t, s); got != want || got == "" {
			t.Errorf("%s: got\n%s\nwant\n%s", step, got, want)
		}
		stop(t, s)
	}
	compare("after transactions of ovsdb-tool")
	mustTool(t, "compact", file)
	compare("after ovsdb-tool compact")
	s := startFileServer(t, file)
	connect(t, s).transact(`[{"op":"update","table":"root","where":[],"row":{"i":5}}]`)
	stop(t, s)
	mustTool(t, "transact", file, `["test",{"op":"mutate","table":"root","where":[],"mutations":[["i","+=",1]]}]`)
	compare("after both")
	if got := contentByTool(t, file); !strings.Contains(got, `"i":6`) {
		t.Errorf("content after both: got %s, want i = 6", got)
	}
}

// TestDifferenceLargerThanAValue replaces all members of a set that may have few.
func TestDifferenceLargerThanAValue(t *testing.T) {
	file := filepath.Join(t.TempDir(), "db")
	s := startFileServer(t, file)
	c := connect(t, s)
	c.transact(`[{"op":"insert","table":"root","row":{"some":1,"strs":["set",["a","b","c"]]}}]`)
	c.transact(`[{"op":"update","table":"root","where":[],"row":{"strs":["set",["d","e","f"]],"ints":["set",[1,2]]}}]`)
	c.transact(`[{"op":"update","table":"root","where":[],"row":{"strs":["set",["d","e"]]}}]`)
	want := contentOf(t, s)
	if got := contentByTool(t, file); got != want {
		t.Errorf("content as ovsdb-tool has it: got\n%s\nwant\n%s", got, want)
	}
	stop(t, s)
	if got := contentOf(t, startFileServer(t, file)); got != want {
		t.Errorf("content of the file: got\n%s\nwant\n%s", got, want)
	}
}

// TestDamagedFile has a file end in what is not a record.
func TestDamagedFile(t *testing.T) {
	whole := func(text string) string { return string(appendLogRecord(nil, []byte(text))) }
	for name, damage := range map[string]string{
		"half a header":     "OVSDB JSON 5",
		"half a record":     whole(`{"root":{}}`)[:60],
		"no header":         "something else\n",
		"wrong hash":        strings.Replace(whole(`{"root":{}}`), `root`, `toor`, 1),
		"no JSON":           whole(`{"root"`),
		"no object":         whole(`[]`),
		"unknown table":     whole(`{"unknown":{}}`),
		"unknown column":    whole(`{"root":{"5e2a4bd8-9b95-4b09-a0d5-1d5e5a63e2e5":{"unknown":1}}}`),
		"unknown row":       whole(`{"root":{"5e2a4bd8-9b95-4b09-a0d5-1d5e5a63e2e5":null}}`),
		"no UUID":           whole(`{"root":{"x":{}}}`),
		"value of no type":  whole(`{"root":{"5e2a4bd8-9b95-4b09-a0d5-1d5e5a63e2e5":{"i":"x"}}}`),
		"very long record":  "OVSDB JSON 9000000000000000000 " + strings.Repeat("a", 40) + "\n",
		"negative length":   "OVSDB JSON -1 " + strings.Repeat("a", 40) + "\n",
		"file of a cluster": "OVSDB CLUSTER 2 " + strings.Repeat("a", 40) + "\n{}",
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "db")
			s := startFileServer(t, file)
			connect(t, s).transact(insertSingle)
			before := contentOf(t, s)
			stop(t, s)
			sound, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, append(sound, damage+whole(`{"root":{}}`)...), 0o600); err != nil {
				t.Fatal(err)
			}
			s = startFileServer(t, file)
			if got := contentOf(t, s); got != before {
				t.Errorf("content: got\n%s\nwant\n%s", got, before)
			}
			connect(t, s).transact(`[{"op":"update","table":"single","where":[],"row":{"x":4}}]`)
			after := contentOf(t, s)
			stop(t, s)
			repaired, err := os.ReadFile(file)
			if err != nil || !bytes.HasPrefix(repaired, sound) || bytes.Contains(repaired, []byte(damage)) {
				t.Errorf("file after a further transaction: got %s, %v; want the damage gone", repaired, err)
			}
			if got := contentOf(t, startFileServer(t, file)); got != after {
				t.Errorf("content after a further transaction: got\n%s\nwant\n%s", got, after)
			}
		})
	}
}

func TestFileThatCannotBeOpened(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	locked := filepath.Join(dir, "locked")
	startFileServer(t, locked)
	for name, tt := range map[string]struct{ file, says string }{
		"empty":                 {write("empty", ""), "schema is missing"},
		"no database":           {write("text", "hello\n"), "parse error"},
		"no schema":             {write("noschema", string(appendLogRecord(nil, []byte(`{}`)))), "Required 'name' member is missing"},
		"another database":      {write("other", string(appendLogRecord(nil, []byte(`{"name":"other","tables":{}}`)))), "database other, not test"},
		"of a cluster":          {write("cluster", "OVSDB CLUSTER 2 "+strings.Repeat("a", 40)+"\n{}"), "clustered"},
		"locked":                {locked, "lock"},
		"directory":             {dir, "is a directory"},
		"no directory to be in": {filepath.Join(dir, "missing", "db"), "no such file"},
	} {
		if _, err := openFileServer(t, tt.file); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: got error %v, want one with %q", name, err, tt.says)
		}
	}
}

func TestFileIsLockedForOvsdbTool(t *testing.T) {
	file := filepath.Join(t.TempDir(), "db")
	s := startFileServer(t, file)
	insert := `["test",` + insertSingle[1:]
	if out, err := ovsdbTool(t, "transact", file, insert); err == nil || !strings.Contains(out, "failed to lock lockfile") {
		t.Errorf("ovsdb-tool transact while the server runs: got %q, %v; want the lock to keep it out", out, err)
	}
	stop(t, s)
	mustTool(t, "transact", file, insert)
}

func TestCompact(t *testing.T) {
	file := filepath.Join(t.TempDir(), "db")
	s := startFileServer(t, file)
	fill(t, s)
	if err := s.databases["test"].Compact(); err != nil {
		t.Fatal(err)
	}
	before := contentOf(t, s)
	if log := mustTool(t, "show-log", file); strings.Count(log, "record ") != 2 || !strings.Contains(log, "compacting database online") {
		t.Errorf("log after compaction: got\n%s\nwant the schema and one record", log)
	}
	if got := contentByTool(t, file); got != before {
		t.Errorf("content after compaction: got\n%s\nwant\n%s", got, before)
	}
	connect(t, s).transact(`[{"op":"update","table":"root","where":[["name","==","kept"]],"row":{"s":"later"}}]`)
	after := contentOf(t, s)
	stop(t, s)
	if got := contentOf(t, startFileServer(t, file)); got != after {
		t.Errorf("content after a transaction more: got\n%s\nwant\n%s", got, after)
	}
}

// TestCompactionWhenDue writes as much as makes ovsdb-server compact a file, before and after its time.
func TestCompactionWhenDue(t *testing.T) {
	file := filepath.Join(t.TempDir(), "db")
	s := startFileServer(t, file)
	now := time.Now()
	s.mu.Lock()
	s.now = func() time.Time { return now }
	s.mu.Unlock()
	c := connect(t, s)
	c.transact(`[{"op":"insert","table":"root","row":{"name":"x","some":1}}]`)
	for i := range minRecords {
		c.transact(fmt.Sprintf(`[{"op":"update","table":"root","where":[],"row":{"s":"%d%s"}}]`, i, strings.Repeat("x", minCompaction/minRecords)))
	}
	size := func() int64 {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	if got := size(); got <= minCompaction {
		t.Errorf("size before the time of a compaction: got %d bytes, want more than %d", got, minCompaction)
	}
	s.mu.Lock()
	now = now.Add(minCompactionPause)
	s.mu.Unlock()
	c.transact(`[{"op":"update","table":"root","where":[],"row":{"s":"short"}}]`)
	if got := size(); got > minCompaction/10 {
		t.Errorf("size after a compaction: got %d bytes, want few", got)
	}
}

// TestTransactionThatCannotBeWritten has nothing happen.
func TestTransactionThatCannotBeWritten(t *testing.T) {
	s := startFileServer(t, filepath.Join(t.TempDir(), "db"))
	c := connect(t, s)
	c.transact(insertSingle)
	before := contentOf(t, s)
	s.databases["test"].file.log.file.Close()
	results := c.transact(`[{"op":"update","table":"single","where":[],"row":{"x":4}}]`)
	if text := jsonText(results); !strings.Contains(text, `"error":"I/O error"`) {
		t.Errorf("result: got %s, want an I/O error", text)
	}
	if got := contentOf(t, s); got != before {
		t.Errorf("content: got\n%s\nwant\n%s", got, before)
	}
}
