// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet

import "github.com/ovskit/ovskit/openflow"

// Match makes the value and the mask of a match. Fields that are not Known are left out.
func Match(m openflow.Match) (value, mask Key) {
	MatchInto(m, &value, &mask)
	return value, mask
}

// MatchInto is Match that writes to keys that there are.
func MatchInto(m openflow.Match, value, mask *Key) {
	*value, *mask = Key{}, Key{}
	for _, f := range m {
		all := f.Mask
		if all == nil {
			all = allOnes[:min(len(f.Value), len(allOnes))]
		}
		if masksItself(f.Field) {
			value.SetMasked(f.Field, f.Value, all)
			mask.SetMasked(f.Field, f.Value, nil)
			continue
		}
		mask.SetMasked(f.Field, all, nil)
		value.SetMasked(f.Field, f.Value, nil)
		switch f.Field {
		case openflow.FieldICMPv4Type, openflow.FieldICMPv6Type:
			mask.Mask(openflow.FieldTCPSrc) // they have the place of a port to themselves
		case openflow.FieldIPv6Label:
			if f.Mask == nil {
				mask.Mask(IPv6LabelWord)
			}
		case openflow.FieldICMPv4Code, openflow.FieldICMPv6Code:
			mask.Mask(openflow.FieldTCPDst)
		}
	}
	value.And(mask)
}

// masksItself reports whether Open vSwitch 3.1 takes a value of a field for its mask.
func masksItself(f openflow.Field) bool {
	switch f {
	case openflow.FieldTunERSPANVersion, openflow.FieldTunERSPANDir, openflow.FieldTunERSPANHWID, openflow.FieldTunGTPUFlags,
		openflow.FieldTunGTPUMsgType:
		return true
	}
	return false
}

var allOnes = [16]byte{
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
}
