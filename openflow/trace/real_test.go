// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package trace_test

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/ovsproc/ovsproctest"
	"github.com/ovskit/ovskit/openflow"
	"github.com/ovskit/ovskit/openflow/trace"
)

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// realSwitch starts an Open vSwitch with the bridges br0 and br1, of which br0 has the ports p1 and p2, br1 the port p3,
// and a patch links br0's port 10 with br1's port 11. It returns options to trace on it.
func realSwitch(t *testing.T, flows map[string][]string) trace.Options {
	t.Helper()
	ovs := ovsproctest.Start(t, ovsproc.Options{Dummy: true})
	run(t, "ovs-vsctl --db="+ovs.DatabaseEndpoint()+
		" add-br br0 -- set bridge br0 datapath_type=dummy fail-mode=secure"+
		" -- add-br br1 -- set bridge br1 datapath_type=dummy fail-mode=secure"+
		" -- add-port br0 p1 -- set interface p1 type=dummy ofport_request=1"+
		" -- add-port br0 p2 -- set interface p2 type=dummy ofport_request=2"+
		" -- add-port br1 p3 -- set interface p3 type=dummy ofport_request=3"+
		" -- add-port br0 to1 -- set interface to1 type=patch options:peer=to0 ofport_request=10"+
		" -- add-port br1 to0 -- set interface to0 type=patch options:peer=to1 ofport_request=11")
	for bridge, texts := range flows {
		for _, text := range texts {
			run(t, "ovs-ofctl -OOpenFlow13 add-flow "+ovs.Management(bridge)+" "+text)
		}
	}
	return trace.Options{RunDir: ovs.Dir()}
}

// run runs a program of Open vSwitch whose arguments have no spaces.
func run(t *testing.T, line string) {
	t.Helper()
	words := strings.Fields(line)
	if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
}

func TestRealConntrack(t *testing.T) {
	o := realSwitch(t, map[string][]string{
		"br0": {
			"cookie=0xffffffffffffffff,priority=7,in_port=1,tcp,actions=ct(zone=5,table=1,nat)",
			"table=1,ct_state=+trk+new,ip,actions=ct(commit,zone=5,nat(dst=10.0.0.9:80),table=2)",
			"table=1,ct_state=+trk+est,ip,actions=output:2",
			"table=2,ip,nw_dst=10.0.0.9,actions=output:10",
		},
		"br1": {"ip,actions=ct(table=3)", "table=3,ct_state=+est,ip,actions=output:3"},
	})
	flow := openflow.Match{openflow.InPort(1), openflow.EthType(openflow.EthTypeIPv4), openflow.IPProto(openflow.IPProtoTCP),
		openflow.IPv4Dst(netip.MustParsePrefix("10.0.0.2/32")), openflow.TCPDst(8080)}.String()

	o.CTNext = []string{"trk,new", "trk,new", "trk,est"}
	r, err := trace.Packet(testContext(t), "br0", flow, o)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := r.Tables(), []trace.Table{{"br0", 0}, {"br0", 1}, {"br0", 2}, {"br1", 0}, {"br1", 3}}; !slices.Equal(got, want) {
		t.Errorf("tables: got %v, want %v in\n%s", got, want, r.Text)
	}
	if f := r.Passes[0].Visits[0].Flow; f == nil || *f != (trace.Flow{Match: "tcp,in_port=1", Priority: 7, Cookie: 1<<64 - 1}) {
		t.Errorf("flow: got %+v", f)
	}
	if got := r.Outputs(); len(got) != 1 || r.Dropped() {
		t.Errorf("outputs: got %q, want one; dropped %v", got, r.Dropped())
	}
	if got := r.Passes[1].Recirculation; got.CTState != "new|trk" || got.Default || got.Zone != 5 || got.Table != 1 {
		t.Errorf("recirculation: got %+v", *got)
	}
	if got := r.Passes[2].Recirculation; got.NATTo != "nw_src=0.0.0.0,tp_src=0,nw_dst=10.0.0.9,tp_dst=80" {
		t.Errorf("NAT: got %+v", *got)
	}

	o.CTNext = nil
	if r, err = trace.Packet(testContext(t), "br0", flow, o); err != nil {
		t.Fatal(err)
	}
	if !r.Dropped() || !r.Passes[1].Recirculation.Default || len(r.Passes) != 4 {
		t.Errorf("with new connections only: got dropped %v, %d passes in\n%s", r.Dropped(), len(r.Passes), r.Text)
	}
}

func TestRealOptions(t *testing.T) {
	o := realSwitch(t, map[string][]string{"br0": {
		"in_port=1,arp,actions=learn(table=9,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[]),output:2",
		"in_port=2,actions=resubmit(,9)",
		"in_port=10,udp,actions=resubmit(,8)",
		"table=8,actions=resubmit(,8)",
	}})
	ctx := testContext(t)
	arp := append([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x50, 0x54, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1},
		make([]byte, 20)...)
	toLearned := "in_port=2,eth_dst=50:54:00:00:00:01"
	for _, test := range []struct {
		name, flow string
		change     func(*trace.Options)
		outputs    string
		says       string
	}{
		{"flow", "in_port=1,arp,eth_src=50:54:00:00:00:01", func(*trace.Options) {}, "2", "learn action ignored"},
		{"nothing learned", toLearned, func(*trace.Options) {}, "", "No match."},
		{"frame", "in_port=1", func(o *trace.Options) { o.Frame = arp }, "2", "dl_src=50:54:00:00:00:01"},
		{"learned", toLearned, func(*trace.Options) {}, "1", " 9. "},
		{"generate", "in_port=1,arp,eth_src=50:54:00:00:00:02", func(o *trace.Options) { o.Generate = true }, "2",
			"dl_dst=50:54:00:00:00:02"},
		{"names", "in_port=p1,arp", func(o *trace.Options) { o.Names = true }, "p2", "arp,in_port=p1"},
		{"recursion", "in_port=10,udp", func(*trace.Options) {}, "", "over max translation depth"},
	} {
		oo := o
		test.change(&oo)
		r, err := trace.Packet(ctx, "br0", test.flow, oo)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		// The ports of the dummy datapath are numbered as they came.
		if got := strings.Join(r.Outputs(), " "); got != test.outputs {
			t.Errorf("%s: got outputs %q, want %q in\n%s", test.name, got, test.outputs, r.Text)
		}
		if !strings.Contains(r.Text, test.says) {
			t.Errorf("%s: got no %q in\n%s", test.name, test.says, r.Text)
		}
		if failed := r.Failure() != ""; failed != (test.name == "recursion") {
			t.Errorf("%s: failure %q", test.name, r.Failure())
		}
	}
}

func TestRealErrors(t *testing.T) {
	o := realSwitch(t, nil)
	ctx := testContext(t)
	for _, test := range []struct {
		bridge, flow string
		change       func(*trace.Options)
		says         string
		is           error
	}{
		{"br9", "in_port=1", nil, `trace on bridge "br9": unknown bridge`, trace.ErrUnknownBridge},
		{"br0", "bla=1", nil, "unknown field bla", nil},
		{"br0", "udp,tp_src=1", nil, "tp_src", nil},
		{"br0", "in_port=1,ip,nw_src=10.0.0.0/8", nil, "wildcards not allowed", nil},
		{"br0", "in_port=1", func(o *trace.Options) { o.CTNext = []string{"bla"} }, "bla: unknown connection tracking state", nil},
		{"br0", "in_port=1", func(o *trace.Options) { o.Frame = []byte{1} }, "too short", nil},
	} {
		oo := o
		if test.change != nil {
			test.change(&oo)
		}
		_, err := trace.Packet(ctx, test.bridge, test.flow, oo)
		var refused *trace.RefusedError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), test.says) || test.is != nil && !errors.Is(err, test.is) {
			t.Errorf("%s %s: got %v, want a refusal with %q", test.bridge, test.flow, err, test.says)
		}
		if test.is == nil && errors.Is(err, trace.ErrUnknownBridge) {
			t.Errorf("%s %s: %v is %v", test.bridge, test.flow, err, trace.ErrUnknownBridge)
		}
	}
	sockets, err := filepath.Glob(filepath.Join(o.RunDir, "ovsdb-server.*.ctl"))
	if err != nil || len(sockets) != 1 {
		t.Fatalf("control sockets of ovsdb-server: %q, %v", sockets, err)
	}
	if _, err := trace.Packet(ctx, "br0", "in_port=1", trace.Options{Socket: sockets[0]}); err == nil ||
		!strings.Contains(err.Error(), "not a valid command") {
		t.Errorf("of ovsdb-server: got %v, want that it cannot", err)
	}
}

func TestErrorsWithoutSwitch(t *testing.T) {
	ctx := testContext(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ovs-vswitchd.pid"), []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		bridge, flow string
		o            trace.Options
		says         string
		is           error
	}{
		{"br0", "in_port=1", trace.Options{RunDir: t.TempDir()}, "ovs-vswitchd.pid", fs.ErrNotExist},
		{"br0", "in_port=1", trace.Options{RunDir: dir}, "ovs-vswitchd.1.ctl", fs.ErrNotExist},
		{"br0", "in_port=1", trace.Options{Socket: "/nonexistent"}, "/nonexistent", fs.ErrNotExist},
		{"", "in_port=1", trace.Options{}, "no name", trace.ErrOptions},
		{"br0", " ", trace.Options{}, "empty", trace.ErrOptions},
		{"--names", "in_port=1", trace.Options{}, "option", trace.ErrOptions},
		{"br0", "-generate", trace.Options{}, "option", trace.ErrOptions},
		{"br0", "in_port=1", trace.Options{CTNext: []string{"--names"}}, "option", trace.ErrOptions},
		{"br0", "in_port=1", trace.Options{Generate: true, Frame: []byte{}}, "generated as well", trace.ErrOptions},
	} {
		_, err := trace.Packet(ctx, test.bridge, test.flow, test.o)
		if err == nil || !strings.Contains(err.Error(), test.says) || test.is != nil && !errors.Is(err, test.is) {
			t.Errorf("%q %q %+v: got %v, want %q", test.bridge, test.flow, test.o, err, test.says)
		}
	}
}
