// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowtext

import (
	"fmt"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// ParseODP reads a datapath's flow, as netdev-dummy/receive and ofproto/trace take it. Ports are those of the datapath,
// and may be named if names is not nil; a flow without one has PortNone. The errors are Open vSwitch's: one of
// *SyntaxError says that the text is no flow, others that the flow makes no sense. Attributes that its packets cannot
// have do not count. The mask has what the text matches, and all of recirc_id and of the absence of a VLAN tag.
func ParseODP(text string, names map[string]uint32) (value, mask packet.Key, err error) {
	return ODP{}.Parse(text, names)
}

// A SyntaxError is of a text that is no flow of a datapath.
type SyntaxError struct{ err error }

func (e *SyntaxError) Error() string { return e.err.Error() }

// Parse is ParseODP with the VLAN limit of o.
func (o ODP) Parse(text string, names map[string]uint32) (value, mask packet.Key, err error) {
	list, err := attributes(text, names, o.Options)
	if err != nil {
		return value, mask, &SyntaxError{err}
	}
	r := reader{vlans: max(o.VLANs, 1)}
	if err := r.flow(list); err != nil {
		return packet.Key{}, packet.Key{}, fmt.Errorf("%w; the flow key in error is: %s", err, o.rewrite(list))
	}
	return r.value, r.mask, nil
}

// reader makes a key of attributes.
type reader struct {
	value, mask packet.Key
	vlans       int
	attrs       map[string]*attribute
}

// load looks the attributes of a list up from now on.
func (r *reader) load(list []attribute) error {
	r.attrs = map[string]*attribute{}
	for i := range list {
		a := &list[i]
		if r.attrs[a.name] != nil {
			return fmt.Errorf("duplicate %s attribute in flow key", a.name)
		}
		r.attrs[a.name] = a
	}
	return nil
}

// take merges an attribute into the flow, if it is there.
func (r *reader) take(names ...string) {
	for _, name := range names {
		if a := r.attrs[name]; a != nil {
			r.value.Or(&a.value)
			r.mask.Or(&a.mask)
		}
	}
}

func (r *reader) flow(list []attribute) error {
	if err := r.load(list); err != nil {
		return err
	}
	if r.attrs["recirc_id"] == nil {
		r.mask.Mask(openflow.FieldRecircID)
	}
	r.take("recirc_id", "dp_hash", "skb_priority", "skb_mark", "ct_state", "ct_zone", "ct_mark", "ct_label", "ct_tuple4",
		"ct_tuple6")
	if t := r.attrs["tunnel"]; t != nil {
		if !t.mask.Has(packet.TunTTL) && !t.value.Has(packet.TunTTL) {
			return errorText("tunnel options missing TTL")
		}
		r.take("tunnel")
	}
	if r.attrs["in_port"] == nil {
		r.value.SetUint(openflow.FieldInPort, PortNone)
	}
	r.take("in_port", "packet_type")
	if r.attrs["eth"] != nil {
		r.take("eth")
		r.value.SetUint(openflow.FieldPacketType, 0)
	} else if a := r.attrs["eth_type"]; a != nil {
		r.value.SetUint(openflow.FieldPacketType, 1<<16|a.value.Uint(openflow.FieldEthType))
	}
	if err := r.etherType(); err != nil {
		return err
	}
	if !isVLAN(r.value.Uint(openflow.FieldEthType)) {
		r.mask.Mask(openflow.FieldVLANTCI, packet.VLANTPID)
		if a := r.attrs["vlan"]; a != nil {
			r.mask.SetUint(openflow.FieldVLANTCI, a.mask.Uint(openflow.FieldVLANTCI))
		}
		return r.rest()
	}
	return r.tags()
}

type errorText string

func (e errorText) Error() string { return string(e) }

// etherType reads the Ethernet type, or guesses it by the attributes of the network layer.
func (r *reader) etherType() error {
	r.value.SetUint(openflow.FieldEthType, 0)
	switch a := r.attrs["eth_type"]; {
	case a != nil:
		r.take("eth_type")
		if typ := a.value.Uint(openflow.FieldEthType); typ < 0x600 {
			return fmt.Errorf("invalid Ethertype %d in flow key", typ)
		}
	case r.attrs["ipv4"] != nil:
		r.value.SetUint(openflow.FieldEthType, openflow.EthTypeIPv4)
	case r.attrs["ipv6"] != nil:
		r.value.SetUint(openflow.FieldEthType, openflow.EthTypeIPv6)
	case r.attrs["mpls"] != nil:
		r.value.SetUint(openflow.FieldEthType, openflow.EthTypeMPLS)
	default:
		r.value.SetUint(openflow.FieldEthType, 0x5ff)
	}
	return nil
}

// tags reads VLAN tags and what they encapsulate, as far as the attributes go.
func (r *reader) tags() error {
	for i := 0; i < min(r.vlans, len(tagFields)); i++ {
		typ := r.value.Uint(openflow.FieldEthType)
		if !isVLAN(typ) {
			return nil
		}
		vlan, encap := r.attrs["vlan"], r.attrs["encap"]
		r.value.SetUint(tagFields[i][0], typ)
		r.mask.Mask(tagFields[i][0])
		r.value.SetUint(openflow.FieldEthType, 0)
		var tci uint64
		if vlan != nil {
			tci = vlan.value.Uint(openflow.FieldVLANTCI)
			r.value.SetUint(tagFields[i][1], tci)
			r.mask.SetUint(tagFields[i][1], vlan.mask.Uint(openflow.FieldVLANTCI))
		}
		switch {
		case vlan == nil || encap == nil || tci == 0:
			return nil
		case tci&0x1000 == 0:
			return fmt.Errorf("OVS_KEY_ATTR_VLAN 0x%04x is nonzero but CFI bit is not set", tci)
		}
		if err := r.load(encap.inner); err != nil {
			return err
		}
		if err := r.etherType(); err != nil {
			return err
		}
		if err := r.rest(); err != nil {
			return err
		}
	}
	return nil
}

// rest reads the network layer and what it carries, where the attributes are those of the packet's protocols.
func (r *reader) rest() error {
	typ := r.value.Uint(openflow.FieldEthType)
	switch typ {
	case openflow.EthTypeMPLS, openflow.EthTypeMPLSMulticast:
		return r.mpls()
	case openflow.EthTypeIPv4:
		r.take("ipv4")
	case openflow.EthTypeIPv6:
		r.take("ipv6")
	case openflow.EthTypeARP, openflow.EthTypeRARP:
		return r.arp()
	default:
		return nil
	}
	if r.value.Uint(openflow.FieldIPFrag)&2 != 0 {
		return nil
	}
	switch proto := r.value.Uint(openflow.FieldIPProto); {
	case proto == openflow.IPProtoTCP:
		r.take("tcp", "tcp_flags")
	case proto == openflow.IPProtoUDP:
		r.take("udp")
	case proto == openflow.IPProtoSCTP:
		r.take("sctp")
	case proto == openflow.IPProtoICMP && typ == openflow.EthTypeIPv4:
		r.take("icmp")
	case proto == openflow.IPProtoICMPv6 && typ == openflow.EthTypeIPv6 && r.attrs["icmpv6"] != nil:
		if r.take("icmpv6"); r.value.IsND() {
			r.take("nd", "nd_ext")
		}
	}
	return nil
}

func (r *reader) mpls() error {
	a := r.attrs["mpls"]
	if a == nil {
		return nil
	}
	n := a.value.Uint(labels)
	for i, f := range [...]openflow.Field{packet.MPLSLSE, packet.MPLSLSE1, packet.MPLSLSE2} {
		if uint64(i) == n {
			break
		}
		r.value.SetUint(f, a.value.Uint(f))
		r.mask.SetUint(f, a.mask.Uint(f))
		if uint64(i)+1 < n && a.value.Uint(f)&0x100 != 0 {
			return errorText("MPLS BOS set in non-innermost label")
		}
	}
	return nil
}

func (r *reader) arp() error {
	a := r.attrs["arp"]
	if a == nil {
		return nil
	}
	op, mask := a.value.Uint(opcode), a.mask.Uint(opcode)
	if op > 0xff {
		return fmt.Errorf("unsupported ARP opcode %d in flow key", op)
	}
	r.take("arp")
	r.value.SetUint(opcode, 0)
	r.mask.SetUint(opcode, 0)
	r.value.SetUint(openflow.FieldARPOp, op)
	r.mask.SetUint(openflow.FieldARPOp, mask)
	return nil
}

// rewrite writes attributes as they were read.
func (o ODP) rewrite(list []attribute) string {
	t := text{}
	t.attributes(list, o.Options)
	t.chomp()
	return t.String()
}

func (t *text) attributes(list []attribute, options *packet.Options) {
	for i := range list {
		a := &list[i]
		if a.name == "encap" {
			t.add("encap(")
			t.attributes(a.inner, options)
			t.chomp()
			t.add("),")
			continue
		}
		w := odpText{text: *t, pair: pair{&a.value, nil}, ODP: ODP{Verbose: true, Options: options}, raw: a}
		w.attribute(a.name, true)
		*t = w.text
	}
}
