// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowcheck

import (
	"bytes"
	"encoding/binary"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// have reports whether the packets have a field.
func (c *checker) have(f openflow.Field) bool {
	switch f {
	case openflow.FieldCTNwProto, openflow.FieldCTTpSrc, openflow.FieldCTTpDst, openflow.FieldCTNwSrc, openflow.FieldCTNwDst,
		openflow.FieldCTIPv6Src, openflow.FieldCTIPv6Dst:
		return c.knownConnection()
	}
	var looked packet.Key
	return HasField(&c.key, &looked, f)
}

// knownConnection reports whether the packets' connection is known and valid.
func (c *checker) knownConnection() bool {
	const valid = openflow.CTNew | openflow.CTEstablished | openflow.CTRelated | openflow.CTReply | openflow.CTSrcNAT |
		openflow.CTDstNAT
	state, mask := openflow.CTFlags(c.key.Uint(openflow.FieldCTState)), openflow.CTFlags(c.mask.Uint(openflow.FieldCTState))
	return state&valid != 0 || state&openflow.CTTracked != 0 && mask&openflow.CTInvalid != 0 && state&openflow.CTInvalid == 0
}

// ofConnection reports whether a field belongs to the connection, so that only the exec of a ct action can set it. Open
// vSwitch takes it in an action set as well, and writes what only the packet's flows see.
func ofConnection(f openflow.Field) bool {
	return f == openflow.FieldCTMark || f == openflow.FieldCTLabel
}

func (c *checker) misplaced(f openflow.Field) bool {
	return ofConnection(f) && c.nested != inConnection && c.nested != inActionSet
}

// set checks an action that writes a value to a field.
func (c *checker) set(a openflow.SetField) error {
	switch {
	case a.Field == openflow.FieldUnknown:
		return openflow.ErrBadSetType
	case packet.IsOption(a.Field):
		if err := c.option(a.Field); err != nil {
			return err
		}
		if n := len(a.Mask) - int(c.options.Map(a.Field).Length); n > 0 && len(bytes.Trim(a.Mask[:n], "\x00")) > 0 {
			return openflow.ErrBadSetLen
		}
		return nil
	case c.misplaced(a.Field):
		return openflow.ErrBadSetArgument
	case !packet.Known(a.Field):
		return Unsupported(openflow.ErrBadSetType, "%v", a)
	case len(a.Value) != a.Field.Bytes() || a.Mask != nil && len(a.Mask) != len(a.Value):
		return openflow.ErrBadSetLen
	case !a.Field.Writable() || !valid(a.Field, a.Value):
		return openflow.ErrBadSetArgument
	}
	tag := a.Field == openflow.FieldVLANVID || a.Field == openflow.FieldVLANPCP
	if !c.have(a.Field) || a.Field == openflow.FieldVLANVID && c.key.Tags() == 0 {
		if !c.lax || !tag && !optional(a) {
			return openflow.ErrMatchInconsistent
		}
	}
	switch {
	case a.Field == openflow.FieldVLANTCI:
		c.key.SetUint(openflow.FieldVLANTCI, uint64(binary.BigEndian.Uint16(a.Value)))
	case tag:
		c.key.AddBits(openflow.FieldVLANTCI, packet.TCIPresent)
	}
	return nil
}

// optional reports whether an action is one that OpenFlow 1.0 has, which there does nothing to packets without the field.
func optional(a openflow.SetField) bool {
	switch a.Field {
	case openflow.FieldIPv4Src, openflow.FieldIPv4Dst, openflow.FieldIPDSCP:
		return a.Mask == nil
	}
	return false
}

// source checks a part of a field that is read, and destination one that is written.
func (c *checker) source(s openflow.Subfield) error {
	switch {
	case s.Field == openflow.FieldUnknown:
		return openflow.ErrBadSetType
	case packet.IsOption(s.Field):
		if err := c.option(s.Field); err != nil {
			return err
		}
	case !packet.Known(s.Field):
		return Unsupported(openflow.ErrBadSetType, "%v in an action", s)
	}
	switch {
	case s.Bits == 0 || int(s.Offset)+int(s.Bits) > FieldBits(s.Field, c.options):
		return openflow.ErrBadSetLen
	case !c.have(s.Field):
		return openflow.ErrMatchInconsistent
	}
	return nil
}

// option refuses a tunnel's option that no field stands for, and notes that it is used.
func (c *checker) option(f openflow.Field) error {
	if !c.options.Mapped(f) {
		return openflow.ErrInvalidTLVField
	}
	*c.used |= OptionBit(f)
	return nil
}

func (c *checker) destination(s openflow.Subfield) error {
	if err := c.source(s); err != nil {
		return err
	}
	if !s.Field.Writable() {
		return openflow.ErrBadSetArgument
	}
	return nil
}

func (c *checker) move(a openflow.Move) error {
	if c.misplaced(a.Dst.Field) {
		return openflow.ErrBadSetArgument
	}
	if err := c.source(a.Src); err != nil {
		return err
	}
	if err := c.destination(a.Dst); err != nil {
		return err
	}
	if a.Src.Bits != a.Dst.Bits {
		return openflow.ErrBadSetArgument
	}
	return nil
}

// ActionExperimenter is the type of an experimenter's action.
// raw checks an action that has no type of its own.
func (c *checker) raw(a openflow.RawAction) error {
	if len(a.Bytes) < 8 {
		return openflow.ErrBadActionLen
	}
	switch typ := binary.BigEndian.Uint16(a.Bytes); {
	case typ != ActionExperimenter:
		return openflow.ErrBadActionType
	case binary.BigEndian.Uint32(a.Bytes[4:]) != experimenterNicira:
		return openflow.ErrBadActionExperimenter
	}
	switch NiciraSubtype(a) {
	case DebugSlow, DebugRecirc:
		return nil
	}
	return openflow.ErrBadActionExperimenterType
}

// connection checks an action that sends packets through the connection tracker.
func (c *checker) connection(a *openflow.CT) error {
	proto := c.key.Uint(openflow.FieldIPProto)
	invalid := openflow.CTFlags(c.key.Uint(openflow.FieldCTState))&openflow.CTInvalid != 0
	switch {
	case a.Force && !a.Commit, !a.Commit && len(a.Exec) > 0:
		return openflow.ErrBadActionArgument
	case !a.Commit && a.NAT != nil && a.NAT.Type != openflow.NATExisting:
		return openflow.ErrBadActionArgument
	case !c.key.IsIP(), a.Commit && invalid, a.ALG == openflow.ALGFTP && proto != openflow.IPProtoTCP,
		a.ALG == openflow.ALGTFTP && proto != openflow.IPProtoUDP:
		return openflow.ErrMatchInconsistent
	}
	if a.ZoneFrom != nil {
		if a.ZoneFrom.Bits != 16 {
			return openflow.ErrBadSetLen
		}
		if err := c.source(*a.ZoneFrom); err != nil {
			return err
		}
	}
	if a.NAT != nil {
		if err := c.nat(a.NAT); err != nil {
			return err
		}
	}
	// Open vSwitch looks no further at a list with a conjunction.
	if conjunctive, err := checkConjunctions(a.Exec); conjunctive {
		return err
	}
	// What may be done here leaves alone what is known of the packets' headers.
	outer := c.nested
	c.nested = inConnection
	defer func() { c.nested = outer }()
	for _, e := range a.Exec {
		if err := c.exec(e); err != nil {
			return err
		}
	}
	return nil
}

// exec refuses what may not be done in the context of a connection.
func (c *checker) exec(a openflow.Action) error {
	switch a := a.(type) {
	case openflow.SetField:
		if ofConnection(a.Field) {
			return c.set(a)
		}
	case openflow.Move:
		if ofConnection(a.Dst.Field) {
			return c.move(a)
		}
	case openflow.NAT:
		return c.nat(&a)
	case openflow.RawAction:
		if err := c.raw(a); err != nil {
			return err
		}
	}
	return openflow.ErrBadActionArgument
}

func (c *checker) nat(n *openflow.NAT) error {
	switch {
	case n.AddrMin.IsValid() && n.AddrMin.IsUnspecified(),
		!n.AddrMin.IsValid() && (n.AddrMax.IsValid() || n.PortMin != 0),
		n.AddrMax.IsValid() && (n.AddrMax.BitLen() != n.AddrMin.BitLen() || n.AddrMax.Less(n.AddrMin)),
		n.PortMin == 0 && n.PortMax != 0,
		n.PortMax != 0 && n.PortMax < n.PortMin,
		n.Hash && n.Random:
		return openflow.ErrBadActionArgument
	case n.AddrMin.Is4() && c.key.EthType() != openflow.EthTypeIPv4, n.AddrMin.Is6() && c.key.EthType() != openflow.EthTypeIPv6:
		return openflow.ErrMatchInconsistent
	}
	return nil
}
