// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofwire

import (
	"encoding/binary"
	"net/netip"

	of13 "github.com/contiv/libOpenflow/openflow13"
)

// Output is OFPAT_OUTPUT.
func Output(port uint32, maxLen uint16) ([]byte, error) {
	a := of13.NewActionOutput(port)
	a.MaxLen = maxLen
	return marshal(a)
}

// SetField is OFPAT_SET_FIELD for a whole field, which is all it can do in OpenFlow 1.3, and NXAST_REG_LOAD2 for the
// bits of a mask.
func SetField(t TLV) ([]byte, error) {
	if t.Mask != nil {
		return marshal(of13.NewNXActionRegLoad2(t.matchField()))
	}
	return marshal(of13.NewActionSetField(*t.matchField()))
}

// Subfield is Bits bits of a field from bit Offset on.
type Subfield struct {
	Field
	Offset, Bits uint16
}

// Move is NXAST_REG_MOVE; src and dst have the same number of bits.
func Move(src, dst Subfield) ([]byte, error) {
	return marshal(of13.NewNXActionRegMove(src.Bits, src.Offset, dst.Offset, src.header(), dst.header()))
}

// Resubmit is NXAST_RESUBMIT_TABLE.
func Resubmit(inPort uint16, table uint8) ([]byte, error) {
	return marshal(of13.NewNXActionResubmitTableAction(inPort, table))
}

// DecTTL is OFPAT_DEC_NW_TTL.
func DecTTL() ([]byte, error) { return marshal(of13.NewActionDecNwTtl()) }

// CTClear is NXAST_CT_CLEAR, which libOpenflow has no type for.
func CTClear() ([]byte, error) {
	b := binary.BigEndian.AppendUint16(nil, of13.ActionType_Experimenter)
	b = binary.BigEndian.AppendUint16(b, 16)
	b = binary.BigEndian.AppendUint32(b, of13.NxExperimenterID)
	b = binary.BigEndian.AppendUint16(b, of13.NXAST_CT_CLEAR)
	return append(b, make([]byte, 6)...), nil
}

// NoTable is the table of a CT that does not make the packet go on in one.
const NoTable uint8 = of13.NX_CT_RECIRC_NONE

// CT is the parameters of NXAST_CT.
type CT struct {
	Commit, Force bool
	Zone          uint16
	// ZoneFrom, unless nil, is the 16 bits that hold the zone.
	ZoneFrom *Subfield
	Table    uint8
	// Actions are the encoded actions inside, NAT among them.
	Actions [][]byte
}

// Encode is NXAST_CT.
func (c CT) Encode() ([]byte, error) {
	if _, err := total(24, c.Actions...); err != nil {
		return nil, err
	}
	a := of13.NewNXActionConnTrack().ZoneImm(c.Zone).Table(c.Table)
	if c.ZoneFrom != nil {
		a.ZoneRange(c.ZoneFrom.header(), of13.NewNXRangeByOfsNBits(int(c.ZoneFrom.Offset), int(c.ZoneFrom.Bits)))
	}
	if c.Commit {
		a.Commit()
	}
	if c.Force {
		a.Force()
	}
	for _, inner := range c.Actions {
		a.AddAction(bytesAction{inner})
	}
	return marshal(a)
}

// NAT is the parameters of NXAST_NAT.
type NAT struct {
	Source, Destination      bool
	Persistent, Hash, Random bool
	// AddrMin and AddrMax are of the same family; the invalid address and port 0 stand for absent ones.
	AddrMin, AddrMax netip.Addr
	PortMin, PortMax uint16
}

// Encode is NXAST_NAT.
func (n NAT) Encode() ([]byte, error) {
	a := of13.NewNXActionCTNAT()
	for _, flag := range []struct {
		set bool
		bit uint16
	}{{n.Source, of13.NX_NAT_F_SRC}, {n.Destination, of13.NX_NAT_F_DST}, {n.Persistent, of13.NX_NAT_F_PERSISTENT},
		{n.Hash, of13.NX_NAT_F_PROTO_HASH}, {n.Random, of13.NX_NAT_F_PROTO_RANDOM}} {
		if flag.set {
			a.Flags |= flag.bit
		}
	}
	switch {
	case n.AddrMin.Is4():
		a.SetRangeIPv4Min(n.AddrMin.AsSlice())
		if n.AddrMax.IsValid() {
			a.SetRangeIPv4Max(n.AddrMax.AsSlice())
		}
	case n.AddrMin.IsValid():
		a.SetRangeIPv6Min(n.AddrMin.AsSlice())
		if n.AddrMax.IsValid() {
			a.SetRangeIPv6Max(n.AddrMax.AsSlice())
		}
	}
	if n.PortMin != 0 {
		// libOpenflow cannot write a minimum without a maximum.
		portMax := max(n.PortMin, n.PortMax)
		a.SetRangeProtoMin(&n.PortMin)
		a.SetRangeProtoMax(&portMax)
	}
	return marshal(a)
}
