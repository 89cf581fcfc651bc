// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/demo"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/internal/unixctl"
	"github.com/ovskit/ovskit/openflow"
	"github.com/ovskit/ovskit/port"
)

// declared is a switch with the endpoints web0 and web1, whose intents are in a file.
type declared struct {
	*switchtest.Switch
	intents flows.Intents
	file    string
	ports   *port.Manager
	conn    *openflow.Conn
}

func declare(t *testing.T, s *switchtest.Switch) *declared {
	t.Helper()
	ctx := testContext(t)
	d := &declared{Switch: s, file: filepath.Join(t.TempDir(), demo.IntentsFile)}
	br, err := bridge.Ensure(ctx, s.DB, bridge.Config{Name: "br0", Datapath: s.Datapath})
	if err != nil {
		t.Fatal(err)
	}
	if d.ports, err = port.Open(s.DB, port.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.ports.Close() })
	web := flows.Network{Name: "web", Gateways: []netip.Prefix{netip.MustParsePrefix("10.1.0.1/24"), netip.MustParsePrefix("fd00:1::1/64")}}
	d.intents = flows.Intents{Bridge: "br0", Owner: "check", Objects: []flows.Object{
		flows.Host{MAC: br.MAC, Addrs: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/24")}}, web,
	}}
	for i, name := range []string{"web0", "web1"} {
		mac := net.HardwareAddr{2, 0, 0, 0, 0, byte(2 + i)}
		s.AddDevice(t, name)
		p, err := d.ports.Attach(ctx, port.Config{Bridge: "br0", Name: name, Kind: port.Device, Type: s.DeviceType, MAC: mac})
		if err != nil {
			t.Fatal(err)
		}
		d.intents.Objects = append(d.intents.Objects, flows.Endpoint{
			Name: name, Network: "web", Port: p.OFPort, MAC: mac,
			Addrs: []netip.Addr{netip.AddrFrom4([4]byte{10, 1, 0, byte(2 + i)}), netip.AddrFrom16([16]byte{0xfd, 3: 1, 15: byte(2 + i)})},
		})
	}
	if d.conn, err = openflow.Dial(ctx, br.Management(), openflow.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.conn.Close() })
	set, err := flows.Compile(flows.Options{Owner: d.intents.Owner}, d.intents.Objects...)
	if err != nil {
		t.Fatal(err)
	}
	var adds []openflow.Modification
	for _, f := range set {
		adds = append(adds, openflow.Add(f))
	}
	if err := d.conn.Bundle(ctx, adds...); err != nil {
		t.Fatal(err)
	}
	d.write(t)
	return d
}

// write writes the file of intents.
func (d *declared) write(t *testing.T) {
	t.Helper()
	text, err := json.Marshal(d.intents)
	if err == nil {
		err = os.WriteFile(d.file, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// check runs the command and wants an exit code.
func (d *declared) check(t *testing.T, want int, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	args = append([]string{"check", "--db", d.Endpoint, "--intents", d.file, "--no-kernel"}, args...)
	if got := run(testContext(t), args, &stdout, &stderr); got != want || stderr.Len() > 0 {
		t.Errorf("%q: got exit code %d, stderr %q; want %d and nothing; stdout\n%s", args, got, stderr.String(), want, stdout.String())
	}
	return stdout.String()
}

// findings runs the command and returns what it found, as "AREA OBJECT".
func (d *declared) findings(t *testing.T) (found []string, all string) {
	t.Helper()
	all = d.check(t, exitFailed, "-o", "json")
	var r report
	if err := json.Unmarshal([]byte(all), &r); err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		found = append(found, strings.TrimSpace(f.Area+" "+f.Object))
	}
	return found, all
}

func TestCheck(t *testing.T) {
	switchtest.Each(t, func(t *testing.T, s *switchtest.Switch) {
		d := declare(t, s)
		if got, want := d.check(t, exitDone), "bridge br0 is as its 4 intents want it\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if out := d.check(t, exitDone, "-o", "json"); !strings.Contains(out, `"findings": []`) || !strings.Contains(out, `"ok": true`) {
			t.Errorf("got %s, want no findings", out)
		}

		ctx := testContext(t)
		if err := d.conn.Bundle(ctx, openflow.FlowMod{Command: openflow.FlowDelete, Flow: openflow.Flow{Table: 70}}); err != nil {
			t.Fatal(err)
		}
		out := d.check(t, exitFailed)
		for _, want := range []string{"AREA", `flows  endpoint "web0"  cookie=`, "table=70", "is missing; so are 1 more", "bridge br0: 4 findings"} {
			if !strings.Contains(out, want) {
				t.Errorf("got no %q in\n%s", want, out)
			}
		}
		if whole := d.check(t, exitFailed, "--flows"); strings.Count(whole, "table=70") != 4 {
			t.Errorf("got\n%s\nwant all 4 flows of table 70", whole)
		}

		// What is attached at the port has another MAC, and then is gone; the host's has changed, too.
		web0 := d.intents.Objects[2].(flows.Endpoint)
		web0.MAC = net.HardwareAddr{2, 0, 0, 0, 0, 9}
		host := d.intents.Objects[0].(flows.Host)
		host.MAC = net.HardwareAddr{2, 0, 0, 0, 0, 8}
		d.intents.Objects[0], d.intents.Objects[2] = host, web0
		d.write(t)
		found, text := d.findings(t)
		for _, want := range []string{"ports host", `ports endpoint "web0"`} {
			if !strings.Contains(strings.Join(found, "\n"), want) {
				t.Errorf("got no finding %q in %s", want, text)
			}
		}
		if err := d.ports.Detach(ctx, "web1"); err != nil {
			t.Fatal(err)
		}
		if found, text = d.findings(t); !strings.Contains(strings.Join(found, "\n"), `ports endpoint "web1"`) ||
			!strings.Contains(text, "no port of bridge br0 has the OpenFlow number") {
			t.Errorf("got no finding of the port that is gone in %s", text)
		}
		d.intents.Owner = "somebody"
		d.write(t)
		if text = d.check(t, exitFailed); !strings.Contains(text, `is another owner's than "somebody"`) {
			t.Errorf("got no word of the owner in\n%s", text)
		}
		d.intents.Bridge = "br9"
		d.write(t)
		if _, text = d.findings(t); !strings.Contains(text, `there is no bridge \"br9\", only: br0`) {
			t.Errorf("got %s, want no bridge", text)
		}
	})
}

// A port whose device is down is found as soon as the database says so.
func TestCheckDownPort(t *testing.T) {
	s := switchtest.Sandbox(t)
	d := declare(t, s)
	set := func(state string) {
		t.Helper()
		socket, err := unixctl.Socket(s.Real.Dir(), "ovs-vswitchd")
		if err == nil {
			_, err = unixctl.Call(testContext(t), socket, "netdev-dummy/set-admin-state", "web1", state)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := s.DB.Wait(testContext(t), func() (bool, error) {
			i, ok := s.DB.Interface("web1")
			return ok && i.AdminState != nil && *i.AdminState == state, nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	set("down")
	if out := d.check(t, exitFailed); !strings.Contains(out, `ports  endpoint "web1"  nothing passes the port web1: its device is down`) {
		t.Errorf("got no finding of the device in\n%s", out)
	}
	set("up")
	d.check(t, exitDone)
}

// A query is answered by the intents in a file.
func TestTraceQuery(t *testing.T) {
	switchtest.Each(t, func(t *testing.T, s *switchtest.Switch) {
		d := declare(t, s)
		at := []string{"--intents", d.file}
		if s.Real != nil {
			at = append(at, "--rundir", s.Real.Dir())
		} else {
			at = append(at, "--ctl", s.Fake.SwitchControl())
		}
		ask := func(want int, args ...string) (string, string) {
			t.Helper()
			var stdout, stderr bytes.Buffer
			args = append(append([]string{"trace"}, args...), at...)
			if got := run(testContext(t), args, &stdout, &stderr); got != want {
				t.Errorf("%q: got exit code %d, want %d; stdout %q, stderr %q", args, got, want, stdout.String(), stderr.String())
			}
			return stdout.String(), stderr.String()
		}
		out, _ := ask(exitDone, "web0 -> web1 tcp/80")
		for _, want := range []string{
			"web0 -> web1 tcp/80: delivered to endpoint \"web1\"\n  because:     endpoints of network \"web\" reach each other\n" +
				"  decided by:  no rule\n  packet:      tcp 10.1.0.2:40000 > 10.1.0.3:80\n  reply:       tcp 10.1.0.3:80 > 10.1.0.2:40000\n\n",
			`endpoint "web0" sends tcp 10.1.0.2:40000 > 10.1.0.3:80 into port `, "TABLE", `10     source         endpoint "web0"`,
		} {
			if !strings.Contains(out, want) {
				t.Errorf("got no %q in\n%s", want, out)
			}
		}
		if strings.Contains(out, "goto_table") {
			t.Errorf("got actions without --flows:\n%s", out)
		}
		if out, _ = ask(exitDone, "-6", "--flows", "web0 -> web1 tcp/80"); !strings.Contains(out, "[fd00:1::3]:80") || !strings.Contains(out, "goto_table:15") {
			t.Errorf("got\n%s\nwant IPv6 addresses and actions", out)
		}
		out, _ = ask(exitDone, "web1 -> outside udp/53", "-o", "json")
		var e flows.Explanation
		if err := json.Unmarshal([]byte(out), &e); err != nil {
			t.Fatal(err)
		}
		if e.Verdict.Outcome != flows.Dropped || e.Verdict.Table != "from endpoint" || len(e.Legs) != 1 || len(e.Legs[0].Steps) != 3 {
			t.Errorf("got %s, want a drop in the third table", out)
		}
		if _, says := ask(exitFailed, "nobody -> web0 tcp/80"); !strings.Contains(says, `endpoint "nobody" is not declared`) {
			t.Errorf("got %q", says)
		}
		d.intents.Bridge = "br9"
		d.write(t)
		if _, says := ask(exitFailed, "web0 -> web1 tcp/80"); !strings.Contains(says, "another switch") {
			t.Errorf("got %q", says)
		}
	})
}

// A switch that does not answer is not waited for longer than asked.
func TestHungSwitch(t *testing.T) {
	s := switchtest.Sandbox(t)
	d := declare(t, s)
	s.Hold(t)
	for _, args := range [][]string{
		{"check", "--db", d.Endpoint, "--no-kernel"}, {"counters"}, {"trace", "web0 -> web1 tcp/1"}, {"trace", "br0", "in_port=1"},
	} {
		var stdout, stderr bytes.Buffer
		args = append(args, "--rundir", s.Real.Dir(), "--intents", d.file, "--timeout", "200ms")
		got := run(testContext(t), args, &stdout, &stderr)
		if got != exitFailed || !strings.Contains(stderr.String(), "it runs, and does not answer") {
			t.Errorf("%q: got exit code %d, stderr %q", args, got, stderr.String())
		}
	}
}

func TestBadIntents(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct{ text, says string }{
		{"", "line 1: unexpected end"},
		{"[]", "line 1: want an object, got an array"},
		{"{}", "version 0"},
		{`{"version":1,"owner":"x"}`, `"bridge" is missing`},
		{`{"version":1,"bridge":"br0"}`, `"owner" is missing`},
		{"\n{\"version\":1,\n\"doors\":[]}", "line 3: doors: no such key"},
	} {
		file := filepath.Join(dir, "intents")
		if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"check"}, {"trace", "a -> b tcp/1"}} {
			var stdout, stderr bytes.Buffer
			got := run(testContext(t), append(args, "--intents", file), &stdout, &stderr)
			if got != exitFailed || !strings.Contains(stderr.String(), test.says) || !strings.Contains(stderr.String(), file) {
				t.Errorf("%q: got exit code %d, stderr %q; want %d, %q and the file", test.text, got, stderr.String(), exitFailed, test.says)
			}
		}
	}
}
