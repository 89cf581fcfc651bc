// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/ovsproc/ovsproctest"
	"github.com/ovskit/ovskit/internal/tier"
)

// tools runs the programs of Open vSwitch on what is in a directory, as its own tests do.
type tools struct {
	t   *testing.T
	dir string
}

// run returns the output and the errors of a command line, in words, with what differs from run to run replaced.
func (o *tools) run(line string) string {
	o.t.Helper()
	text := strings.ReplaceAll(o.runAsIs(line), o.dir, "DIR")
	for _, r := range volatile {
		text = r.ReplaceAllString(text, "$1=X")
	}
	return text
}

// runAsIs is run with nothing replaced.
func (o *tools) runAsIs(line string) string {
	o.t.Helper()
	args := strings.Fields(line)
	switch args[0] {
	case "ovs-vsctl":
		args = append([]string{args[0], "--timeout=5", "--db=unix:" + o.dir + "/db.sock"}, args[1:]...)
	case "ovs-appctl":
		args = append([]string{args[0], "--timeout=5"}, args[1:]...)
	}
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "DIR", o.dir)
	}
	ctx, cancel := context.WithTimeout(o.t.Context(), 20*time.Second)
	defer cancel()
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Env = append(os.Environ(), "OVS_RUNDIR="+o.dir)
	out, err := c.CombinedOutput()
	text := string(out)
	if err != nil {
		text += err.Error() + "\n"
	}
	return text
}

var volatile = []*regexp.Regexp{
	regexp.MustCompile(`\b(duration|idle_age|hard_age|xid|hash)=[0-9a-fx.]+`), regexp.MustCompile(`(recirc|recirc_id)\(0x[0-9a-f]+\)`),
	regexp.MustCompile(`(used):[0-9.]+s`), regexp.MustCompile(`(active member mac|Recirc-ID ): ?[0-9a-f:]+`),
	regexp.MustCompile(`(bond0\t\S+)\t\d.*`),
	regexp.MustCompile(`()[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`),
}

// dummySwitch are the commands that make the switch of the comparisons.
var dummySwitch = []string{
	"ovs-vsctl --no-wait init",
	"ovs-vsctl add-br br0 -- set bridge br0 datapath-type=dummy fail-mode=secure other-config:hwaddr=aa:55:aa:55:00:00 " +
		"-- add-port br0 p1 -- set interface p1 type=dummy ofport_request=1 " +
		"-- add-port br0 p2 -- set interface p2 type=dummy ofport_request=2 -- add-port br0 v1 -- set interface v1 type=internal",
	"ovs-ofctl add-flow br0 priority=10,udp,in_port=1,actions=ct(commit,zone=5),output:2",
	"ovs-ofctl add-flow br0 table=1,actions=normal",
	"ovs-ofctl add-flow br0 priority=5,in_port=2,actions=1",
}

// TestControlSocketsAsReal asks both programs of the fake and of Open vSwitch the same by ovs-appctl.
func TestControlSocketsAsReal(t *testing.T) { sameAnswers(t, "appctl.txt") }

func TestBondsAsReal(t *testing.T) { sameAnswers(t, "bonds.txt") }

func TestLimitedDatapathAsReal(t *testing.T) { sameAnswers(t, "features.txt") }

func TestDropsAsReal(t *testing.T) { sameAnswers(t, "drops.txt") }

func TestRenumberAsReal(t *testing.T) { sameAnswers(t, "renumber.txt") }

// sameAnswers runs the command lines of a file on the fake and on Open vSwitch, which have to say the same.
func sameAnswers(t *testing.T, file string) {
	t.Helper()
	tier.Need(t, tier.Sandbox)
	fake := &tools{t, fakeovs.New(t).Dir()}
	real := &tools{t, ovsproctest.Start(t, ovsproc.Options{Dummy: true}).Dir()}
	for _, line := range dummySwitch {
		if got, want := fake.run(line), real.run(line); got != want || got != "" {
			t.Fatalf("%s: the fake says %q, Open vSwitch says %q; want nothing", line, got, want)
		}
	}
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if got, want := fake.run(line), real.run(line); got != want {
			t.Errorf("%s:\ngot from the fake\n%swant as from Open vSwitch\n%s", line, got, want)
		}
	}
}

// A flow of the datapath is found by the UFID that it is dumped with.
func TestFlowByUFID(t *testing.T) {
	tier.Need(t, tier.Sandbox)
	fake := &tools{t, fakeovs.New(t).Dir()}
	real := &tools{t, ovsproctest.Start(t, ovsproc.Options{Dummy: true}).Dir()}
	var found []string
	for _, o := range []*tools{fake, real} {
		for _, line := range append(slices.Clone(dummySwitch), "ovs-appctl time/stop",
			"ovs-appctl netdev-dummy/receive p2 in_port(2),eth(src=50:54:00:00:00:09,dst=50:54:00:00:00:0a),eth_type(0x1234)") {
			o.run(line)
		}
		ufid := regexp.MustCompile(`ufid:\S+`).FindString(o.runAsIs("ovs-appctl dpif/dump-flows -m br0"))
		found = append(found, o.run("ovs-appctl dpctl/get-flow "+ufid))
	}
	if found[0] != found[1] || !strings.Contains(found[0], "in_port(2)") {
		t.Errorf("got %q from the fake, %q from Open vSwitch; want a flow of port 2", found[0], found[1])
	}
}

// The commands that the fake has are some of the real ones, with the same usage.
func TestListCommands(t *testing.T) {
	tier.Need(t, tier.Sandbox)
	fake := &tools{t, fakeovs.New(t).Dir()}
	real := &tools{t, ovsproctest.Start(t, ovsproc.Options{Dummy: true}).Dir()}
	if got := real.run("ovs-vsctl init"); got != "" { // until then the real one does not know most of its own
		t.Fatal(got)
	}
	for _, program := range []string{"ovs-vswitchd", "ovsdb-server"} {
		has := map[string]bool{}
		for line := range strings.Lines(real.run("ovs-appctl -t " + program + " list-commands")) {
			has[line] = true
		}
		for line := range strings.Lines(fake.run("ovs-appctl -t " + program + " list-commands")) {
			if !has[line] {
				t.Errorf("%s: Open vSwitch has no line %q", program, line)
			}
		}
	}
}
