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

func TestParseGroup(t *testing.T) {
	names := &of.Names{Ports: map[uint32]string{4: "wire"}}
	port, group := uint32(4), uint32(3)
	for text, want := range map[string]of.GroupMod{
		"delete":              {Command: of.GroupDelete, Group: of.Group{ID: of.GroupAll}},
		"delete group_id=all": {Command: of.GroupDelete, Group: of.Group{ID: of.GroupAll}},
		"delete group_id=5":   {Command: of.GroupDelete, Group: of.Group{ID: 5}},
		"group_id=5,type=all": {Group: of.Group{ID: 5}},
		"modify group_id=1 type=select,bucket=weight=3,watch_port:wire,watch_group=3,actions=output:wire,bucket=drop": {
			Command: of.GroupModify, Group: of.Group{ID: 1, Type: of.GroupTypeSelect, Buckets: []of.Bucket{
				{Weight: 3, WatchPort: &port, WatchGroup: &group, Actions: []of.Action{of.Output{Port: 4}}}, {Weight: 1},
			}},
		},
		"add_or_mod group_id=1 type=select,selection_method=hash,selection_method_param=7,fields=ip_src": {
			Command: of.GroupAddOrModify, Group: of.Group{ID: 1, Type: of.GroupTypeSelect, Selection: of.Selection{
				Method: "hash", Param: 7, Fields: []of.MatchField{of.Uint(of.FieldIPv4Src, 0xffffffff)},
			}},
		},
		"insert_bucket group_id=1,command_bucket_id=first,bucket=bucket_id:6,actions=1": {
			Command: of.GroupInsertBucket, CommandBucket: of.BucketFirst, Group: of.Group{
				ID: 1, Buckets: []of.Bucket{{ID: 6, Actions: []of.Action{of.Output{Port: 1}}}},
			},
		},
		"remove_bucket group_id=1,command_bucket_id=6": {Command: of.GroupRemoveBucket, CommandBucket: 6, Group: of.Group{ID: 1}},
		"remove_bucket group_id=1":                     {Command: of.GroupRemoveBucket, CommandBucket: of.BucketAll, Group: of.Group{ID: 1}},
	} {
		got, err := of.ParseGroup(text, names)
		if diff := cmp.Diff(want, got, cmpOptions); err != nil || diff != "" {
			t.Errorf("%s: error %v (-want +got):\n%s", text, err, diff)
		}
	}
	for text, reason := range map[string]string{
		"type=all": "without group_id", "group_id=1": "without type", "group_id=x,type=all": "not a number",
		"group_id=0xffffff01,type=all": "out of range", "group_id=1,type=some": "no type", "group_id=1,type=all,foo=1": "unknown word",
		"group_id=1,type=all,bucket=": "no actions", "group_id=1,type=all,bucket=weight=1,actions=1": "only buckets of a select group",
		"group_id=1,type=ff,bucket=actions=1": "watches neither", "group_id=1,type=indirect,bucket=1,bucket=1": "one bucket",
		"group_id=1,type=select,fields=ip_src": "without selection_method", "group_id=1,type=select,selection_method_param=1": "without selection_method",
		"group_id=1,type=select,selection_method=hash,fields(ip_src,ip_src)": "stands twice",
		"group_id=1,type=select,selection_method=hash,fields=ip_src=0.0.0.0": "not bits of",
		"group_id=1,type=select,selection_method=averylongmethod1":           "longer than 15",
		"group_id=1,type=all,command_bucket_id=1":                            "unknown word",
		"insert_bucket group_id=1,bucket=1":                                  "without the bucket",
		"delete group_id=1,bucket=1":                                         "with buckets",
		"group_id=1,type=all,bucket=goto_table:5":                            "not an action",
		"group_id=1,type=ff,bucket=watch_port=LOCAL,1":                       "not watched",
		"group_id=1,type=all,bucket=bucket_id=0xffffffff,1":                  "out of range",
	} {
		_, err := of.ParseGroup(text, nil)
		var e *of.SyntaxError
		if !errors.As(err, &e) || !strings.Contains(e.Reason, reason) || e.Input != text {
			t.Errorf("%s: error %v, want %q in it", text, err, reason)
		}
	}
}

func TestParseMeter(t *testing.T) {
	for text, want := range map[string]of.MeterConfig{
		"meter=3 kbps band=type=dscp_remark rate=5 prec_level=1,type=drop,rate=50": {
			ID: 3, Flags: of.MeterKbps,
			Bands: []of.MeterBand{{Type: of.BandDSCPRemark, Rate: 5, PrecLevel: 1}, {Type: of.BandDrop, Rate: 50}},
		},
		"meter=controller pktps burst stats bands=type=drop rate=1 burst_size=2": {
			ID: of.MeterController, Flags: of.MeterPacketsPerSecond | of.MeterBurst | of.MeterStatistics,
			Bands: []of.MeterBand{{Type: of.BandDrop, Rate: 1, BurstSize: 2}},
		},
	} {
		got, err := of.ParseMeter(of.MeterModify, text)
		if diff := cmp.Diff(of.MeterMod{Command: of.MeterModify, MeterConfig: want}, got); err != nil || diff != "" {
			t.Errorf("%s: error %v (-want +got):\n%s", text, err, diff)
		}
		if again, err := of.ParseMeter(of.MeterModify, got.MeterConfig.String()); err != nil || !cmp.Equal(again, got) {
			t.Errorf("%v is read as %v, %v", got.MeterConfig, again, err)
		}
	}
	if got, err := of.ParseMeter(of.MeterDelete, "meter=all"); err != nil || got.ID != of.MeterAll {
		t.Errorf("delete of all is %v, %v", got, err)
	}
	for text, reason := range map[string]string{
		"kbps band=type=drop rate=1": "number 0", "meter=0 kbps band=type=drop rate=1": "out of range", "meter=1 band=type=drop rate=1": "neither kbps",
		"meter=1 kbps": "no bands", "meter=1 kbps band": "no \"=\"", "meter=1 foo band=type=drop": "unknown word",
		"meter=1 kbps band=rate=1": "without type", "meter=1 kbps band=type=foo": "no type", "meter=1 kbps band=type=drop": "no rate",
		"meter=1 kbps band=type=drop rate=1 burst_size=1": "with burst", "meter=1 kbps burst band=type=drop rate=1": "with burst",
		"meter=1 kbps band=type=drop rate=1 prec_level=1": "dscp_remark", "meter=1 kbps band=type=drop rate=x": "not a number",
		"meter=1 kbps band=type=drop color=1": "unknown word",
	} {
		_, err := of.ParseMeter(of.MeterAdd, text)
		var e *of.SyntaxError
		if !errors.As(err, &e) || !strings.Contains(e.Reason, reason) || e.Input != text {
			t.Errorf("%s: error %v, want %q in it", text, err, reason)
		}
	}
}
