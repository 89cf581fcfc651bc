// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/internal/tier"
)

// TestCommandsAsRealServer gives commands of ovs-vsctl and ovsdb-client to the real server and to ours, and compares what
// they print.
func TestCommandsAsRealServer(t *testing.T) {
	tier.Need(t, tier.Sandbox)
	text, err := os.ReadFile("testdata/commands")
	if err != nil {
		t.Fatal(err)
	}
	files := []string{"testdata/test.ovsschema", filepath.Join("..", "..", "data", "vswitch.ovsschema")}
	real := startRealAt(t, files...)
	ours := listen(t, startServerWith(t, Options{}, files...))
	for n, line := range strings.Split(string(text), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		done := make(chan string)
		go func() { done <- command(line, ours) }()
		want := command(line, real)
		if diff := cmp.Diff(want, <-done); diff != "" {
			t.Errorf("testdata/commands:%d: %s: real server (-), ours (+):\n%s", n+1, line, diff)
		}
	}
}

var (
	dates = regexp.MustCompile(`"_date":[0-9]+|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)
	sums  = regexp.MustCompile(`(?m)^OVSDB JSON .*$`)
)

// command returns what a command prints and how it exits, without what may differ: UUIDs, times and the order of rows.
func command(line, socket string) string {
	program, rest, _ := strings.Cut(line, " ")
	switch program {
	case "vsctl":
		program = "ovs-vsctl --timeout=10 --no-wait --db=unix:" + socket
	case "client":
		options := ""
		if strings.HasPrefix(rest, "-") {
			options, rest, _ = strings.Cut(rest, " ")
		}
		name, args, _ := strings.Cut(rest, " ")
		program, rest = "ovsdb-client "+options+" "+name+" unix:"+socket, args
	}
	out, err := exec.Command("sh", "-c", "exec "+program+" "+rest).CombinedOutput()
	s := uuidPattern.ReplaceAllString(strings.ReplaceAll(string(out), socket, "SOCKET"), "UUID")
	s = sums.ReplaceAllString(dates.ReplaceAllString(s, "TIME"), "OVSDB JSON")
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		if strings.Contains(l, "UUID") {
			// A row or object, whose parts come in the order of a hash table.
			parts := strings.FieldsFunc(l, func(r rune) bool { return strings.ContainsRune(",{}", r) })
			slices.Sort(parts)
			lines[i] = strings.Join(parts, ",")
		}
	}
	slices.Sort(lines)
	return fmt.Sprintf("%s\n%v", strings.Join(lines, "\n"), err)
}
