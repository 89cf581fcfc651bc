// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"path/filepath"
	"slices"
	"testing"
)

// needKernel finds the guest's kernel.
func needKernel(t *testing.T) *kernel {
	t.Helper()
	k, err := findKernel()
	if err != nil {
		t.Skip(err) // the tests that need tier.Kernel fail where it must be there
	}
	return k
}

func TestModulesAreInOrder(t *testing.T) {
	k := needKernel(t)
	paths, err := k.order([]string{"vport-vxlan", "openvswitch", "nf_nat"})
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	for i, p := range paths {
		name := filepath.Base(p)
		if _, twice := at[name]; twice {
			t.Errorf("%s is there twice", name)
		}
		at[name] = i
	}
	for _, pair := range [][2]string{
		{"nf_conntrack.ko", "nf_nat.ko"}, {"nf_nat.ko", "openvswitch.ko"}, {"openvswitch.ko", "vport-vxlan.ko"}, {"vxlan.ko", "vport-vxlan.ko"},
	} {
		first, second := at[pair[0]], at[pair[1]]
		if !slices.Contains(paths, k.modules["openvswitch"]) || first >= second {
			t.Errorf("%s is number %d, %s, which needs it, %d", pair[0], first, pair[1], second)
		}
	}
}
