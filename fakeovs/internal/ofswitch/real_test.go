// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/ovsproc/ovsproctest"
	"github.com/ovskit/ovskit/internal/unixctl"
	"github.com/ovskit/ovskit/openflow"
)

const ports = 4

// realSwitch is a bridge of Open vSwitch with a userspace datapath, whose ports are sockets that frames go through.
type realSwitch struct {
	ovs   *ovsproc.OVS
	of    *openflow.Conn
	ctx   context.Context
	socks [ports + 1]net.Conn
}

// sentinelType is the Ethernet type of a frame that marks the end of a frame's outputs: it leaves by all ports.
const sentinelType = 0x88b5

func startReal(t testing.TB) *realSwitch {
	ovs := ovsproctest.Start(t, ovsproc.Options{Dummy: true})
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	r := &realSwitch{ovs: ovs, ctx: ctx}
	t.Cleanup(func() {
		if r.of != nil {
			_ = r.of.Close()
		}
		for _, s := range r.socks {
			if s != nil {
				_ = s.Close()
			}
		}
	})
	args := append([]string{"init"}, ovsproctest.DummyBridge("br0", ports, "protocols=OpenFlow13")...)
	for p := 1; p <= ports; p++ {
		args = append(args, "--", "set", "interface", fmt.Sprintf("p%d", p), "options:pstream=punix:"+r.socket(p))
	}
	ovsproctest.Vsctl(ctx, t, ovs, args...)
	var err error
	for p := 1; p <= ports; p++ {
		if r.socks[p], err = net.Dial("unix", r.socket(p)); err != nil {
			t.Fatalf("connect to port %d: %v", p, err)
		}
	}
	if r.of, err = openflow.Dial(ctx, ovs.Management("br0"), openflow.Options{}); err != nil {
		t.Fatalf("connect to the bridge: %v", err)
	}
	return r
}

func (r *realSwitch) socket(port int) string {
	return filepath.Join(r.ovs.Dir(), fmt.Sprintf("p%d", port))
}

// program makes these flows the only ones, and waits until the datapath has forgotten what it had cached of others.
func (r *realSwitch) program(t testing.TB, flows []openflow.Flow) {
	mods := []openflow.Modification{openflow.FlowMod{Command: openflow.FlowDelete, Flow: openflow.Flow{Table: openflow.AllTables}}}
	for _, f := range append(flows, openflow.Flow{
		Priority: 65535,
		Match:    openflow.Match{openflow.EthType(sentinelType)},
		Instructions: openflow.Instructions{Apply: []openflow.Action{
			openflow.Output{Port: openflow.PortAll}, openflow.Output{Port: openflow.PortInPort},
		}},
	}) {
		mods = append(mods, openflow.Add(f))
	}
	if err := r.of.Bundle(r.ctx, mods...); err != nil {
		t.Fatalf("program the real switch: %v", err)
	}
	r.purge(t)
}

// purge makes the datapath forget every flow it has cached. A purge alone passes over a flow that a revalidator is
// looking at, so they are paused meanwhile.
func (r *realSwitch) purge(t testing.TB) {
	for _, method := range []string{"revalidator/pause", "revalidator/purge", "revalidator/resume"} {
		r.appctl(t, method)
	}
}

func (r *realSwitch) appctl(t testing.TB, method string, args ...string) string {
	socket, err := unixctl.Socket(r.ovs.Dir(), "ovs-vswitchd")
	if err != nil {
		t.Fatal(err)
	}
	out, err := unixctl.Call(r.ctx, socket, method, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (r *realSwitch) trace(args ...string) (string, error) {
	socket, err := unixctl.Socket(r.ovs.Dir(), "ovs-vswitchd")
	if err != nil {
		return "", err
	}
	return unixctl.Call(r.ctx, socket, "ofproto/trace", args...)
}

// input sends a frame in and returns what comes out of each port. It is not alive if Open vSwitch has crashed.
func (r *realSwitch) input(t testing.TB, port uint32, frame []byte) (outputs map[uint32][][]byte, alive bool) {
	sentinel := make([]byte, 60)
	binary.BigEndian.PutUint16(sentinel[12:], sentinelType)
	for _, f := range [][]byte{frame, sentinel} {
		b := binary.BigEndian.AppendUint16(nil, uint16(len(f)))
		if _, err := r.socks[port].Write(append(b, f...)); err != nil {
			return nil, r.crashed(t, err)
		}
	}
	outputs = map[uint32][][]byte{}
	for p := uint32(1); p <= ports; p++ {
		_ = r.socks[p].SetReadDeadline(time.Now().Add(10 * time.Second))
		for {
			var length [2]byte
			if _, err := io.ReadFull(r.socks[p], length[:]); err != nil {
				return nil, r.crashed(t, err)
			}
			f := make([]byte, binary.BigEndian.Uint16(length[:]))
			if _, err := io.ReadFull(r.socks[p], f); err != nil {
				return nil, r.crashed(t, err)
			}
			if bytes.Equal(f, sentinel) {
				break
			}
			outputs[p] = append(outputs[p], f)
		}
	}
	return outputs, true
}

// crashed returns false if an error means that Open vSwitch is gone, and fails the test if it means anything else.
func (r *realSwitch) crashed(t testing.TB, err error) bool {
	if !errors.Is(err, io.EOF) && !errors.Is(err, unix.EPIPE) && !errors.Is(err, unix.ECONNRESET) {
		t.Fatalf("frames of Open vSwitch: %v", err)
	}
	return false
}
