// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	of "github.com/ovskit/ovskit/openflow"
)

// meterCases have the rate as their burst size where that does not count, as the datapath fills it in.
var meterCases = []struct {
	meter of.MeterConfig
	text  string
}{
	{of.MeterConfig{ID: 1, Flags: of.MeterPacketsPerSecond | of.MeterBurst | of.MeterStatistics, Bands: []of.MeterBand{
		{Type: of.BandDrop, Rate: 100, BurstSize: 10},
	}}, "meter=1 pktps burst stats bands= type=drop rate=100 burst_size=10"},
	{of.MeterConfig{ID: 2, Flags: of.MeterKbps, Bands: []of.MeterBand{
		{Type: of.BandDrop, Rate: 100, BurstSize: 100}, {Type: of.BandDrop, Rate: 200, BurstSize: 200},
	}}, "meter=2 kbps bands= type=drop rate=100 type=drop rate=200"},
	{of.MeterConfig{ID: of.MeterController, Flags: of.MeterPacketsPerSecond, Bands: []of.MeterBand{
		{Type: of.BandDrop, Rate: 1000, BurstSize: 1000},
	}}, "meter=controller pktps bands= type=drop rate=1000"},
}

func TestMeterText(t *testing.T) {
	for _, tc := range meterCases {
		if got := tc.meter.String(); got != tc.text {
			t.Errorf("got  %s\nwant %s", got, tc.text)
		}
	}
	for _, tc := range []struct {
		m    of.MeterMod
		want string
	}{
		{of.MeterMod{MeterConfig: of.MeterConfig{ID: 1, Flags: 0x30, Bands: []of.MeterBand{{Type: of.BandDSCPRemark, Rate: 5, PrecLevel: 2}, {Type: 9}}}},
			"add meter=1 flags:0x30 bands= type=dscp_remark rate=5 prec_level=2 type=9 rate=0"},
		{of.MeterMod{Command: of.MeterDelete, MeterConfig: of.MeterConfig{ID: of.MeterAll}}, "delete meter=all"},
		{of.MeterMod{Command: of.MeterModify, MeterConfig: of.MeterConfig{ID: of.MeterSlowpath}}, "modify meter=slowpath bands="},
		{of.MeterMod{Command: 7, MeterConfig: of.MeterConfig{ID: of.MeterMax + 1}}, "command 7 meter=unknown bands="},
	} {
		if got := tc.m.String(); got != tc.want {
			t.Errorf("got %s, want %s", got, tc.want)
		}
	}
}

// TestRealMeters has a switch hold meters that we and ovs-ofctl set, and finds that both read the same.
func TestRealMeters(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	eachVersion(t, of.Version13, func(t *testing.T, v of.Version) {
		ctx := testContext(t)
		c := dial(t, endpoint, v)
		set := func(by func(m of.MeterConfig)) {
			t.Helper()
			must(t, c.Apply(ctx, of.MeterMod{Command: of.MeterDelete, MeterConfig: of.MeterConfig{ID: of.MeterAll}},
				of.MeterMod{Command: of.MeterDelete, MeterConfig: of.MeterConfig{ID: of.MeterController}}))
			want := map[uint32]of.MeterConfig{}
			for _, tc := range meterCases {
				by(tc.meter)
				want[tc.meter.ID] = tc.meter
			}
			got := map[uint32]of.MeterConfig{}
			meters, err := c.Meters(ctx)
			must(t, err)
			for _, m := range meters {
				got[m.ID] = m
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("meters (-want +got):\n%s", diff)
			}
			dump := strings.ReplaceAll(ofctl(t, v, "dump-meters", endpoint), "\ntype=", " type=")
			for _, tc := range meterCases {
				if !strings.Contains(dump, "\n"+tc.text+"\n") {
					t.Errorf("%s is not in\n%s", tc.text, dump)
				}
			}
		}
		set(func(m of.MeterConfig) { must(t, c.Apply(ctx, of.MeterMod{MeterConfig: m})) })
		set(func(m of.MeterConfig) { ofctl(t, v, "add-meter", endpoint, m.String()) })
	})
}

func TestRealMeterCalls(t *testing.T) {
	t.Parallel()
	ovs := realSwitch(t)
	ctx := testContext(t)
	c := dial(t, ovs.Management("br0"))
	for _, tc := range meterCases {
		if err := c.Apply(ctx, of.MeterMod{MeterConfig: tc.meter}); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := c.Meters(ctx); err != nil || len(got) != len(meterCases) {
		t.Errorf("Meters() = %v, %v; want %d", got, err, len(meterCases))
	}
	if err := c.Apply(ctx, of.Add(of.Flow{Instructions: of.Instructions{Meter: 2}})); err != nil {
		t.Fatal(err)
	}
	stats, err := c.MeterStats(ctx, 2)
	if err != nil || len(stats) != 1 || stats[0].ID != 2 || len(stats[0].Bands) != 2 || stats[0].Duration < 0 {
		t.Errorf("MeterStats(2) = %+v, %v; want one with 2 bands", stats, err)
	}
	if f, err := c.MeterFeatures(ctx); err != nil || f.MaxMeters == 0 || f.BandTypes&(1<<of.BandDrop) == 0 || f.MaxBands == 0 {
		t.Errorf("MeterFeatures() = %+v, %v; want bands that drop", f, err)
	}
	band := func(b of.MeterBand) of.MeterMod {
		return of.MeterMod{MeterConfig: of.MeterConfig{ID: 9, Flags: of.MeterKbps, Bands: []of.MeterBand{b}}}
	}
	for _, tc := range []struct {
		m    of.MeterMod
		want error
	}{
		{band(of.MeterBand{Type: of.BandDSCPRemark, Rate: 1, PrecLevel: 1}), of.ErrBadBand}, // the dummy datapath cannot
		{band(of.MeterBand{Type: of.BandExperimenter, Data: make([]byte, 4)}), of.ErrBadBand},
		{of.MeterMod{MeterConfig: meterCases[0].meter}, of.ErrMeterExists},
		{of.MeterMod{Command: of.MeterModify, MeterConfig: of.MeterConfig{ID: 9}}, of.ErrUnknownMeter},
		{of.MeterMod{MeterConfig: of.MeterConfig{ID: 9, Flags: of.MeterKbps | of.MeterPacketsPerSecond}}, of.ErrBadMeterFlags},
		{of.MeterMod{MeterConfig: of.MeterConfig{ID: 0}}, of.ErrInvalidMeter},
	} {
		if err := c.Apply(ctx, tc.m); !errors.Is(err, tc.want) {
			t.Errorf("%v gives %v, want %v", tc.m, err, tc.want)
		}
	}
	if _, err := c.MeterStats(ctx, 77); !errors.Is(err, of.ErrUnknownMeter) {
		t.Errorf("statistics of a meter that does not exist: %v, want %v", err, of.ErrUnknownMeter)
	}
}
