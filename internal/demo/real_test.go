// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/internal/testbed"
	"github.com/ovskit/ovskit/internal/tier"
	"github.com/ovskit/ovskit/openflow"
	"github.com/ovskit/ovskit/openflow/trace"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// leftovers are the namespaces and directories of testbeds of the name.
func leftovers(t *testing.T, name string) (found []string) {
	t.Helper()
	names, err := netns.Names()
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(node.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	for _, n := range names {
		if strings.HasPrefix(n, "ovskit-"+name+"-") {
			found = append(found, n)
		}
	}
	return found
}

func TestDemoReal(t *testing.T) {
	tier.Need(t, tier.System)
	name := fmt.Sprintf("demot%d", os.Getpid())
	r, err := Run(testContext(t), Options{Switch: Real, name: name})
	if err != nil {
		t.Fatal(err)
	}
	checkOK(t, r, 3)
	if left := leftovers(t, name); left != nil {
		t.Errorf("left behind: %q", left)
	}
}

func TestDemoRealCancelled(t *testing.T) {
	tier.Need(t, tier.System)
	name := fmt.Sprintf("democ%d", os.Getpid())
	ctx, cancel := context.WithCancel(testContext(t))
	defer cancel()
	_, err := Run(ctx, Options{Switch: Real, name: name, Progress: func(line string) {
		if line == networkUp {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if left := leftovers(t, name); left != nil {
		t.Errorf("left behind: %q", left)
	}
}

// What is kept outlives its program, and stays until it is told to go.
func TestDemoRealKept(t *testing.T) {
	tier.Need(t, tier.System)
	name := fmt.Sprintf("demok%d", os.Getpid())
	t.Cleanup(func() { _, _ = testbed.RemoveKept(name) })
	child := exec.CommandContext(testContext(t), os.Args[0])
	child.Env = append(os.Environ(), childName+"="+name, childKeeps+"=1")
	if out, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if removed, err := node.Collect(testContext(t), name); err != nil || removed != nil {
		t.Errorf("a later run removes %q, error %v; want nothing", removed, err)
	}
	kept, err := node.Kept()
	if err != nil {
		t.Fatal(err)
	}
	kept = slices.DeleteFunc(kept, func(n string) bool { return !strings.HasPrefix(n, "ovskit-"+name+"-") })
	if len(kept) != 1 {
		t.Fatalf("kept %q, want one node", kept)
	}
	db, err := vswitch.Dial(testContext(t), ovsdb.Options{Endpoint: "unix:" + node.Dir + "/" + kept[0] + "/db.sock"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(db.Ports()), 5; got != want {
		t.Errorf("ports in the kept database: got %d, want %d", got, want)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	checkExplained(t, filepath.Join(node.Dir, kept[0]))
	if removed, err := testbed.RemoveKept(name); err != nil || !slices.Equal(removed, kept) {
		t.Errorf("removed %q, error %v; want %q", removed, err, kept)
	}
	if left := leftovers(t, name); left != nil {
		t.Errorf("left behind: %q", left)
	}
}

// checkExplained wants a kept switch to be explained by the intents beside it.
func checkExplained(t *testing.T, dir string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, IntentsFile))
	if err != nil {
		t.Fatal(err)
	}
	var intents flows.Intents
	if err := json.Unmarshal(text, &intents); err != nil {
		t.Fatal(err)
	}
	q, err := flows.ParseQuery(fmt.Sprintf("outside -> host tcp/%d", publishedPort))
	if err != nil {
		t.Fatal(err)
	}
	e, err := intents.Explain(testContext(t), q, func(ctx context.Context, packet string) (*trace.Result, error) {
		return trace.Packet(ctx, intents.Bridge, packet, trace.Options{RunDir: dir})
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := `endpoint "web0"`; e.Verdict.Outcome != flows.Delivered || e.Verdict.To != want {
		t.Errorf("%s: got %s, want it delivered to %s", q, e.Verdict, want)
	}
	conn, err := openflow.Dial(testContext(t), "unix:"+filepath.Join(dir, intents.Bridge+".mgmt"), openflow.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c, err := intents.Counters(testContext(t), conn)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Strays) > 0 || len(c.Endpoints) == 0 || len(c.Published) == 0 ||
		slices.ContainsFunc(c.Endpoints, func(e flows.EndpointCounters) bool { return e.Absent }) ||
		slices.ContainsFunc(c.Published, func(p flows.PublishedCounters) bool { return p.Absent }) {
		t.Errorf("got the counters %+v, want endpoints and published ports that are on the switch, and no stray flows", c)
	}
}

// What a killed run leaves is removed by the next one.
func TestDemoRealKilled(t *testing.T) {
	tier.Need(t, tier.System)
	name := fmt.Sprintf("demox%d", os.Getpid())
	child := exec.CommandContext(testContext(t), os.Args[0])
	child.Env = append(os.Environ(), childName+"="+name)
	child.Stderr = os.Stderr
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && lines.Text() != networkUp {
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	if left := leftovers(t, name); left == nil {
		t.Error("the killed demo left nothing: this test tests nothing")
	}

	r, err := Run(testContext(t), Options{Switch: Real, Egress: Uplink, name: name})
	if err != nil {
		t.Fatal(err)
	}
	checkOK(t, r, 1)
	if left := leftovers(t, name); left != nil {
		t.Errorf("left behind: %q", left)
	}
}
