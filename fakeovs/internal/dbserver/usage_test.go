// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestUsageAsRealServer counts the same as ovsdb-server for the same content and clients.
func TestUsageAsRealServer(t *testing.T) {
	socket := startRealAt(t, "testdata/test.ovsschema")
	s := startServer(t, Options{})
	for _, path := range []string{socket, listen(t, s)} {
		c := dial(t, path)
		answer := c.transact(`[{"op":"insert","table":"kid","row":{"n":1},"uuid-name":"k"},{"op":"insert","table":"root","row":{
			"name":"a","some":1,"i":7,"color":"red","ints":["set",[1,2,3]],"map":["map",[["x","1"],["y","2"]]],
			"kids":["named-uuid","k"],"weak":["named-uuid","k"]}}]`)
		if text := jsonText(answer); strings.Contains(text, "error") {
			t.Fatalf("insert: got %s", text)
		}
		if _, failure, _ := c.call("monitor", "test", "m", parse(t, `{"root":{"columns":["name"]}}`)); failure != nil {
			t.Fatalf("monitor: %v", failure)
		}
	}
	out, err := exec.Command("ovs-appctl", "-t", filepath.Join(filepath.Dir(socket), "ctl"), "memory/show").CombinedOutput()
	if err != nil {
		t.Fatalf("ovs-appctl: %v: %s", err, out)
	}
	var words []string
	usage := s.Usage()
	for _, name := range slices.Sorted(maps.Keys(usage)) {
		words = append(words, fmt.Sprintf("%s:%d", name, usage[name]))
	}
	var real []string
	for _, word := range strings.Fields(string(out)) {
		if !strings.HasPrefix(word, "json-caches:") { // of which there are none here
			real = append(real, word)
		}
	}
	if got, want := strings.Join(words, " "), strings.Join(real, " "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
