// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/internal/switchtest"
)

// command runs the command and returns its exit code and output.
func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(testContext(t), args, &out, &err)
	return code, out.String(), err.String()
}

func TestAttachUsage(t *testing.T) {
	for _, test := range []struct{ args, says string }{
		{"attach --netns web", "--bridge is missing"},
		{"attach --bridge br0", "--netns is missing"},
		{"attach --bridge br0 --netns web --kind rope", `"rope"`},
		{"attach --bridge br0 --netns web --ip 10.0.0.1", `"10.0.0.1"`},
		{"attach --bridge br0 --netns web --gateway there", `"there"`},
		{"attach --bridge br0 --netns web --route 10.0.0.0/8,there", `"there"`},
		{"attach --bridge br0 --netns web --mac 1", `"1"`},
		{"attach --bridge br0 --netns web --trunks 1,5000", "5000"},
		{"attach --bridge br0 --netns web --external-id key", `"key"`},
		{"attach --bridge br0 --netns web -o xml", `"xml"`},
		{"attach --bridge br0 --netns web --vlan 4096", "VLAN 4096"},
		{"attach --bridge br0 --netns web --mtu 67", "MTU 67"},
		{"attach --bridge br0 --netns web --name sixteen-bytes-xx", `"sixteen-bytes-xx"`},
		{"attach --bridge br0 --netns web --ifname a/b", `"a/b"`},
		{"attach --bridge br0 --netns web --ip 10.0.0.2/24 --gateway 10.0.1.1", "10.0.1.1"},
		{"attach --bridge br0 --netns web --ofport 65280", "65280"},
		{"attach --bridge br0 --netns web --mac 01:00:00:00:00:01", "01:00:00:00:00:01"},
		{"attach --bridge br0 --netns web --external-id ovskit-owner=me", "ovskit-owner"},
		{"attach --bridge br0 --kind device --netns web --name eth1", "namespace"},
		{"status --timeout 0", "--timeout 0s"},
		{"status --owner=", "--owner is empty"},
		{"gc --grace -1s", "--grace -1s"},
		{"detach", "no port given"},
		{"gc now", `"now"`},
	} {
		code, stdout, stderr := command(t, strings.Fields(test.args)...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, test.says) {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q; want %d and %s", test.args, code, stdout, stderr, exitUsage, test.says)
		}
	}
	code, _, stderr := command(t, "gc", "--db", "unix:/nowhere/db.sock")
	if code != exitFailed || !strings.Contains(stderr, "/nowhere/db.sock") || !strings.Contains(stderr, "does ovsdb-server run?") {
		t.Errorf("gc without a database: exit code %d, stderr %q; want %d and a hint", code, stderr, exitFailed)
	}
}

// TestAttachDetachCollect goes through the life of a port as an operator would.
func TestAttachDetachCollect(t *testing.T) {
	n := nodetest.New(t)
	db := switchtest.Dial(t, n.OVS().DatabaseEndpoint())
	if _, err := bridge.Ensure(testContext(t), db, bridge.Config{Name: "br0", Datapath: nodetest.Datapath(), SwitchNetns: n.Host().Path()}); err != nil {
		t.Fatal(err)
	}
	web := nodetest.Endpoint(t, n, "web")
	where := []string{"--db", n.OVS().DatabaseEndpoint(), "--switch-netns", n.Host().Path()}
	ok := func(args ...string) string {
		t.Helper()
		code, stdout, stderr := command(t, append(args, where...)...)
		if code != exitDone || stderr != "" {
			t.Fatalf("%q: exit code %d, stderr %q", args, code, stderr)
		}
		return stdout
	}
	attach := []string{
		"attach", "--bridge", "br0", "--netns", web.Name(), "--name", "web0", "--ip", "10.1.0.2/24", "--gateway", "10.1.0.1",
		"--vlan", "7", "--container", "c1",
	}
	if got := ok(attach...); !strings.HasPrefix(got, "port web0 of bridge br0, OpenFlow port ") || !strings.Contains(got, "10.1.0.2/24") {
		t.Errorf("attach printed %q", got)
	}
	var described struct {
		Name, Bridge, Netns, Ifname, MAC string
		OFPort                           int
		VLAN                             struct{ Tag int }
		Addrs                            []string
	}
	if err := json.Unmarshal([]byte(ok(append(attach, "-o", "json")...)), &described); err != nil {
		t.Fatal(err)
	}
	if described.Name != "web0" || described.Bridge != "br0" || described.OFPort == 0 || described.VLAN.Tag != 7 ||
		described.Ifname != "eth0" || len(described.Addrs) != 1 || described.MAC == "" {
		t.Errorf("attach -o json printed %+v", described)
	}
	if got, want := ok("gc"), "nothing to collect\n"; got != want {
		t.Errorf("gc printed %q, want %q", got, want)
	}
	code, stdout, stderr := command(t, "gc", "--db", n.OVS().DatabaseEndpoint(), "--switch-netns", web.Name())
	if code != exitFailed || stdout != "" || !strings.Contains(stderr, "--switch-netns") {
		t.Errorf("gc where the switch is not: exit code %d, stdout %q, stderr %q; want %d and a hint", code, stdout, stderr, exitFailed)
	}
	if got := ok("status", "--check"); !strings.Contains(got, "bridge br0: datapath netdev") ||
		!strings.Contains(got, web.Name()+"/eth0") || !strings.Contains(got, "10.1.0.2/24") {
		t.Errorf("status printed %q", got)
	}
	nodetest.DeleteLink(t, web, "eth0")
	code, stdout, stderr = command(t, append([]string{"status", "--check"}, where...)...)
	if code != exitFailed || stderr != "" || !strings.Contains(stdout, "port web0: ") {
		t.Errorf("status of a port without its interface: exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	for _, step := range []struct{ args, want string }{
		{"gc --dry-run", "would be marked"}, {"gc", "marked"}, {"gc --dry-run", "would be removed"}, {"gc", "removed"},
		{"gc", "nothing to collect"},
	} {
		if got := ok(strings.Fields(step.args)...); !strings.Contains(got, step.want) {
			t.Errorf("%s printed %q, want %q", step.args, got, step.want)
		}
	}
	ok(attach...)
	if got, want := ok("detach", "web0"), "detached web0\n"; got != want {
		t.Errorf("detach printed %q, want %q", got, want)
	}
	code, _, stderr = command(t, append([]string{"detach", "web0"}, where...)...)
	if code != exitFailed || !strings.Contains(stderr, `"web0"`) {
		t.Errorf("second detach: exit code %d, stderr %q; want %d and the name", code, stderr, exitFailed)
	}
}
