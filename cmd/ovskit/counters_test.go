// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/internal/unixctl"
	"github.com/ovskit/ovskit/openflow"
)

// counters runs the command.
func (d *declared) counters(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	args = append([]string{"counters", "--intents", d.file, "--mgmt", d.conn.Endpoint()}, args...)
	if got := run(testContext(t), args, &stdout, &stderr); got != exitDone || stderr.Len() > 0 {
		t.Fatalf("%q: got exit code %d, stderr %q; want %d and nothing", args, got, stderr.String(), exitDone)
	}
	return stdout.String()
}

// receive has a frame come in at a device.
func (d *declared) receive(t *testing.T, device string, frame []byte) {
	t.Helper()
	if d.Fake != nil {
		for _, o := range d.intents.Objects {
			if e, ok := o.(flows.Endpoint); ok && e.Name == device {
				d.Fake.Bridge("br0").Inject(e.Port, frame)
			}
		}
		return
	}
	socket, err := unixctl.Socket(d.Real.Dir(), "ovs-vswitchd")
	if err == nil {
		_, err = unixctl.Call(testContext(t), socket, "netdev-dummy/receive", device, hex.EncodeToString(frame))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestCounters(t *testing.T) {
	switchtest.Each(t, func(t *testing.T, s *switchtest.Switch) {
		d := declare(t, s)
		// IPv4 without anything in it, from web0 to web1, and from an address that web0 has not.
		frame := func(from byte) []byte {
			b, err := hex.DecodeString(fmt.Sprintf("020000000003"+"020000000002"+"0800"+"45000014000000004001%04x"+"0a0100%02x"+"0a010003", 0x66e4-int(from), from))
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		d.receive(t, "web0", frame(2))
		d.receive(t, "web0", frame(9))
		type report struct {
			Bridge string
			flows.Counters
		}
		var got report
		for {
			got = report{}
			if err := json.Unmarshal([]byte(d.counters(t, "-o", "json")), &got); err != nil {
				t.Fatal(err)
			}
			if got.Endpoints[0].Sent.Packets >= 2 {
				break
			}
			select {
			case <-time.After(50 * time.Millisecond): // until the switch has brought them up to date
			case <-testContext(t).Done():
				t.Fatalf("got %+v, want 2 packets from web0", got)
			}
		}
		web0, web1 := got.Endpoints[0], got.Endpoints[1]
		if got.Bridge != "br0" || web0.Name != "web0" || web0.Sent != (flows.Count{Packets: 2, Bytes: 68}) || web1.Received != (flows.Count{Packets: 1, Bytes: 34}) {
			t.Errorf("got %+v, want two packets from web0 and one to web1", got)
		}
		if len(got.Dropped) != 1 || got.Dropped[0].Unmatched != 1 || len(got.Strays) != 0 {
			t.Errorf("got %+v, want one packet dropped by one table", got)
		}

		var none report
		if err := json.Unmarshal([]byte(d.counters(t, "-o", "json", "--over", "1ns")), &none); err != nil {
			t.Fatal(err)
		}
		if none.Endpoints[0].Sent.Packets != 0 || len(none.Dropped) != 0 {
			t.Errorf("got %+v in no time, want nothing", none)
		}

		if text := d.counters(t, "web1"); strings.Contains(text, "web0") || strings.Contains(text, "(none)") || strings.Contains(text, "TABLE") ||
			!strings.Contains(text, "web1      web                 0      0                 1     34           0\n") {
			t.Errorf("got, of web1 alone\n%s", text)
		}

		foreign := openflow.Flow{Table: 15, Priority: 9, Cookie: 0xabc}
		if err := d.conn.Apply(testContext(t), openflow.Add(foreign)); err != nil {
			t.Fatal(err)
		}
		loopback := flows.PortMapping{Proto: flows.TCP, HostAddr: netip.MustParseAddr("127.0.0.1"), HostPort: 81, Port: 80}
		web := d.intents.Objects[1].(flows.Network)
		web.Egress = flows.Behind("x")
		web.Gateways = web.Gateways[:1]
		late := d.intents.Objects[2].(flows.Endpoint)
		late.Addrs = late.Addrs[:1]
		late.Publish = []flows.PortMapping{{Proto: flows.TCP, HostPort: 8080, Port: 80}, loopback}
		d.intents.Objects = []flows.Object{
			d.intents.Objects[0], web, late, flows.Address{Name: "x", Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.50")}},
			flows.Rule{Name: "late", Deny: true},
		}
		d.write(t)
		text := d.counters(t)
		for _, want := range []string{
			"ENDPOINT  NETWORK  SENT PACKETS  BYTES  RECEIVED PACKETS  BYTES  OVER LIMIT\n",
			"web0      web                 2     68                 0      0           0\n",
			"8080/tcp          web0        80            0  not on the switch\n",
			"127.0.0.1:81/tcp  web0        80            -  for the host alone",
			"late    deny            0      0  not on the switch\n",
			"(none)  allow           0      0\n",
			"   10  source        1        0  an endpoint sends",
			"0x0000000000000abc  another owner's",
			"this owner's, of nothing in the file",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("got no %q in\n%s", want, text)
			}
		}
	})
}

func TestCountersErrors(t *testing.T) {
	d := declare(t, switchtest.Fake(t))
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--intents", d.file, "--rundir", "/nonexistent"}, exitFailed, "and is there a bridge br0?"},
		{[]string{"--rundir", "/nonexistent"}, exitFailed, "/nonexistent/ovskit-intents.json"},
		{[]string{"--intents", d.file, "-o", "xml"}, exitUsage, `"xml"`},
		{[]string{"--intents", d.file, "--timeout", "0s"}, exitUsage, "--timeout"},
		{[]string{"--intents", d.file, "--over", "-1s"}, exitUsage, "--over"},
		{[]string{"--intents", d.file, "--mgmt", d.conn.Endpoint(), "web0", "web7"}, exitFailed, `no endpoint and no rule "web7"`},
	} {
		var stdout, stderr bytes.Buffer
		got := run(testContext(t), append([]string{"counters"}, test.args...), &stdout, &stderr)
		if got != test.code || !strings.Contains(stderr.String(), test.says) || stdout.Len() != 0 {
			t.Errorf("%q: got exit code %d, stdout %q, stderr %q; want %d and %s", test.args, got, stdout.String(), stderr.String(), test.code, test.says)
		}
	}
}
