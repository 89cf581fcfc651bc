// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/ovsproc/ovsproctest"
	"github.com/ovskit/ovskit/openflow/trace"
)

func TestTraceUsageErrors(t *testing.T) {
	for _, test := range []struct {
		args []string
		says string
	}{
		{nil, "got 0 arguments, want QUERY, or BRIDGE and FLOW"},
		{[]string{"br0"}, `query "br0" is not of the form`},
		{[]string{"web0 -> outside tcp"}, "needs a port, as in tcp/443"},
		{[]string{"web0 -> outside icmp", "--names"}, "--names is for BRIDGE FLOW"},
		{[]string{"br0", "in_port=1", "tcp"}, "got 3 arguments"},
		{[]string{"br0", "in_port=1", "--loud"}, "--loud"},
		{[]string{"br0", "in_port=1", "-o", "xml"}, `"xml"`},
		{[]string{"br0", "in_port=1", "--packet", "0g"}, `--packet "0g"`},
		{[]string{"br0", "in_port=1", "--packet", "00 0"}, "odd length"},
		{[]string{"br0", "in_port=1", "--packet", "00", "--generate"}, "generated as well"},
		{[]string{"br0", "in_port=1", "--rundir", "/x", "--ctl", "/x/ctl"}, "--rundir and --ctl"},
		{[]string{"br0", ""}, "empty"},
		{[]string{"br0", "in_port=1", "--ct-next", "-generate"}, `"-generate"`},
	} {
		var stdout, stderr bytes.Buffer
		got := run(testContext(t), append([]string{"trace"}, test.args...), &stdout, &stderr)
		if got != exitUsage || !strings.Contains(stderr.String(), test.says) || stdout.Len() != 0 {
			t.Errorf("%q: got exit code %d, stdout %q, stderr %q; want %d and %s on stderr",
				test.args, got, stdout.String(), stderr.String(), exitUsage, test.says)
		}
	}
}

func TestTraceWithoutSwitch(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("OVS_RUNDIR", dir)
	for _, test := range []struct {
		args []string
		says string
	}{
		{nil, filepath.Join(dir, "ovs-vswitchd.pid") + ": no such file or directory (does ovs-vswitchd run?"},
		{[]string{"--rundir", "/nonexistent"}, "/nonexistent"},
		{[]string{"--ctl", "/nonexistent/ctl"}, "/nonexistent/ctl: connect: no such file or directory (does ovs-vswitchd run?"},
	} {
		var stdout, stderr bytes.Buffer
		got := run(testContext(t), append([]string{"trace", "br0", "in_port=1"}, test.args...), &stdout, &stderr)
		if got != exitFailed || !strings.Contains(stderr.String(), test.says) || stdout.Len() != 0 {
			t.Errorf("%q: got exit code %d, stdout %q, stderr %q; want %d and %s on stderr",
				test.args, got, stdout.String(), stderr.String(), exitFailed, test.says)
		}
	}
}

// TestTraceText prints a real trace that package trace keeps.
func TestTraceText(t *testing.T) {
	text, err := os.ReadFile("../../openflow/trace/testdata/patch_twice.txt")
	if err != nil {
		t.Fatal(err)
	}
	r, err := trace.Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := printTrace(&out, r); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`TABLE +PRIORITY +MATCH +ACTIONS`,
		`br0:0 +100 +udp,in_port=1,tp_dst=30 +output:10`,
		`  br1:0 +3 +ip,in_port=11 +ct\(table=1\)`,
		` +-> A clone of the packet is forked.*`,
		` +resubmit\(,3\)`,
		`  br0:3 +32768 +any +output:3`,
		`recirculated as 0x[0-9a-f]+: zone 0, ct_state trk\|new \(not told, see --ct-next\); resumes in table 1`,
		`br1:1 +3 +any +output:4`,
		`datapath: 4`,
		`verdict: output to datapath ports 3, 4, 4`,
	} {
		if !regexp.MustCompile(`(?m)^` + line + `$`).MatchString(out.String()) {
			t.Errorf("got no line %q in\n%s", line, out.String())
		}
	}
}

func TestTraceReal(t *testing.T) {
	ovs := ovsproctest.Start(t, ovsproc.Options{Dummy: true})
	for _, line := range []string{
		"ovs-vsctl --db=" + ovs.DatabaseEndpoint() + " add-br br0 -- set bridge br0 datapath_type=dummy fail-mode=secure" +
			" -- add-port br0 p1 -- set interface p1 type=dummy ofport_request=1" +
			" -- add-port br0 p2 -- set interface p2 type=dummy ofport_request=2",
		"ovs-ofctl add-flow " + ovs.Management("br0") + " in_port=1,udp,actions=ct(table=1)",
		"ovs-ofctl add-flow " + ovs.Management("br0") + " table=1,ct_state=+est,udp,actions=output:2",
		"ovs-ofctl add-flow " + ovs.Management("br0") + " in_port=1,arp,actions=output:2",
	} {
		words := strings.Fields(line)
		if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
	}
	t.Setenv("OVS_RUNDIR", "")
	frame := "ffffffffffff 505400000001 0806" + strings.Repeat("00", 28)
	for _, test := range []struct {
		args    []string
		code    int
		verdict string
		stderr  string
	}{
		{[]string{"br0", "in_port=1,udp", "--ct-next", "trk,est", "--names"}, exitDone, "output to datapath port p2", ""},
		{[]string{"br0", "in_port=1,udp"}, exitDone, "dropped", ""},
		{[]string{"br0", "in_port=1", "--names", "--packet", frame}, exitDone, "output to datapath port p2", ""},
		{[]string{"br0", "in_port=p1,arp", "--names", "--generate"}, exitDone, "output to datapath port p2", ""},
		{[]string{"br9", "in_port=1"}, exitFailed, "", `trace on bridge "br9": unknown bridge`},
		{[]string{"br0", "bla=1"}, exitFailed, "", "unknown field bla"},
	} {
		args := append([]string{"trace", "--rundir", ovs.Dir()}, test.args...)
		var stdout, stderr bytes.Buffer
		if got := run(testContext(t), args, &stdout, &stderr); got != test.code {
			t.Errorf("%q: got exit code %d, want %d; stderr %q", test.args, got, test.code, stderr.String())
		}
		if _, verdict, _ := strings.Cut(stdout.String(), "verdict: "); strings.TrimSpace(verdict) != test.verdict {
			t.Errorf("%q: got verdict %q, want %q in\n%s", test.args, verdict, test.verdict, stdout.String())
		}
		if !strings.Contains(stderr.String(), test.stderr) || (test.stderr == "") != (stderr.Len() == 0) {
			t.Errorf("%q: got stderr %q, want %q", test.args, stderr.String(), test.stderr)
		}
	}

	var stdout, stderr bytes.Buffer
	args := []string{"trace", "br0", "in_port=1,udp", "--ct-next", "trk,est", "--rundir", ovs.Dir(), "-o", "json"}
	if got := run(testContext(t), args, &stdout, &stderr); got != exitDone {
		t.Fatalf("json: got exit code %d, stderr %q", got, stderr.String())
	}
	var got struct {
		Verdict traceVerdict `json:"verdict"`
		trace.Result
	}
	d := json.NewDecoder(&stdout)
	d.DisallowUnknownFields()
	if err := d.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if len(got.Verdict.Outputs) != 1 || got.Verdict.Dropped || len(got.Passes) != 2 || len(got.Tables()) != 2 {
		t.Errorf("json: got %+v", got)
	}
}
