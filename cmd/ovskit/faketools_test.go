// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/tier"
)

// fakeProcess is a running "ovskit fake".
type fakeProcess struct {
	t      *testing.T
	dir    string
	stop   context.CancelFunc
	code   chan int
	stderr *bytes.Buffer
}

// startFakeIn runs the command until the test or its stop ends it, and returns when it is ready.
func startFakeIn(t *testing.T, dir string, args ...string) *fakeProcess {
	t.Helper()
	ctx, cancel := context.WithCancel(testContext(t))
	f := &fakeProcess{t: t, dir: dir, stop: cancel, code: make(chan int, 1), stderr: &bytes.Buffer{}}
	r, w := io.Pipe()
	go func() {
		f.code <- run(ctx, append([]string{"fake", "--dir", dir}, args...), w, f.stderr)
		w.Close()
	}()
	t.Cleanup(f.end)
	if line, err := bufio.NewReader(r).ReadString('\n'); err != nil || !strings.Contains(line, "ready") {
		f.end()
		t.Fatalf("first line: got %q, %v; want one with the word ready; stderr %q", line, err, f.stderr)
	}
	return f
}

// end stops the command and wants it to succeed.
func (f *fakeProcess) end() {
	f.stop()
	if f.code == nil {
		return
	}
	if got := <-f.code; got != exitDone {
		f.t.Errorf("exit code: got %d, want %d; stderr %q", got, exitDone, f.stderr)
	}
	f.code = nil
}

// tool runs a program of Open vSwitch with the directory as its run directory. DIR in its arguments is that directory.
func (f *fakeProcess) tool(line string) (string, error) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 20*time.Second)
	defer cancel()
	args := strings.Fields(strings.ReplaceAll(line, "DIR", f.dir))
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Env = append(os.Environ(), "OVS_RUNDIR="+f.dir)
	out, err := c.CombinedOutput()
	return string(out), err
}

// want runs a program and wants it to succeed with a text in its output.
func (f *fakeProcess) want(line, text string) {
	f.t.Helper()
	if out, err := f.tool(line); err != nil || !strings.Contains(out, text) {
		f.t.Errorf("%s:\ngot (%v)\n%swant success and\n%s", line, err, out, text)
	}
}

// TestFakeWithTools is a session with the programs of Open vSwitch.
func TestFakeWithTools(t *testing.T) {
	tier.Need(t, tier.Sandbox)
	f := startFakeIn(t, t.TempDir())
	flows := filepath.Join(t.TempDir(), "flows")
	if err := os.WriteFile(flows, []byte("priority=10,tcp,tcp_dst=80,actions=output:1\npriority=1,actions=drop\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	control := fmt.Sprintf("DIR/ovs-vswitchd.%d.ctl", os.Getpid())
	f.want("ovsdb-client list-dbs unix:DIR/db.sock", "Open_vSwitch\n_Server\n")
	f.want("ovsdb-client -f csv dump unix:DIR/db.sock Open_vSwitch Open_vSwitch _uuid", "Open_vSwitch table\n_uuid\n")
	f.want("ovs-vsctl --timeout=10 --db=unix:DIR/db.sock add-br br0 -- add-port br0 p0 -- set interface p0 type=internal", "")
	f.want("ovs-vsctl --timeout=10 --db=unix:DIR/db.sock add-br br1", "")
	f.want("ovs-vsctl --timeout=10 show", "Port p0\n            Interface p0\n                type: internal\n")
	f.want("ovs-ofctl -O OpenFlow13 --bundle add-flows unix:DIR/br0.mgmt "+flows, "")
	f.want("ovs-ofctl -O OpenFlow13 dump-flows unix:DIR/br0.mgmt", "priority=10,tcp,tp_dst=80 actions=output:1\n")
	f.want("ovs-ofctl --no-stats dump-flows br0", " priority=1 actions=drop\n")
	f.want("ovs-ofctl show br1", "LOCAL(br1)")
	f.want("ovs-appctl -t "+control+" ofproto/trace br0 in_port=LOCAL,tcp,tcp_dst=80", "\n    output:1\n\nFinal flow: unchanged\n")
	f.want("ovs-appctl version", "ovs-vswitchd (Open vSwitch) 3.1.0\n")
	f.want("ovs-appctl ofproto/list", "br0\nbr1\n")
	f.want("ovs-appctl -t ovsdb-server ovsdb-server/list-dbs", "Open_vSwitch\n_Server\n")
	f.want("ovs-vsctl --timeout=10 del-br br0", "")
	f.want("ovs-appctl ofproto/list", "br1\n")
	// The switch ends, and the database with it when that is told to.
	f.want("ovs-appctl exit --cleanup", "")
	f.want("ovs-appctl -t ovsdb-server exit", "")
	if got := <-f.code; got != exitDone {
		t.Errorf("exit code: got %d, want %d", got, exitDone)
	}
	f.code = nil
	if left, err := os.ReadDir(f.dir); err != nil || len(left) > 0 {
		t.Errorf("files left: %v, %v", left, err)
	}
}

func TestFakeOfOtherSchemas(t *testing.T) {
	tier.Need(t, tier.Sandbox)
	a := writeSchema(t, `{"name":"A","tables":{"T":{"columns":{"c":{"type":"string"}}}}}`)
	b := writeSchema(t, `{"name":"B","tables":{}}`)
	f := startFakeIn(t, t.TempDir(), "--schema", a, "--schema", b)
	f.want("ovsdb-client list-dbs unix:DIR/db.sock", "A\nB\n_Server\n")
	f.want("ovs-appctl -t ovsdb-server ovsdb-server/list-dbs", "A\nB\n_Server\n")
	f.want("ovsdb-client -f csv dump unix:DIR/db.sock A", "T table\n_uuid,c\n")
	if out, err := f.tool("ovs-appctl version"); err == nil {
		t.Errorf("there is a switch: %s", out)
	}
}

// TestFakeOfAFile serves what ovsdb-tool has made: a database of another schema, beside which there is no switch unless the
// other file is one of Open_vSwitch.
func TestFakeOfAFile(t *testing.T) {
	tier.Need(t, tier.Sandbox)
	dir := t.TempDir()
	schema := writeSchema(t, `{"name":"A","tables":{"T":{"columns":{"c":{"type":"string"}},"isRoot":true}}}`)
	file, other := filepath.Join(dir, "a.db"), filepath.Join(dir, "conf.db")
	if out, err := exec.Command("ovsdb-tool", "create", file, schema).CombinedOutput(); err != nil {
		t.Fatalf("ovsdb-tool: %v: %s", err, out)
	}
	f := startFakeIn(t, t.TempDir(), "--file", file)
	f.want("ovsdb-client list-dbs unix:DIR/db.sock", "A\n_Server\n")
	f.want(`ovsdb-client transact unix:DIR/db.sock ["A",{"op":"insert","table":"T","row":{"c":"x"}}]`, "uuid")
	if out, err := f.tool("ovs-appctl version"); err == nil {
		t.Errorf("there is a switch: %s", out)
	}
	f.end()
	f = startFakeIn(t, t.TempDir(), "--file", other)
	f.want("ovs-vsctl --timeout=10 --db=unix:DIR/db.sock add-br br0", "")
	f.end()
	f = startFakeIn(t, t.TempDir(), "--file", file, "--database", other)
	f.want("ovsdb-client -f csv dump unix:DIR/db.sock A T c", "T table\nc\nx\n")
	f.want("ovs-vsctl --timeout=10 --db=unix:DIR/db.sock add-br br1", "")
	f.want("ovs-appctl ofproto/list", "br0\nbr1\n")
}

// What is in the way of serving a file is named.
func TestFakeOfBadFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"empty": "", "text": "text\n", "cluster": "OVSDB CLUSTER 2 bf21a9e8fbc5a3846fb05b4fa0859e0917b2202f\n{}",
		"schema": "OVSDB JSON 2 bf21a9e8fbc5a3846fb05b4fa0859e0917b2202f\n{}",
		"server": "OVSDB JSON 25 7bfe0afea004730f63ea36c8aea14231b3bfdf46\n{\"name\":\"_A\",\"tables\":{}}",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	schema := writeSchema(t, `{"name":"A","tables":{}}`)
	switchFile := filepath.Join(dir, "conf.db")
	startFakeIn(t, t.TempDir(), "--file", switchFile).end()
	for _, tt := range []struct {
		args []string
		says string
	}{
		{[]string{"empty"}, dir + "/empty: the schema is missing"},
		{[]string{"text"}, dir + `/text: parse error at offset 0 in header line "text"`},
		{[]string{"cluster"}, dir + "/cluster: it is the file of a clustered database"},
		{[]string{"schema"}, "Required 'name' member is missing"},
		{[]string{"server"}, dir + `/server: names beginning with "_" are reserved`},
		{[]string{"none/file"}, "create the database file: " + dir + "/none/file"},
		{[]string{"conf.db", "--schema", schema}, switchFile + ": it is a database Open_vSwitch, not A"},
	} {
		var stdout, stderr bytes.Buffer
		args := append([]string{"fake", "--dir", t.TempDir(), "--file", filepath.Join(dir, tt.args[0])}, tt.args[1:]...)
		if got := run(testContext(t), args, &stdout, &stderr); got != exitFailed || stdout.Len() > 0 {
			t.Errorf("file %v: got exit code %d, stdout %q; want %d and nothing", tt.args, got, stdout.String(), exitFailed)
		}
		if !strings.Contains(stderr.String(), tt.says) {
			t.Errorf("file %v: got %q, want %s", tt.args, stderr.String(), tt.says)
		}
	}
}

func TestFakeWithoutSwitch(t *testing.T) {
	tier.Need(t, tier.Sandbox)
	f := startFakeIn(t, t.TempDir(), "--no-switch")
	f.want("ovs-vsctl --no-wait --db=unix:DIR/db.sock add-br br0", "")
	if out, err := f.tool("ovs-vsctl --timeout=1 --db=unix:DIR/db.sock add-br br1"); err == nil {
		t.Errorf("ovs-vsctl does not wait for the switch that there is not: %s", out)
	}
	f.want("ovs-vsctl --no-wait --db=unix:DIR/db.sock list-br", "br0\nbr1\n")
}

// What is in the way of a fake is named.
func TestFakeInTheWay(t *testing.T) {
	dir := t.TempDir()
	startFakeIn(t, dir)
	for _, tt := range []struct{ dir, says string }{
		{dir, "listen at " + dir + "/db.sock: another program does"},
		{dir + "/none", "directory of the sockets: stat " + dir + "/none: no such file or directory"},
		{filepath.Join(dir, strings.Repeat("x", 100)), "no such file or directory"},
	} {
		var stdout, stderr bytes.Buffer
		if got := run(testContext(t), []string{"fake", "--dir", tt.dir}, &stdout, &stderr); got != exitFailed {
			t.Errorf("directory %s: got exit code %d, want %d", tt.dir, got, exitFailed)
		}
		if !strings.Contains(stderr.String(), tt.says) || stdout.Len() > 0 {
			t.Errorf("directory %s: got stdout %q, stderr %q; want %s", tt.dir, stdout.String(), stderr.String(), tt.says)
		}
	}
	if _, err := os.Stat(dir + "/ovs-vswitchd.pid"); err != nil {
		t.Errorf("the fake that came too late has taken the pid file away: %v", err)
	}
}

func TestFakeVerbose(t *testing.T) {
	f := startFakeIn(t, t.TempDir(), "--verbose")
	f.end()
}
