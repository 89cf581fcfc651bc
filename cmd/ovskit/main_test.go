// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/ovsdb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func TestUsageErrors(t *testing.T) {
	for _, test := range []struct {
		args []string
		says string
	}{
		{[]string{"dance"}, `"dance"`},
		{[]string{"--loud"}, "--loud"},
		{[]string{"demo", "--loud"}, "--loud"},
		{[]string{"demo", "now"}, `"now"`},
		{[]string{"demo", "--switch", "imaginary"}, `"imaginary"`},
		{[]string{"demo", "-o", "xml"}, `"xml"`},
		{[]string{"demo", "--keep=perhaps"}, `"perhaps"`},
		{[]string{"demo", "--switch", "fake", "--keep"}, "kept"},
		{[]string{"fake"}, "--dir"},
		{[]string{"fake", "--dir", ".", "--ca-cert", "a", "--bootstrap-ca-cert", "b"}, "exclude each other"},
		{[]string{"version", "1"}, `"1"`},
		{[]string{"check", "now"}, `"now"`},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if got := run(testContext(t), test.args, &stdout, &stderr); got != exitUsage {
				t.Errorf("exit code: got %d, want %d", got, exitUsage)
			}
			if !strings.Contains(stderr.String(), test.says) {
				t.Errorf("stderr: got %q, want it to contain %s", stderr.String(), test.says)
			}
			if stdout.Len() != 0 {
				t.Errorf("stdout: got %q, want nothing", stdout.String())
			}
		})
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{}, {"--help"}, {"demo", "--help"}, {"help", "fake"}} {
		var stdout, stderr bytes.Buffer
		got := run(testContext(t), args, &stdout, &stderr)
		if got != exitDone || stderr.Len() != 0 || !strings.Contains(stdout.String(), "Usage:") {
			t.Errorf("%q: got exit code %d, stdout %q, stderr %q; want 0 and the usage on stdout alone",
				args, got, stdout.String(), stderr.String())
		}
	}
}

func TestVersion(t *testing.T) {
	var stdout, stderr bytes.Buffer
	got := run(testContext(t), []string{"version"}, &stdout, &stderr)
	if got != exitDone || !strings.HasPrefix(stdout.String(), "ovskit ") {
		t.Errorf("got exit code %d, stdout %q; want 0, \"ovskit ...\"", got, stdout.String())
	}
}

func TestDemoJSON(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if got := run(testContext(t), []string{"demo", "--switch", "fake", "-o", "json"}, &stdout, &stderr); got != exitDone {
		t.Errorf("exit code: got %d, want %d; stderr %q, stdout\n%s", got, exitDone, stderr.String(), stdout.String())
	}
	var report struct {
		Switch *string `json:"switch"`
		OK     *bool   `json:"ok"`
		Probes []map[string]any
	}
	d := json.NewDecoder(&stdout)
	d.DisallowUnknownFields()
	if err := d.Decode(&report); err != nil {
		t.Fatal(err)
	}
	if rest, _ := io.ReadAll(io.MultiReader(d.Buffered(), &stdout)); len(bytes.TrimSpace(rest)) != 0 {
		t.Errorf("after the report: got %q, want nothing", rest)
	}
	if report.Switch == nil || *report.Switch != "fake" || report.OK == nil || !*report.OK || len(report.Probes) == 0 {
		t.Errorf("got %+v, want switch fake, ok, and probes", report)
	}
	for _, p := range report.Probes {
		keys := make([]string, 0, 4)
		for k := range p {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		if want := []string{"got", "name", "ok", "want"}; !slices.Equal(keys, want) {
			t.Errorf("probe: got the keys %q, want %q", keys, want)
		}
	}
}

func TestDemoTable(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if got := run(testContext(t), []string{"demo", "--switch", "fake"}, &stdout, &stderr); got != exitDone {
		t.Errorf("exit code: got %d, want %d", got, exitDone)
	}
	lines := strings.Split(strings.TrimSpace(stdout.String()), "\n")
	if got, want := strings.Fields(lines[0]), []string{"PROBE", "WANT", "GOT"}; !slices.Equal(got, want) {
		t.Errorf("first line: got %q, want %q", got, want)
	}
	if last := lines[len(lines)-1]; !strings.Contains(last, "probes as expected on a fake Open vSwitch") {
		t.Errorf("last line: got %q, want the count", last)
	}
	if stderr.Len() != 0 {
		t.Errorf("stderr: got %q, want nothing", stderr.String())
	}
}

func TestDemoInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(testContext(t))
	cancel()
	var stdout, stderr bytes.Buffer
	if got := run(ctx, []string{"demo", "--switch", "fake"}, &stdout, &stderr); got != exitFailed {
		t.Errorf("exit code: got %d, want %d", got, exitFailed)
	}
	if stdout.Len() != 0 || stderr.Len() == 0 {
		t.Errorf("got stdout %q, stderr %q; want an error on stderr alone", stdout.String(), stderr.String())
	}
}

func TestFake(t *testing.T) {
	ctx, cancel := context.WithCancel(testContext(t))
	defer cancel()
	r, w := io.Pipe()
	var stderr bytes.Buffer
	code := make(chan int, 1)
	dir := t.TempDir()
	schema := writeSchema(t, `{"name":"Inventory","tables":{"T":{"columns":{"c":{"type":"string"}}}}}`)
	own := writeSchema(t, string(fakeovs.OpenVSwitchSchema()))
	go func() {
		code <- run(ctx, []string{
			"fake", "--dir", dir, "--schema", own, "--schema", schema, "--file", dir + "/conf.db", "--remote", "punix:" + dir + "/remote",
			"--no-switch",
		}, w, &stderr)
		w.Close()
	}()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil || !slices.Contains(strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == ':' }), "ready") {
		t.Fatalf("first line: got %q, error %v; want one with the word ready", line, err)
	}
	for _, database := range []string{"Open_vSwitch", "Inventory"} {
		c, err := ovsdb.Dial(ctx, ovsdb.Options{Endpoint: "unix:" + dir + "/db.sock", Database: database})
		if err != nil {
			t.Error(err)
		} else {
			c.Close()
		}
	}
	c, err := ovsdb.Dial(ctx, ovsdb.Options{Endpoint: "unix:" + dir + "/remote"})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	cancel()
	if got := <-code; got != exitDone {
		t.Errorf("exit code: got %d, want %d; stderr %q", got, exitDone, stderr.String())
	}
	if content, err := os.ReadFile(dir + "/conf.db"); err != nil || !bytes.HasPrefix(content, []byte("OVSDB JSON ")) {
		t.Errorf("file of the database: got %.40s, %v; want one of ovsdb-server's", content, err)
	}
}

func writeSchema(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "schema")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestFakeBadSchema(t *testing.T) {
	good := writeSchema(t, `{"name":"Inventory","tables":{}}`)
	bad := writeSchema(t, `{"name":"Inventory","tables":{"T":{"columns":{"c":{}}}}}`)
	for _, test := range []struct {
		files []string
		says  string
	}{
		{[]string{good, bad}, "schema " + bad + ": parse schema: "},
		{[]string{good, good}, "schema " + good + ": there is a database Inventory already"},
		{[]string{good, "/nonexistent"}, "open /nonexistent: no such file or directory"},
	} {
		args := []string{"fake", "--dir", t.TempDir()}
		for _, file := range test.files {
			args = append(args, "--schema", file)
		}
		var stdout, stderr bytes.Buffer
		if got := run(testContext(t), args, &stdout, &stderr); got != exitFailed || !strings.Contains(stderr.String(), test.says) {
			t.Errorf("%q: got exit code %d, stderr %q; want %d and %s", test.files, got, stderr.String(), exitFailed, test.says)
		}
		if stdout.Len() != 0 {
			t.Errorf("%q: got stdout %q, want nothing", test.files, stdout.String())
		}
	}
}
