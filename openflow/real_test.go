// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/ovsproc/ovsproctest"
	of "github.com/ovskit/ovskit/openflow"
)

// versions are those that are spoken here.
var versions = []of.Version{of.Version13, of.Version14, of.Version15}

// eachVersion runs a subtest in each version since one.
func eachVersion(t *testing.T, since of.Version, test func(t *testing.T, v of.Version)) {
	t.Helper()
	for _, v := range versions {
		if v >= since {
			t.Run(v.String(), func(t *testing.T) { test(t, v) })
		}
	}
}

func testContext(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// realSwitch starts an Open vSwitch with the bridge br0, which has the ports 1 and 2. It is the test's own.
func realSwitch(t *testing.T) *ovsproc.OVS {
	t.Helper()
	ovs := ovsproctest.Start(t, ovsproc.Options{Dummy: true})
	vsctl(t, ovs, strings.Fields("add-br br0 -- set bridge br0 datapath_type=dummy fail-mode=secure"+
		" -- add-port br0 p1 -- set interface p1 type=dummy ofport_request=1"+
		" -- add-port br0 p2 -- set interface p2 type=dummy ofport_request=2")...)
	return ovs
}

// dial connects to a switch until the test ends, in a version or by default in 1.3.
func dial(t *testing.T, endpoint string, offer ...of.Version) *of.Conn {
	t.Helper()
	c, err := of.Dial(testContext(t), endpoint, of.Options{Versions: offer})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// everything are the reasons that there are for a switch to say something of its own accord.
var everything = of.AsyncMasks{PacketIn: 0x3f, PortStatus: 7, FlowRemoved: 0x3f, RoleStatus: 7, TableStatus: 0x18, RequestForward: 3}

// attend connects in a version and has the switch say everything that it may say of its own accord.
func attend(t *testing.T, endpoint string, v of.Version) (*of.Conn, *of.Subscription) {
	t.Helper()
	c := dial(t, endpoint, v)
	s := c.Subscribe(of.SubscribeOptions{})
	t.Cleanup(func() { s.Close() })
	if err := c.SetAsync(testContext(t), of.AsyncConfig{Primary: everything, Secondary: everything}); err != nil {
		t.Fatal(err)
	}
	return c, s
}

// next is the next message of a subscription, which must have one.
func next(t *testing.T, s *of.Subscription) of.Message {
	t.Helper()
	m, err := s.Next(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// nextOf is the next message of a subscription, which must be of a type.
func nextOf[M of.Message](t *testing.T, s *of.Subscription) M {
	t.Helper()
	m := next(t, s)
	want, ok := m.(M)
	if !ok {
		t.Fatalf("the switch says %T %+v, want %T", m, m, want)
	}
	return want
}

// said is all that waits in a subscription when the switch has carried out what it was sent.
func said(t *testing.T, c *of.Conn, s *of.Subscription) (all []of.Message) {
	t.Helper()
	must(t, c.Barrier(testContext(t)))
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for {
		m, err := s.Next(ended)
		if errors.Is(err, context.Canceled) {
			return all
		}
		must(t, err)
		all = append(all, m)
	}
}

// quiet makes sure that nothing waits in a subscription when the switch has carried out what it was sent.
func quiet(t *testing.T, c *of.Conn, s *of.Subscription) {
	t.Helper()
	if all := said(t, c, s); len(all) > 0 {
		t.Fatalf("the switch says %+v, want nothing", all)
	}
}

// must ends the test if something has failed.
func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// deleteAll deletes the flows of all tables.
var deleteAll = of.FlowMod{Command: of.FlowDelete, Flow: of.Flow{Table: of.AllTables}}

// emptied deletes all that a switch holds.
func emptied(t *testing.T, c *of.Conn) {
	t.Helper()
	must(t, c.Apply(testContext(t), deleteAll, of.GroupMod{Command: of.GroupDelete, Group: of.Group{ID: of.GroupAll}},
		of.MeterMod{Command: of.MeterDelete, MeterConfig: of.MeterConfig{ID: of.MeterAll}}))
}

func flowsOf(t *testing.T, c *of.Conn) map[string]of.Flow {
	t.Helper()
	stats, err := c.Flows(testContext(t), of.FlowFilter{})
	if err != nil {
		t.Fatal(err)
	}
	flows := make(map[string]of.Flow, len(stats))
	for _, s := range stats {
		flows[s.Key()] = s.Flow
	}
	return flows
}

// ofctl runs ovs-ofctl in a version of the protocol, and returns what it prints.
func ofctl(t *testing.T, v of.Version, args ...string) string {
	t.Helper()
	return run(t, "", "ovs-ofctl", append([]string{"-O" + v.String()}, args...)...)
}

// addFlowLines has ovs-ofctl add flows, one a line.
func addFlowLines(t *testing.T, v of.Version, endpoint, lines string) {
	t.Helper()
	run(t, lines, "ovs-ofctl", "-O"+v.String(), "add-flows", endpoint, "-")
}

func vsctl(t *testing.T, ovs *ovsproc.OVS, args ...string) {
	t.Helper()
	run(t, "", "ovs-vsctl", append([]string{"--db=" + ovs.DatabaseEndpoint()}, args...)...)
}

func appctl(t *testing.T, ovs *ovsproc.OVS, args ...string) string {
	t.Helper()
	ctl := filepath.Join(ovs.Dir(), "ovs-vswitchd."+strconv.Itoa(ovs.SwitchPID())+".ctl")
	return run(t, "", "ovs-appctl", append([]string{"-t", ctl}, args...)...)
}

// run runs a program on an input, and returns what it prints.
func run(t *testing.T, input, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	if input != "" {
		cmd.Stdin = strings.NewReader(input)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %.300v: %v\n%s", program, args, err, out)
	}
	return string(out)
}

// ofpPrint is what ovs-ofctl reads in a message.
func ofpPrint(t *testing.T, b []byte) string {
	t.Helper()
	return run(t, "", "ovs-ofctl", "ofp-print", hex.EncodeToString(b), "2")
}

// ofpPrintAll is what ovs-ofctl reads in each of some messages, whose transaction numbers count from 1.
func ofpPrintAll(t *testing.T, messages [][]byte) (texts []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "messages")
	must(t, os.WriteFile(file, bytes.Join(messages, nil), 0o600))
	rest := run(t, "", "ovs-ofctl", "-m", "-m", "ofp-parse", file)
	for i := range messages {
		end := len(rest)
		if i+1 < len(messages) {
			if end = strings.Index(rest, fmt.Sprintf("(xid=0x%x)", i+2)); end < 0 {
				t.Fatalf("message %d is not printed:\n% x\n%s", i+2, messages[i+1], rest)
			}
			end = strings.LastIndex(rest[:end], "\n") + 1
		}
		texts, rest = append(texts, rest[:end]), rest[end:]
	}
	return texts
}
