// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	of "github.com/ovskit/ovskit/openflow"
)

// TestRealTLVTable maps options as ovs-ofctl sees them, and the other way round.
func TestRealTLVTable(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	ctx := testContext(t)
	c := dial(t, endpoint)
	dumped := func() string {
		out := ofctl(t, of.Version13, "dump-tlv-map", endpoint)
		_, maps, _ := strings.Cut(out, "--------------\n")
		return strings.Join(strings.Fields(maps), " ")
	}
	mapped := func(want ...of.TLVMap) {
		t.Helper()
		table, err := c.TLVTable(ctx)
		if diff := cmp.Diff(of.TLVTableReply{MaxSpace: 256, MaxFields: 64, Maps: want}, table, cmpOptions); diff != "" || err != nil {
			t.Errorf("error %v (-want +got):\n%s", err, diff)
		}
		var text []string
		for _, m := range want {
			typ := "0"
			if m.Type != 0 {
				typ = fmt.Sprintf("%#x", m.Type)
			}
			text = append(text, fmt.Sprintf("%#x %s %d tun_metadata%d", m.Class, typ, m.Length, m.Index))
		}
		if got, want := dumped(), strings.Join(text, " "); got != want {
			t.Errorf("ovs-ofctl has %q, want %q", got, want)
		}
	}
	fails := func(err error, want of.ErrorCode) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	first, second := of.TLVMap{Class: 0xffff, Type: 1, Length: 4, Index: 2}, of.TLVMap{Class: 0x102, Length: 124, Index: 63}
	mapped()
	if err := c.MapTLVs(ctx, first, second); err != nil {
		t.Fatal(err)
	}
	mapped(first, second)
	third := of.TLVMap{Class: 3, Type: 4, Length: 8, Index: 5}
	ofctl(t, of.Version13, "add-tlv-map", endpoint, third.String())
	mapped(first, third, second)

	fails(c.MapTLVs(ctx, of.TLVMap{Class: 9, Length: 4, Index: 5}), of.ErrTLVMapped)
	fails(c.MapTLVs(ctx, of.TLVMap{Class: 3, Type: 4, Length: 4, Index: 6}), of.ErrDupTLV)
	fails(c.MapTLVs(ctx, of.TLVMap{Class: 9, Length: 124, Index: 6}), of.ErrTLVTableFull)
	fails(c.MapTLVs(ctx, of.TLVMap{Class: 9, Length: 5, Index: 6}), of.ErrBadTLVLen)
	fails(c.MapTLVs(ctx, of.TLVMap{Class: 9, Length: 4, Index: 64}), of.ErrBadTLVField)
	mapped(first, third, second)

	ofctl(t, of.Version13, "add-flow", endpoint, "tun_metadata5=7 actions=drop")
	fails(c.UnmapTLVs(ctx, 5), of.ErrTLVInUse)
	if err := c.UnmapTLVs(ctx, 2, 40); err != nil {
		t.Error(err)
	}
	mapped(third, second)
	ofctl(t, of.Version13, "del-flows", endpoint)
	// A flow that was deleted counts as a use until the switch has let go of it, a moment later.
	err := c.ClearTLVs(ctx)
	for errors.Is(err, of.ErrTLVInUse) {
		err = c.ClearTLVs(ctx)
	}
	if err != nil {
		t.Error(err)
	}
	mapped()
}
