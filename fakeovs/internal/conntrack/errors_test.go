// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/conntrack"
	"github.com/ovskit/ovskit/internal/unixctl"
)

// TestErrorsAsOpenVSwitch compares what is wrong with arguments of commands.
func TestErrorsAsOpenVSwitch(t *testing.T) {
	real := startReal(t)
	for _, text := range []string{
		"zone=x", "zone=1x", "zone=", "ct_nw_src=1.2.3.4", "ct_nw_src=1.2.3", "ct_nw_src", "ct_nw_src=", "ct_ipv6_src=1.2.3.4",
		"ct_nw_src=1.2.3.4,ct_nw_src=1.2.3.5", "ct_nw_src=1.2.3.4,ct_ipv6_dst=::1", "ct_nw_proto=17,ct_nw_proto=6",
		"ct_nw_proto=17,ct_nw_proto=6,x=1", "ct_nw_proto=256", "ct_nw_proto=0x11,ct_tp_src=010", "ct_tp_src=1", "ct_tp_src=0",
		"ct_nw_proto=6,ct_tp_src=65536", "icmp_id=1", "ct_nw_proto=1,icmp_id=x", "ct_nw_proto=6,icmp_type=1", "nonsense",
		"zone=1 ct_nw_src=1.2.3.4 ct_nw_dst=1.2.3.4", "ct_nw_src=1.2.3.4 ct_ipv6_src=::1", "ct_nw_proto=6,ct_tp_src=1 ct_tp_dst=2",
		"ct_ipv6_src=fd00::1%eth0", "ct_nw_proto=0b1", "ct_nw_proto=1_0",
	} {
		args := strings.Fields(text)
		f, err := conntrack.ParseFilter(args)
		if err == nil {
			if err = conntrack.New(time.Now, 0).FlushMatching(f); err != nil {
				err = errors.New("failed to flush conntrack")
			}
		}
		wantRefusal(t, real, err, "dpctl/flush-conntrack", args...)
	}
	for _, text := range []string{
		"zone=1,limit=2", "zone=1", "limit=1", "zone=1,limit=", "zone=x,limit=1", "zone=1,limit=x", "zone=65536,limit=1", "zone=1,limit=0x10",
		"zone=1,limit=4294967296", "other=1", "zone=1,limit=1_0",
	} {
		_, _, err := conntrack.ParseLimit(text)
		wantRefusal(t, real, err, "dpctl/ct-set-limits", text)
	}
	for _, text := range []string{"zone=1", "zone=1,2", "zone=1,,2", "zone=x", "zone=1,x", "limit=1", "zone=65536", "zone=2x"} {
		_, err := conntrack.ParseZones(text)
		wantRefusal(t, real, err, "dpctl/ct-del-limits", text)
	}
}

// wantRefusal checks that Open vSwitch refuses a command with an error, or does not if there is none.
func wantRefusal(t *testing.T, real *realTracker, err error, method string, args ...string) {
	t.Helper()
	_, refused := unixctl.Call(real.ctx, real.ctl, method, args...)
	if (err == nil) != (refused == nil) || err != nil && !strings.Contains(refused.Error(), err.Error()) {
		t.Errorf("%s %q: got %v, Open vSwitch says %v", method, args, err, refused)
	}
}
