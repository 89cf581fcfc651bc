// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"fmt"
	"slices"

	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// A VLANMode says how a port deals with VLAN tags, Port.vlan_mode in
// ovs-vswitchd.conf.db(5).
type VLANMode string

// The modes. The zero VLANMode is access for a port with a Tag, else trunk.
const (
	// Access carries one VLAN, untagged.
	Access VLANMode = "access"
	// Trunk carries VLANs with their tags.
	Trunk VLANMode = "trunk"
	// NativeTagged is a trunk on which untagged packets belong to Tag and
	// leave with it.
	NativeTagged VLANMode = "native-tagged"
	// NativeUntagged is a trunk on which Tag is the VLAN of untagged packets.
	NativeUntagged VLANMode = "native-untagged"
	// Dot1qTunnel puts all packets, tagged or not, into Tag, IEEE 802.1ad.
	Dot1qTunnel VLANMode = "dot1q-tunnel"
)

// A VLAN says which VLANs pass a port and how they are tagged. The zero VLAN lets
// all pass with their tags.
type VLAN struct {
	// Mode is how tags are dealt with.
	Mode VLANMode `json:"mode,omitempty"`
	// Tag is the VLAN of an access port, or the native one, 1 to 4095.
	Tag uint16 `json:"tag,omitempty"`
	// Trunks are the VLANs that a trunk carries, 0 to 4095; empty is all.
	Trunks []uint16 `json:"trunks,omitempty"`
	// CVLANs are the customer's VLANs that a Dot1qTunnel carries; empty is
	// all.
	CVLANs []uint16 `json:"cvlans,omitempty"`
}

const maxVLAN = 4095

func (v VLAN) check() error {
	for _, id := range slices.Concat([]uint16{v.Tag}, v.Trunks, v.CVLANs) {
		if id > maxVLAN {
			return fmt.Errorf("VLAN %d: not between 0 and %d", id, maxVLAN)
		}
	}
	switch v.Mode {
	case "", Access, Trunk, NativeTagged, NativeUntagged, Dot1qTunnel:
	default:
		return fmt.Errorf("VLAN mode %q: not known", v.Mode)
	}
	switch {
	case v.Tag == 0 && v.Mode != "" && v.Mode != Trunk:
		return fmt.Errorf("VLAN mode %q: no tag given", v.Mode)
	case v.Tag != 0 && v.Mode == Trunk:
		return fmt.Errorf("VLAN %d: a trunk has none of its own; %q and %q are trunks that have", v.Tag, NativeTagged, NativeUntagged)
	case len(v.Trunks) > 0 && (v.Mode == Access || v.Mode == "" && v.Tag != 0 || v.Mode == Dot1qTunnel):
		return fmt.Errorf("VLANs %d: only a trunk carries several", v.Trunks)
	case len(v.CVLANs) > 0 && v.Mode != Dot1qTunnel:
		return fmt.Errorf("customer's VLANs %d: the mode is %q, not %q", v.CVLANs, v.Mode, Dot1qTunnel)
	}
	return nil
}

// write puts the VLANs into a row.
func (v VLAN) write(row *vswitch.Port) {
	if v.Mode != "" {
		row.VLANMode = vswitch.Optional(string(v.Mode))
	}
	if v.Tag != 0 {
		row.Tag = vswitch.Optional(int64(v.Tag))
	}
	row.Trunks, row.CVLANs = vlanSet(v.Trunks), vlanSet(v.CVLANs)
}

// readVLAN is the opposite of write.
func readVLAN(row *vswitch.Port) (v VLAN) {
	if row.VLANMode != nil {
		v.Mode = VLANMode(*row.VLANMode)
	}
	if row.Tag != nil {
		v.Tag = uint16(*row.Tag)
	}
	v.Trunks, v.CVLANs = vlanList(row.Trunks), vlanList(row.CVLANs)
	return v
}

// vlanSet is a set as the database has it: in order, each once.
func vlanSet(ids []uint16) (set []int64) {
	for _, id := range ids {
		set = append(set, int64(id))
	}
	slices.Sort(set)
	return slices.Compact(set)
}

func vlanList(set []int64) (ids []uint16) {
	for _, id := range set {
		ids = append(ids, uint16(id))
	}
	return ids
}
