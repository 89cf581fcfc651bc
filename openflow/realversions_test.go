// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"errors"
	"strings"
	"testing"

	of "github.com/ovskit/ovskit/openflow"
)

// TestRealVersions agrees with a switch on the highest version that both sides speak.
func TestRealVersions(t *testing.T) {
	t.Parallel()
	ovs := realSwitch(t)
	endpoint := ovs.Management("br0")
	for _, tc := range []struct {
		protocols string
		offer     []of.Version
		want      of.Version // 0: none in common
	}{
		{"OpenFlow10,OpenFlow13,OpenFlow14,OpenFlow15", versions, of.Version15},
		{"OpenFlow10,OpenFlow13,OpenFlow14,OpenFlow15", nil, of.Version13},
		{"OpenFlow10,OpenFlow13,OpenFlow14,OpenFlow15", []of.Version{of.Version14, of.Version13}, of.Version14},
		{"OpenFlow13,OpenFlow14", versions, of.Version14},
		{"OpenFlow13", versions, of.Version13},
		{"OpenFlow13,OpenFlow15", []of.Version{of.Version13, of.Version14}, of.Version13},
		{"OpenFlow14,OpenFlow15", nil, 0},
		{"OpenFlow10", versions, 0},
	} {
		vsctl(t, ovs, "set", "bridge", "br0", "protocols="+tc.protocols)
		c, err := of.Dial(testContext(t), endpoint, of.Options{Versions: tc.offer})
		if tc.want == 0 {
			if !errors.Is(err, of.ErrIncompatible) || !strings.Contains(err.Error(), endpoint) {
				t.Errorf("%v offered to %s gives %v, want %v", tc.offer, tc.protocols, err, of.ErrIncompatible)
			}
			continue
		}
		if err != nil {
			t.Errorf("%v offered to %s gives %v", tc.offer, tc.protocols, err)
			continue
		}
		if c.Version() != tc.want {
			t.Errorf("%v offered to %s agrees on %v, want %v", tc.offer, tc.protocols, c.Version(), tc.want)
		}
		flow := numbered(uint32(tc.want))
		must(t, c.Bundle(testContext(t), deleteAll, of.Add(flow)))
		if got := flowsOf(t, c); len(got) != 1 || !got[flow.Key()].Equal(flow) {
			t.Errorf("in %v the switch holds %v, want %v", tc.want, got, flow)
		}
		c.Close()
	}
}

// TestRealBundlesAreNative opens bundles by the messages that each version has for it, 1.3 by those of an extension.
func TestRealBundlesAreNative(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	const experimenter, bundleControl = 4, 33
	for _, v := range versions {
		answer := dialPeer(t, endpoint, v).ask(of.BundleControl{ID: 1, Type: of.BundleOpenRequest, Flags: of.BundleAtomic})
		want := byte(bundleControl)
		if v == of.Version13 {
			want = experimenter
		}
		if len(answer) != 1 || answer[0].bytes[1] != want {
			t.Errorf("%v: the opening of a bundle is answered by %+v, want a message of type %d", v, answer, want)
		}
	}
}
