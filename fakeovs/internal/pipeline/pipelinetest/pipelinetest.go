// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package pipelinetest makes bridges for tests and compares what leaves them.
package pipelinetest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/openflow"
)

// NewBridge makes a bridge with ports 1 to n and flows, that no controller is told of.
func NewBridge(t testing.TB, n int, flows ...openflow.Flow) *pipeline.Bridge {
	s := pipeline.NewDatapath(pipeline.DatapathOptions{}).NewBridge(pipeline.BridgeOptions{Name: "br0"})
	for p := 1; p <= n; p++ {
		if err := s.AddPort(pipeline.Port{No: uint32(p), Name: fmt.Sprintf("p%d", p)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range flows {
		if err := s.AddFlow(f); err != nil {
			t.Fatalf("add flow %v: %v", f, err)
		}
	}
	return s
}

// Apply are instructions that apply actions.
func Apply(actions ...openflow.Action) openflow.Instructions {
	return openflow.Instructions{Apply: actions}
}

// Out are instructions that output to a port.
func Out(port uint32) openflow.Instructions { return Apply(openflow.Output{Port: port}) }

// OutPorts are the ports that frames left by, in order.
func OutPorts(r *pipeline.Result) []uint32 {
	var got []uint32
	for _, o := range r.Outputs {
		got = append(got, o.Port)
	}
	return got
}

// WantPorts expects frames to have left by ports, in order.
func WantPorts(t *testing.T, r *pipeline.Result, want ...uint32) {
	t.Helper()
	if d := cmp.Diff(want, OutPorts(r)); d != "" {
		t.Errorf("output ports (-want +got):\n%s\n%s", d, r.Trace())
	}
}
