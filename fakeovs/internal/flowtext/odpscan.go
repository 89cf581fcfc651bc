// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowtext

import (
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// scanUnmasked reads a number that is matched as a whole.
func scanUnmasked(s *scanner, f openflow.Field, value, mask *packet.Key) bool {
	v, ok := s.integer(0)
	value.SetUint(f, v)
	mask.Mask(f)
	return ok
}

// scanTunnelKey reads a tunnel's key, by which it is known that there is one.
func scanTunnelKey(s *scanner, f openflow.Field, value, mask *packet.Key) bool {
	value.SetUint(packet.TunFlags, value.Uint(packet.TunFlags)|packet.TunFlagKey)
	mask.SetUint(packet.TunFlags, mask.Uint(packet.TunFlags)|packet.TunFlagKey)
	return scanNumber(s, f, value, mask)
}

// scanTunnelFlags reads the flags of a tunnel, of which that of the key follows from the key.
func scanTunnelFlags(s *scanner, f openflow.Field, value, mask *packet.Key) bool {
	v, m, err := s.flags(tunFlags, 0xf, ")", "")
	value.SetUint(f, value.Uint(f)|v&^packet.TunFlagKey)
	mask.SetUint(f, mask.Uint(f)|m&^packet.TunFlagKey)
	return err == nil && s.skip(")")
}

// scanTCI reads a part of a VLAN tag.
func scanTCI(shift uint, all uint64) scan {
	return func(s *scanner, f openflow.Field, value, mask *packet.Key) bool {
		v, ok := s.integer(0)
		if v &= 0xffff; !ok || v&^all != 0 {
			return false
		}
		m := all
		if before := *s; s.skip("/") {
			if m, ok = s.integer(0); !ok {
				*s, m = before, all
			} else if m &= 0xffff; m&^all != 0 {
				return false
			}
		}
		value.SetUint(f, value.Uint(f)&^(all<<shift)|v<<shift)
		mask.SetUint(f, mask.Uint(f)&^(all<<shift)|m<<shift)
		return true
	}
}

// scanHalf reads a number of 16 bits of a field of 32.
func scanHalf(shift uint) scan {
	return func(s *scanner, f openflow.Field, value, mask *packet.Key) bool {
		var v, m packet.Key
		const half = openflow.FieldCTZone
		if !scanNumber(s, half, &v, &m) {
			return false
		}
		value.SetUint(f, value.Uint(f)&^(0xffff<<shift)|v.Uint(half)<<shift)
		mask.SetUint(f, mask.Uint(f)&^(0xffff<<shift)|m.Uint(half)<<shift)
		return true
	}
}

// optional reads a field behind its name, if it is there.
func (s *scanner) optional(name string, f openflow.Field, value, mask *packet.Key) bool {
	return !s.skip(name) || scanNumber(s, f, value, mask)
}

func scanERSPAN(s *scanner, f openflow.Field, value, mask *packet.Key) bool {
	if !s.optional("ver=", f, value, mask) {
		return false
	}
	s.skip(",")
	switch value.Uint(f) {
	case 1:
		return s.optional("idx=", openflow.FieldTunERSPANIndex, value, mask) && s.skip(")")
	case 2:
		if !s.optional("dir=", openflow.FieldTunERSPANDir, value, mask) {
			return false
		}
		s.skip(",")
		return s.optional("hwid=", openflow.FieldTunERSPANHWID, value, mask) && s.skip(")")
	}
	return false
}

func scanGBP(s *scanner, f openflow.Field, value, mask *packet.Key) bool {
	if !s.optional("id=", f, value, mask) {
		return false
	}
	s.skip(",")
	return s.optional("flags=", openflow.FieldTunGBPFlags, value, mask) && s.skip("))")
}

func scanGTPU(s *scanner, f openflow.Field, value, mask *packet.Key) bool {
	if !s.optional("flags=", f, value, mask) {
		return false
	}
	s.skip(",")
	return s.optional("msgtype=", openflow.FieldTunGTPUMsgType, value, mask) && s.skip(")")
}
