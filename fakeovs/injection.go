// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/openflow"
)

// Injection is one frame that was put into a bridge, and what the switch made of it.
type Injection struct {
	what    string
	outputs []Emitted
	result  *pipeline.Result
	err     error
}

// Emitted is a frame that the switch sent out of a port.
type Emitted struct {
	Port  uint32 // OpenFlow port number
	Frame []byte // from the Ethernet header on, without FCS
	// Tunnel has the fields of the tunnel that the frame goes through, such as tun_id and tun_dst, but for its options; nil
	// if the port is no end of a tunnel. The fake does not encapsulate.
	Tunnel openflow.Match
}

// Outputs returns the frames that the switch sent, in order.
func (i *Injection) Outputs() []Emitted { return i.outputs }

// Trace returns the switch's account of the evaluation: tables, matched flows, actions.
func (i *Injection) Trace() string {
	if i.result == nil {
		return ""
	}
	return i.result.Trace()
}

// Policed reports whether the ingress policing of the port dropped the frame (ovs-vswitchd.conf.db(5), "Ingress Policing"),
// so that the switch did not see it.
func (i *Injection) Policed() bool { return i.result != nil && i.result.Policed() }

// Err tells why the frame could not be injected: there is no such bridge, or it has no such port.
func (i *Injection) Err() error { return i.err }

// Expectation is a frame that a test wants to leave the switch.
type Expectation struct{ port uint32 }

// Output expects a frame to leave the switch through the given port.
func Output(port uint32) Expectation { return Expectation{port: port} }

// Expect fails the test unless the switch sent exactly the wanted frames, in any order; without any, unless it dropped
// the injected one. The failure has the trace.
func (i *Injection) Expect(t TB, want ...Expectation) {
	t.Helper()
	if i.err != nil {
		t.Errorf("%v", i.err)
		return
	}
	var gotPorts, wantPorts []uint32
	for _, o := range i.outputs {
		gotPorts = append(gotPorts, o.Port)
	}
	for _, w := range want {
		wantPorts = append(wantPorts, w.port)
	}
	slices.Sort(gotPorts)
	slices.Sort(wantPorts)
	if !slices.Equal(gotPorts, wantPorts) {
		t.Errorf("%s: got %s, want %s\n%s", i.what, describe(gotPorts), describe(wantPorts), i.Trace())
	}
}

func describe(ports []uint32) string {
	if len(ports) == 0 {
		return "it dropped"
	}
	names := make([]string, len(ports))
	for i, p := range ports {
		names[i] = portName(p)
	}
	return "output to " + strings.Join(names, ", ")
}

func portName(no uint32) string {
	if no == Local {
		return "LOCAL"
	}
	return fmt.Sprint(no)
}
