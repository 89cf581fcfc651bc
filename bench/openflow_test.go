// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/ovsproc/ovsproctest"
	of "github.com/ovskit/ovskit/openflow"
)

// openflowComparisons change and read the flows of a switch with dummy devices, which forwards nothing.
var openflowComparisons = []comparison{
	addFlowsBundle, addFlowsBlob, addFlowsEach, blobBundle, dumpFlows, syncNothing, syncTen,
}

const (
	flowsAdded   = 50_000 // published ports, each a ct action with a translation
	flowsDumped  = 10_000
	flowsChanged = 10
)

// addFlowsBundle adds flows in one bundle, beside ovs-ofctl doing so with the same flows in a file. Our side includes making
// the flows.
var addFlowsBundle = comparison{name: "openflow.add50k/ovs-ofctl-bundle", pairs: 10, setup: func(b *testing.B) (ours, peer side) {
	endpoint := startFlowSwitch(b)
	return addFlowsSide(b, endpoint), ofctlSide(b, endpoint, "--bundle")
}}

// addFlowsEach is addFlowsBundle beside ovs-ofctl without a bundle.
var addFlowsEach = comparison{name: "openflow.add50k/ovs-ofctl", pairs: 3, setup: func(b *testing.B) (ours, peer side) {
	endpoint := startFlowSwitch(b)
	return addFlowsSide(b, endpoint), ofctlSide(b, endpoint)
}}

// addFlowsBlob is addFlowsBundle beside writing the messages of such a bundle, made beforehand, to a socket.
var addFlowsBlob = comparison{name: "openflow.add50k/blob", pairs: 10, setup: func(b *testing.B) (ours, peer side) {
	endpoint := startFlowSwitch(b)
	return addFlowsSide(b, endpoint), blobSide(b, endpoint)
}}

// blobBundle is the bundle made beforehand beside ovs-ofctl: the switch takes so long by itself that no client is further
// ahead than this.
var blobBundle = comparison{name: "openflow.blob50k/ovs-ofctl-bundle", pairs: 10, setup: func(b *testing.B) (ours, peer side) {
	endpoint := startFlowSwitch(b)
	return blobSide(b, endpoint), ofctlSide(b, endpoint, "--bundle")
}}

func blobSide(b *testing.B, endpoint string) side {
	blob := bundleBlob(b, publishedMods(flowsAdded)...)
	raw := dialRawFlow(b, endpoint)
	return side{run: func(int) error { return raw.write(blob) }, undo: deleteFlows(b, endpoint)}
}

// dumpFlows connects, reads all flows and takes them apart, beside ovs-ofctl printing them into a file that keeps nothing.
var dumpFlows = comparison{name: "openflow.dump10k/ovs-ofctl", setup: func(b *testing.B) (ours, peer side) {
	endpoint := startFlowSwitch(b)
	fillFlows(b, endpoint, flowsDumped)
	return side{clocked: withCPU(b, func(int) error {
			ctx := context.Background()
			c, err := of.Dial(ctx, endpoint, of.Options{})
			if err != nil {
				return err
			}
			defer c.Close()
			flows, err := c.Flows(ctx, of.FlowFilter{})
			if err == nil && len(flows) != flowsDumped {
				err = fmt.Errorf("%d flows, want %d", len(flows), flowsDumped)
			}
			return err
		})},
		side{clocked: ofctl(b, "dump-flows", endpoint)}
}}

// syncNothing compares a switch with a desired set that it already holds, beside dumping it.
var syncNothing = comparison{name: "openflow.syncnoop50k/dump", setup: func(b *testing.B) (ours, peer side) {
	return syncSides(b, 0)
}}

// syncTen changes ten flows among the others, beside dumping all.
var syncTen = comparison{name: "openflow.sync10of50k/dump", setup: func(b *testing.B) (ours, peer side) {
	return syncSides(b, flowsChanged)
}}

func syncSides(b *testing.B, changed int) (ours, peer side) {
	ctx := context.Background()
	endpoint := startFlowSwitch(b)
	fillFlows(b, endpoint, flowsAdded)
	c := dialFlows(b, endpoint)
	want := of.NewDesired(of.Scope{})
	for i := range flowsAdded {
		if err := want.Add(publishedFlow(i)); err != nil {
			b.Fatal(err)
		}
	}
	ours.clocked = withCPU(b, func(int) error {
		p, err := c.Sync(ctx, want)
		if err == nil && (p.Flows.Unchanged != flowsAdded-changed || len(p.Flows.Replace) != changed) {
			err = fmt.Errorf("%v, want %d replaced", p, changed)
		}
		return err
	})
	if changed > 0 {
		other := make([]of.Modification, changed)
		for i := range other {
			f := publishedFlow(i * (flowsAdded / changed))
			f.IdleTimeout = 300
			other[i] = of.Add(f)
		}
		ours.undo = func(int) error { return c.Bundle(ctx, other...) }
		if err := ours.undo(0); err != nil {
			b.Fatal(err)
		}
	}
	return ours, side{run: func(int) error {
		flows, err := c.Flows(ctx, of.FlowFilter{})
		if err == nil && len(flows) != flowsAdded {
			err = fmt.Errorf("%d flows, want %d", len(flows), flowsAdded)
		}
		return err
	}}
}

// publishedFlow is the flow of one of many published ports.
func publishedFlow(i int) of.Flow {
	addr := netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)})
	return of.Flow{
		Table: 3, Priority: 30, Cookie: 0xc0ffee,
		Match: of.Match{
			of.Reg(2, uint32(i)), of.CTState(of.CTTracked|of.CTNew, of.CTInvalid),
			of.EthType(of.EthTypeIPv4), of.IPProto(of.IPProtoTCP), of.TCPDst(uint16(i)),
		},
		Instructions: of.Instructions{Apply: []of.Action{of.CT{
			Commit: true, Zone: 4, Resume: true, Table: 4,
			NAT:  &of.NAT{Type: of.NATDestination, AddrMin: addr, PortMin: 80},
			Exec: []of.Action{of.SetField{MatchField: of.Uint(of.FieldCTMark, 5)}},
		}}},
	}
}

func publishedMods(n int) []of.Modification {
	mods := make([]of.Modification, n)
	for i := range mods {
		mods[i] = of.Add(publishedFlow(i))
	}
	return mods
}

func addFlowsSide(b *testing.B, endpoint string) side {
	c := dialFlows(b, endpoint)
	return side{
		clocked: withCPU(b, func(int) error { return c.Bundle(context.Background(), publishedMods(flowsAdded)...) }),
		undo:    deleteFlows(b, endpoint),
	}
}

// ofctlSide has ovs-ofctl add the flows out of a file.
func ofctlSide(b *testing.B, endpoint string, options ...string) side {
	path := filepath.Join(b.TempDir(), "flows")
	var text strings.Builder
	for i := range flowsAdded {
		fmt.Fprintln(&text, publishedFlow(i))
	}
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	return side{clocked: ofctl(b, append(options, "add-flows", endpoint, path)...), undo: deleteFlows(b, endpoint)}
}

// withCPU times what this process does, and reports its processor time as well.
func withCPU(b *testing.B, run func(int) error) func(int) (time.Duration, error) {
	return func(n int) (time.Duration, error) {
		start, cpu := time.Now(), cpuTime(b)
		err := run(n)
		took := time.Since(start)
		b.ReportMetric(milliseconds(cpuTime(b)-cpu), "ovskit-cpu-ms")
		return took, err
	}
}

// ofctl times ovs-ofctl, whose output is thrown away, and reports its processor time as well.
func ofctl(b *testing.B, args ...string) func(int) (time.Duration, error) {
	return func(int) (time.Duration, error) {
		cmd := exec.Command("ovs-ofctl", append([]string{"-OOpenFlow13"}, args...)...)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		start := time.Now()
		err := cmd.Run()
		took := time.Since(start)
		if err != nil {
			return 0, fmt.Errorf("%v: %w\n%s", cmd, err, stderr.String())
		}
		b.ReportMetric(milliseconds(cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()), "peer-cpu-ms")
		return took, nil
	}
}

// startFlowSwitch starts a switch with a bridge that has no flows, and returns its management endpoint.
func startFlowSwitch(b *testing.B) (endpoint string) {
	b.Helper()
	ctx := context.Background()
	ovs := ovsproctest.Start(b, ovsproc.Options{Dummy: true})
	db := openSwitch(b, ovs.DatabaseEndpoint())
	br, err := bridge.Ensure(ctx, db, bridge.Config{Name: "br0", Datapath: "dummy"})
	if err != nil {
		b.Fatal(err)
	}
	if err := deleteFlows(b, br.Management())(0); err != nil {
		b.Fatal(err)
	}
	return br.Management()
}

func dialFlows(b *testing.B, endpoint string) *of.Conn {
	b.Helper()
	c, err := of.Dial(context.Background(), endpoint, of.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	return c
}

func fillFlows(b *testing.B, endpoint string, n int) {
	b.Helper()
	if err := dialFlows(b, endpoint).Bundle(context.Background(), publishedMods(n)...); err != nil {
		b.Fatal(err)
	}
}

func deleteFlows(b *testing.B, endpoint string) func(int) error {
	c := dialFlows(b, endpoint)
	return func(int) error {
		return c.Apply(context.Background(), of.FlowMod{Command: of.FlowDelete, Flow: of.Flow{Table: of.AllTables}})
	}
}

// cpuTime is the processor time this process has used.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func milliseconds(d time.Duration) float64 { return float64(d) / 1e6 }
