// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"errors"
	"testing"

	"github.com/ovskit/ovskit/openflow"
)

// TestOptionsInUse: a field stays mapped for as long as a flow uses it, in its match or in an action.
func TestOptionsInUse(t *testing.T) {
	b := newBed(t)
	c := b.dial(t)
	var maps []openflow.TLVMap
	for i := range uint16(3) {
		maps = append(maps, openflow.TLVMap{Class: 0xffff, Type: uint8(i) + 1, Length: 4, Index: i})
	}
	if err := c.MapTLVs(b.ctx, maps...); err != nil {
		t.Fatal(err)
	}
	unmap := func(field uint16, want error) {
		t.Helper()
		if err := c.UnmapTLVs(b.ctx, field); !errors.Is(err, want) {
			t.Errorf("unmap %d: got %v, want %v", field, err, want)
		}
	}
	add := func(text string) {
		t.Helper()
		f, err := openflow.ParseFlow(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Bundle(b.ctx, openflow.Add(f)); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	add("in_port=1,actions=multipath(eth_src,50,modulo_n,1,0,tun_metadata0[0..31])")
	add("in_port=2,actions=push:tun_metadata1[0..31],clone(move:tun_metadata2[0..31]->reg0[0..31])")
	unmap(0, openflow.ErrTLVInUse)
	unmap(2, openflow.ErrTLVInUse)
	add("in_port=1,actions=output:4")
	unmap(0, nil)
	add("in_port=2,actions=push:tun_metadata2[0..31]")
	unmap(1, nil)
	unmap(2, openflow.ErrTLVInUse)
	b.ClearFlows()
	add("tun_metadata2=7,actions=drop")
	if err := c.ClearTLVs(b.ctx); !errors.Is(err, openflow.ErrTLVInUse) {
		t.Errorf("unmap all: got %v, want %v", err, openflow.ErrTLVInUse)
	}
	b.ClearFlows()
	if err := c.ClearTLVs(b.ctx); err != nil {
		t.Errorf("unmap all without flows: %v", err)
	}
}
