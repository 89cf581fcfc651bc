// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"slices"

	"github.com/ovskit/ovskit/fakeovs/internal/conntrack"
	"github.com/ovskit/ovskit/fakeovs/internal/datapath"
	"github.com/ovskit/ovskit/fakeovs/internal/ovshash"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// maxRecirculations is how often a packet may come back, as in Open vSwitch.
const maxRecirculations = 6

// evaluation is what becomes of one frame, from its coming in to the last copy's going out. The datapath is locked.
type evaluation struct {
	dp *Datapath
	// s is the bridge that the frame came in to.
	s       *Bridge
	t       *tracer
	outputs []Output
	// packetIns are messages to the controllers, in order.
	packetIns      []PacketIn
	recirculations int
	// work and held are what it has taken so far of maxWork and maxHeld.
	work, held int
}

// The limits of what the copies of one frame may take together, which may multiply each time that they come back.
const (
	// maxWork is after how many look-ups and actions nothing comes back any more. A translation counts as passWork of them.
	maxWork  = 1 << 15
	passWork = 16
	// maxHeld is how many bytes the frames may have that leave the switch or go to controllers.
	maxHeld = 64 << 20
	// heldRecord is what keeping a frame takes beside its bytes.
	heldRecord = 256
)

// pass translates a packet, of whose fields in_port is set, once and carries out what comes of it. Cached says that the
// datapath remembers that for packets like it.
func (e *evaluation) pass(p *packet.Packet, m *conntrack.Meta, thawed *frozen, cached bool) {
	x := newTranslation(e, e.s, &p.Key)
	x.size, x.counts, x.effects, x.packet = len(p.Bytes()), true, true, p
	x.thawed = thawed
	e.t.begin(x)
	x.made = x.run(nil)
	if cached {
		e.dp.cache.note(x)
	}
	if len(x.made) == 0 {
		e.dp.drop(dropCounters[x.failed])
	}
	e.work += passWork + x.resubmits + len(x.made)
	x.forks = nil
	e.execute(p, m, x.made)
	x.done()
}

// holds notes that a frame is kept until the evaluation is over, and reports whether there is room for it.
func (e *evaluation) holds(size int) bool {
	if e.held >= maxHeld {
		return false
	}
	if e.held += size + heldRecord; e.held >= maxHeld {
		e.s.log.Warn("a frame has become too many, further ones are dropped", "bytes", e.held)
	}
	return true
}

// execute carries actions out on a packet. The last user of a packet needs no copy. It returns false if the packet was
// dropped in between.
func (e *evaluation) execute(p *packet.Packet, m *conntrack.Meta, actions []datapath.Action) bool {
	limit := 0
	for i, a := range actions {
		last := i == len(actions)-1
		switch a := a.(type) {
		case datapath.Output:
			e.output(a.Context.(*Port), p, limit)
			limit = 0
		case datapath.Truncate:
			limit = int(a.MaxLen)
		case datapath.Userspace:
			frame := cut(p.Bytes(), limit)
			limit = 0
			if !e.holds(len(frame)) {
				continue
			}
			in := a.Context.(*PacketIn).with(frame)
			if in.pause {
				in.Message.Continuation = e.dp.pauses.keep(in.frozen, m)
			}
			e.packetIns = append(e.packetIns, in)
		case datapath.Recirculate:
			e.resume(p, *m, a.Context.(*frozen), last)
		case datapath.Clone:
			e.side(p, m, a.Actions, last)
		case datapath.Sample:
			e.side(p, m, a.Actions, last)
		case datapath.CheckLength:
			branch := a.LessOrEqual
			if len(p.Bytes()) > int(a.Length) {
				branch = a.Greater
			}
			e.side(p, m, branch, last)
		case datapath.Meter:
			if meter, ok := a.Context.(*meter); ok && meter.admit(e.s.now, len(p.Bytes())) {
				e.dp.drop(meterDrops)
				return false
			}
		case datapath.Hash:
			h := uint32(0)
			if a.Symmetric {
				h = p.Key.HashSymmetricL3L4(a.Basis, false)
			} else {
				// The hash that the packet came in with is hashed again.
				h = ovshash.Int(p.Key.Hash5Tuple(0), a.Basis)
			}
			p.Key.SetUint(openflow.FieldDPHash, uint64(h))
		case datapath.Track:
			held, released := e.track(p, m, &a)
			rest := actions[i+1:]
			if len(released) == 0 && !held {
				continue
			}
			if !held {
				e.execute(p, m, rest)
			}
			for j := range released {
				e.execute(released[j].Packet, &released[j].Meta, rest)
			}
			return true
		case datapath.Forget:
			*m = conntrack.Meta{}
		case datapath.SetTunnel:
			p.Key.CopyTunnel(a.Key)
		case datapath.Set:
			if set(p, &a) {
				m.Forget()
			}
		default:
			reframe(p, a)
		}
	}
	return true
}

// side carries actions out on a copy of the packet.
func (e *evaluation) side(p *packet.Packet, m *conntrack.Meta, actions []datapath.Action, last bool) {
	if !last {
		p = p.Clone()
	}
	meta := *m
	e.execute(p, &meta, actions)
}

func cut(frame []byte, limit int) []byte {
	if limit > 0 && len(frame) > limit {
		return frame[:limit]
	}
	return frame
}

func (e *evaluation) output(port *Port, p *packet.Packet, limit int) {
	frame := cut(p.Bytes(), limit)
	if !e.holds(len(frame)) {
		return
	}
	o := Output{Port: port.No, Frame: slices.Clone(frame), port: port}
	if port.Tunnel != nil {
		o.Tunnel = new(packet.Key)
		o.Tunnel.CopyTunnel(&p.Key)
	}
	e.outputs = append(e.outputs, o)
}

// track sends the packet through the connection tracker, which may hold it back and release others.
func (e *evaluation) track(p *packet.Packet, m *conntrack.Meta, a *datapath.Track) (held bool, released []conntrack.Fragment) {
	if !p.IP() {
		return false, nil
	}
	r := conntrack.Request{
		Zone: a.Zone, Commit: a.Commit || a.Force, Force: a.Force, NAT: a.NAT,
		Mark: a.Mark, MarkMask: a.MarkMask, Label: a.Label, LabelMask: a.LabelMask,
		RecircID: uint32(p.Key.Uint(openflow.FieldRecircID)),
	}
	switch a.Helper {
	case "ftp":
		r.ALG = openflow.ALGFTP
	case "tftp":
		r.ALG = openflow.ALGTFTP
	}
	return e.dp.conns.Track(p, m, &r)
}

// resume lets a copy of the packet go on where it was frozen, with its connection state known.
func (e *evaluation) resume(p *packet.Packet, m conntrack.Meta, f *frozen, last bool) {
	if e.recirculations >= maxRecirculations || e.work >= maxWork {
		return
	}
	if !last {
		p = p.Clone()
	}
	e.recirculations++
	p.Reparse()
	p.Key.SetUint(openflow.FieldRecircID, uint64(f.id))
	e.restore(p, &m)
	e.pass(p, &m, f, true)
	e.recirculations--
}

// restore makes what is known of the packet's connection a part of its fields.
func (e *evaluation) restore(p *packet.Packet, m *conntrack.Meta) {
	p.Key.SetUint(openflow.FieldCTState, uint64(m.State))
	p.Key.SetUint(openflow.FieldCTZone, uint64(m.Zone))
	p.Key.SetUint(openflow.FieldCTMark, uint64(m.Mark))
	p.Key.SetWords128(openflow.FieldCTLabel, m.Label[0], m.Label[1])
	setOriginal(&p.Key, m)
}

// setOriginal makes the original tuple of a packet's connection a part of its fields, if the packet is of its version of IP.
func setOriginal(k *packet.Key, m *conntrack.Meta) {
	for _, f := range connectionTuple {
		k.SetUint(f, 0)
	}
	k.SetWords128(openflow.FieldCTIPv6Src, 0, 0)
	k.SetWords128(openflow.FieldCTIPv6Dst, 0, 0)
	o := &m.Orig
	if m.State == 0 || o.Proto == 0 {
		return
	}
	src, dst := openflow.FieldCTNwSrc, openflow.FieldCTNwDst
	switch t := k.Uint(openflow.FieldEthType); {
	case o.Src.Is4() && t == openflow.EthTypeIPv4:
	case o.Src.Is6() && t == openflow.EthTypeIPv6:
		src, dst = openflow.FieldCTIPv6Src, openflow.FieldCTIPv6Dst
	default:
		return
	}
	k.SetMasked(src, o.Src.AsSlice(), nil)
	k.SetMasked(dst, o.Dst.AsSlice(), nil)
	k.SetUint(openflow.FieldCTNwProto, uint64(o.Proto))
	if k.LaterFragment() {
		return // a packet without ports has not got those either
	}
	k.SetUint(openflow.FieldCTTpSrc, uint64(o.SrcPort))
	k.SetUint(openflow.FieldCTTpDst, uint64(o.DstPort))
}

var connectionTuple = [...]openflow.Field{
	openflow.FieldCTNwProto, openflow.FieldCTTpSrc, openflow.FieldCTTpDst, openflow.FieldCTNwSrc, openflow.FieldCTNwDst,
}

// set writes a header. It reports whether that may have made the packet one of another connection.
func set(p *packet.Packet, a *datapath.Set) (moved bool) {
	switch a.Header {
	case datapath.Priority:
		p.Key.Merge(a.Value, a.Mask)
	case datapath.Mark:
		p.Key.Merge(a.Value, a.Mask)
	case datapath.Ethernet:
		p.SetEthernet(a.Value, a.Mask)
	case datapath.NSH:
		p.SetNSH(a.Value, a.Mask)
	case datapath.MPLS:
		p.SetMPLS(a.Value, a.Mask)
	case datapath.IPv4:
		return p.SetIPv4(a.Value, a.Mask)
	case datapath.IPv6:
		return p.SetIPv6(a.Value, a.Mask)
	case datapath.ARP:
		p.SetARP(a.Value, a.Mask)
	case datapath.TCP, datapath.UDP, datapath.SCTP:
		return p.SetTransport(a.Value, a.Mask)
	case datapath.ICMP, datapath.ICMPv6:
		p.SetICMP(a.Value, a.Mask)
	case datapath.ND:
		p.SetND(a.Value, a.Mask)
	case datapath.NDExtensions:
		p.SetNDExtensions(a.Value, a.Mask)
	}
	return false
}

// reframe puts headers on the packet or takes them off.
func reframe(p *packet.Packet, a datapath.Action) {
	switch a := a.(type) {
	case datapath.PushVLAN:
		p.PushVLAN(a.EthType, a.TCI)
	case datapath.PopVLAN:
		p.PopVLAN()
	case datapath.PushEthernet:
		p.PushEthernet(mac6(a.Dst), mac6(a.Src))
	case datapath.PopEthernet:
		p.PopEthernet()
	case datapath.PushMPLS:
		p.PushMPLS(a.EthType, a.Entry)
	case datapath.AddMPLS:
		p.PushOuterMPLS(a.EthType, a.Entry)
	case datapath.PopMPLS:
		p.PopMPLS(a.EthType)
	case datapath.PushNSH:
		var k packet.Key
		k.SetUint(openflow.FieldNSHFlags, uint64(a.Flags))
		k.SetUint(openflow.FieldNSHTTL, uint64(a.TTL))
		k.SetUint(openflow.FieldNSHMDType, uint64(a.MDType))
		k.SetUint(packet.NSHPath, uint64(a.Path))
		for i, c := range a.Context {
			k.SetUint(openflow.FieldNSHC1+openflow.Field(i), uint64(c))
		}
		p.PushNSH(&k, a.Options)
	case datapath.PopNSH:
		p.PopNSH()
	}
}

func mac6(v uint64) [6]byte {
	return [6]byte{byte(v >> 40), byte(v >> 32), byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}
}
