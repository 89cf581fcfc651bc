// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowcheck

import (
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// VisibleTables is how many flow tables a controller may fill; one more, with this number, belongs to the switch itself.
const VisibleTables = 254

// checker refuses actions that a switch refuses for packets of some kind.
type checker struct {
	// key is what is known of the packets, by a match or by the bytes, and mask which bits of it.
	key, mask packet.Key
	// lax lets actions do nothing that do not fit the packet, as OpenFlow 1.0 does.
	lax bool
	// nested is what the actions are within, nothing or one of the words below.
	nested nesting
	// options are those of tunnels that are fields; used gets a bit for each that an action has, as in flow.
	options *packet.Options
	used    *uint64
}

type nesting uint8

const (
	inFlow nesting = iota
	inActionSet
	inConnection
	inClone
)

// Instructions refuses instructions that a switch refuses in a flow with this table and match.
// It returns the options of tunnels that they use, as in flow.
func Instructions(f *openflow.Flow, lax bool, o *packet.Options) (used uint64, err error) {
	c := checker{lax: lax, options: o, used: &used}
	if f.Meter > openflow.MeterMax {
		return 0, openflow.ErrInvalidMeter
	}
	if f.Apply != nil {
		packet.MatchInto(f.Match, &c.key, &c.mask)
		if err := c.actions(f.Apply); err != nil {
			return 0, err
		}
	}
	if f.Write != nil {
		packet.MatchInto(f.Match, &c.key, &c.mask)
		c.nested = inActionSet
		if err := c.actions(f.Write); err != nil {
			return 0, err
		}
	}
	if f.Goto != 0 && f.Goto <= f.Table || f.Goto == openflow.AllTables || f.Goto >= VisibleTables {
		return 0, openflow.ErrBadInstructionTable
	}
	return used, nil
}

// PacketOut refuses actions that a switch refuses for a packet.
func PacketOut(k *packet.Key, list []openflow.Action, o *packet.Options) error {
	c := checker{key: *k, mask: packet.PacketMask(k), options: o, used: new(uint64)}
	return c.actions(list)
}

// actions checks a list of actions, and notes what they do to the packets.
func (c *checker) actions(list []openflow.Action) error {
	for _, a := range list {
		if c.nested == inActionSet && !settable(a) {
			return openflow.ErrBadActionType
		}
	}
	if _, err := checkConjunctions(list); err != nil {
		return err
	}
	for _, a := range list {
		if err := c.action(a); err != nil {
			return err
		}
	}
	return nil
}

// checkConjunctions refuses other actions beside those of conjunctive matches, but for notes. It reports whether there is one
// of those.
func checkConjunctions(list []openflow.Action) (conjunctive bool, err error) {
	others := false
	for _, a := range list {
		switch a.(type) {
		case openflow.Conjunction:
			conjunctive = true
		case openflow.Note:
		default:
			others = true
		}
	}
	if conjunctive && others {
		return true, openflow.ErrBadConjunction
	}
	return conjunctive, nil
}

// inconsistent refuses an action that does not fit the packets.
func (c *checker) inconsistent(is bool) error {
	if is && !c.lax && c.nested != inActionSet {
		return openflow.ErrMatchInconsistent
	}
	return nil
}

// settable reports whether an action may stand in an action set (ovs-actions(7), "Action Sets").
func settable(a openflow.Action) bool {
	switch a := a.(type) {
	case openflow.PopVLAN, openflow.PopMPLS, openflow.Decap, openflow.Encap, openflow.PushMPLS, openflow.PushVLAN,
		openflow.DecTTL, openflow.DecMPLSTTL, openflow.DecNSHTTL, openflow.CT, openflow.CTClear, openflow.Resubmit,
		openflow.Output, openflow.OutputGroup, openflow.SetField, openflow.Move, openflow.SetQueue:
		return true
	case openflow.RawAction:
		return NiciraSubtype(a) < 0
	}
	return false
}

// action checks one action, and notes what it does to the packets.
func (c *checker) action(a openflow.Action) error {
	switch a := a.(type) {
	case openflow.Output:
		return checkOutput(a.Port)
	case openflow.OutputTruncated:
		return checkOutput(a.Port)
	case openflow.OutputField:
		return c.source(a.Src)
	case openflow.SetField:
		return c.set(a)
	case openflow.Move:
		return c.move(a)
	case openflow.StackPush:
		return c.source(a.Src)
	case openflow.StackPop:
		return c.destination(a.Dst)
	case openflow.Multipath:
		return c.destination(a.Dst)
	case openflow.Members:
		return c.members(a)
	case openflow.Learn:
		return c.learn(a)
	case openflow.CheckPacketLarger:
		return nil
	case openflow.SetVLANVID:
		return c.oldTag(a.Push)
	case openflow.SetVLANPCP:
		return c.oldTag(a.Push)
	case openflow.SetTransport:
		return c.inconsistent(!c.key.IsIP() || c.key.LaterFragment() || a.Proto != openflow.IPProtoTCP &&
			a.Proto != openflow.IPProtoUDP && a.Proto != openflow.IPProtoSCTP)
	case openflow.EnqueueTo:
		if a.Port >= MaxPort && a.Port != openflow.PortInPort && a.Port != openflow.PortLocal {
			return openflow.ErrBadOutPort
		}
	case openflow.Resubmit:
		if !validPort(a.InPort) {
			return openflow.ErrBadOutPort
		}
		if a.CT && !c.knownConnection() {
			return openflow.ErrMatchInconsistent
		}
	case openflow.DecTTL:
		return c.inconsistent(!c.key.IsIP())
	case openflow.DecMPLSTTL:
		return c.inconsistent(!packet.IsMPLS(c.key.EthType()))
	case openflow.DecNSHTTL:
		return c.inconsistent(c.key.Uint(openflow.FieldEthType) != openflow.EthTypeNSH &&
			c.key.Uint(openflow.FieldPacketType) != uint64(openflow.PacketNSH))
	case openflow.FinTimeout:
		return c.inconsistent(c.key.Uint(openflow.FieldIPProto) != openflow.IPProtoTCP)
	case openflow.DeleteField:
		if !packet.IsOption(a.Field) {
			return openflow.ErrBadActionArgument
		}
		return c.option(a.Field)
	case openflow.Clone:
		inner := *c
		inner.nested = inClone
		return inner.actions(a.Actions)
	case openflow.CT:
		return c.connection(&a)
	case openflow.NAT:
		return openflow.ErrBadSetArgument
	case openflow.Meter:
		switch {
		case c.nested == inClone:
			return openflow.ErrBadActionArgument
		case a.ID == 0 || a.ID > openflow.MeterMax:
			return openflow.ErrInvalidMeter
		}
	case openflow.RawAction:
		return c.raw(a)
	default:
		return c.headers(a)
	}
	return nil
}

// headers checks an action that puts a header on or takes one off.
func (c *checker) headers(a openflow.Action) error {
	k := &c.key
	switch a := a.(type) {
	case openflow.PushVLAN:
		if k.Uint(packet.InnerVLANTCI)&packet.TCIPresent != 0 {
			return openflow.ErrBadTag
		}
		k.SetUint(packet.InnerVLANTCI, k.Uint(openflow.FieldVLANTCI))
		k.SetUint(openflow.FieldVLANTCI, packet.TCIPresent)
	case openflow.PopVLAN:
		if err := c.inconsistent(k.Tags() == 0); err != nil {
			return err
		}
		k.SetUint(openflow.FieldVLANTCI, k.Uint(packet.InnerVLANTCI))
		k.SetUint(packet.InnerVLANTCI, 0)
	case openflow.PushMPLS:
		if err := c.inconsistent(k.Uint(openflow.FieldPacketType) != 0); err != nil {
			return err
		}
		t := a.EthType
		if t == 0 {
			t = openflow.EthTypeMPLS
		}
		k.SetUint(openflow.FieldEthType, uint64(t))
		k.SetUint(openflow.FieldIPProto, 0)
	case openflow.PopMPLS:
		if err := c.inconsistent(k.Uint(openflow.FieldPacketType) != 0 || !packet.IsMPLS(k.EthType())); err != nil {
			return err
		}
		k.SetUint(openflow.FieldEthType, uint64(a.EthType))
	case openflow.Encap:
		k.SetUint(openflow.FieldPacketType, uint64(a.Type))
		if a.Type>>16 == 1 {
			k.SetUint(openflow.FieldEthType, uint64(a.Type)&0xffff)
		}
		if !k.IsIP() {
			k.SetUint(openflow.FieldIPProto, 0)
		}
	case openflow.Decap:
		const unknown, none = 0xffff<<16 | 0xffff, 0xffff
		if k.Uint(openflow.FieldPacketType) == 0 {
			k.SetUint(openflow.FieldPacketType, 1<<16|k.Uint(openflow.FieldEthType))
		} else {
			k.SetUint(openflow.FieldPacketType, unknown)
			k.SetUint(openflow.FieldEthType, none)
		}
	}
	return nil
}

func checkOutput(port uint32) error {
	if !validPort(port) || port == openflow.PortAny || port >= openflow.PortMax && port < openflow.PortInPort {
		return openflow.ErrBadOutPort
	}
	return nil
}

// members refuses ports that cannot be chosen.
func (c *checker) members(a openflow.Members) error {
	if a.Load != nil {
		if err := c.destination(*a.Load); err != nil {
			return err
		}
	}
	for _, port := range a.Ports {
		if port != openflow.PortAny && checkOutput(port) != nil || port == openflow.PortController {
			return openflow.ErrBadOutPort
		}
	}
	return nil
}

// learn refuses parts of flows that cannot be learned.
func (c *checker) learn(a openflow.Learn) error {
	learned := checker{options: c.options, used: c.used}
	for _, spec := range a.Specs {
		if spec.Src.Bits != 0 {
			if err := c.source(spec.Src); err != nil {
				return err
			}
		}
		switch spec.To {
		case openflow.LearnToMatch:
			if err := learned.source(spec.Dst); err != nil {
				return err
			}
			if spec.Src.Bits == 0 && !packet.IsOption(spec.Dst.Field) {
				value := Placed(spec.Dst, spec.Value)
				learned.key.SetMasked(spec.Dst.Field, value.Value, value.Mask)
				learned.mask.SetMasked(spec.Dst.Field, value.Mask, value.Mask)
			}
		case openflow.LearnToLoad:
			if err := learned.destination(spec.Dst); err != nil {
				return err
			}
		}
	}
	return nil
}

// oldTag checks an action that sets a part of the VLAN tag, which one that pushes a tag can do to any packet.
func (c *checker) oldTag(push bool) error {
	if err := c.inconsistent(!push && c.key.Tags() == 0); err != nil {
		return err
	}
	c.key.AddBits(openflow.FieldVLANTCI, packet.TCIPresent)
	return nil
}
