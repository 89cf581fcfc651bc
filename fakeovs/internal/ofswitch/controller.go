// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"encoding/binary"

	"github.com/ovskit/ovskit/fakeovs/internal/datapath"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// packetIn is a packet on its way to the controllers with an ID.
type packetIn struct {
	message  openflow.PacketIn
	maxLen   uint16
	id       uint16
	userdata []byte
	// pause has the controllers get a continuation.
	pause  bool
	frozen *frozen
}

// controller hands the packet to the controllers.
func (x *translation) controller(a openflow.Controller) {
	x.commit()
	if a.Reason == openflow.PacketInAction && x.rule.isMiss() {
		a.Reason = reasonExplicitMiss
	}
	f := x.frozen(x.table, nil, nil, a.Userdata, 0)
	if m := x.s.controllerMeter(a.Meter); m != nil {
		inner := x.nested(func() {
			x.emit(datapath.Meter{ID: m.number(), Context: m})
			x.userspace(f, a, false)
		})
		x.emit(datapath.Sample{Probability: 1<<32 - 1, Actions: inner})
		return
	}
	x.userspace(f, a, false)
}

// userspace adds the action that hands the packet over.
func (x *translation) userspace(f *frozen, a openflow.Controller, continuation bool) {
	in := &packetIn{maxLen: a.MaxLen, id: a.ID, userdata: a.Userdata, pause: continuation, frozen: f,
		message: openflow.PacketIn{
			BufferID: openflow.NoBuffer,
			Reason:   a.Reason,
			Table:    f.table,
			Cookie:   x.cookie,
			Match:    metadata(&x.flow),
		}}
	x.emit(datapath.Userspace{
		Reason: uint16(a.Reason), DontSend: !x.effects && !continuation, Continuation: continuation, Recirculate: f.id, Cookie: x.cookie,
		Controller: a.ID, MaxLen: a.MaxLen, Context: in,
	})
}

// isMiss reports whether a flow is that of a table's misses: of priority 0 and without a match.
func (f *flow) isMiss() bool { return f != nil && f.Priority == 0 && len(f.Match) == 0 }

// with completes a message with the frame or its beginning.
func (in packetIn) with(frame []byte) packetIn {
	in.message.TotalLen = uint16(len(frame))
	in.message.Data = append([]byte(nil), frame[:min(len(frame), int(in.maxLen))]...)
	return in
}

// metadata is a packet's metadata as a packet-in message has it: in_port, and the other fields where they are not zero.
func metadata(k *packet.Key) openflow.Match {
	m := openflow.Match{openflow.InPort(uint32(k.Uint(openflow.FieldInPort)))}
	some := func(f openflow.Field) {
		if v := k.Uint(f); v != 0 {
			m = append(m, openflow.Uint(f, v))
		}
	}
	wide := func(f openflow.Field) {
		if hi, lo := k.Bits(f, 64, 64), k.Bits(f, 0, 64); hi|lo != 0 {
			m = append(m, openflow.MatchField{Field: f, Value: binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, hi), lo)})
		}
	}
	for _, f := range []openflow.Field{openflow.FieldTunID, openflow.FieldTunFlags, openflow.FieldTunSrc, openflow.FieldTunDst} {
		some(f)
	}
	wide(openflow.FieldTunIPv6Src)
	wide(openflow.FieldTunIPv6Dst)
	for _, f := range []openflow.Field{
		openflow.FieldTunGBPID, openflow.FieldTunGBPFlags, openflow.FieldTunERSPANVersion, openflow.FieldTunERSPANIndex,
		openflow.FieldTunERSPANDir, openflow.FieldTunERSPANHWID, openflow.FieldTunGTPUFlags, openflow.FieldTunGTPUMsgType,
		openflow.FieldMetadata,
	} {
		some(f)
	}
	for f := openflow.FieldReg0; f <= openflow.FieldReg15; f++ {
		some(f)
	}
	some(openflow.FieldPktMark)
	if t := openflow.PacketType(uint32(k.Uint(openflow.FieldPacketType))); t != openflow.PacketEthernet {
		some(openflow.FieldPacketType)
	}
	if k.Uint(openflow.FieldCTState) != 0 {
		m = append(m, connection(k)...)
	}
	some(openflow.FieldCTZone)
	some(openflow.FieldCTMark)
	wide(openflow.FieldCTLabel)
	return m
}

// connection is the state of a packet's connection and, if there is one, its first packet's addresses and ports. The
// packet's Ethernet type comes with them, without which they say nothing.
func connection(k *packet.Key) openflow.Match {
	whole := func(f openflow.Field) openflow.MatchField {
		b := binary.BigEndian.AppendUint64(nil, k.Bits(f, 0, 64))
		if f.Bytes() > len(b) {
			b = append(binary.BigEndian.AppendUint64(nil, k.Bits(f, 64, 64)), b...)
		}
		return openflow.MatchField{Field: f, Value: b[len(b)-f.Bytes():]}
	}
	m := openflow.Match{whole(openflow.FieldCTState), whole(openflow.FieldEthType)}
	var looked packet.Key
	if !hasConnection(k, &looked) || k.Uint(openflow.FieldCTNwProto) == 0 {
		return m
	}
	src, dst := openflow.FieldCTNwSrc, openflow.FieldCTNwDst
	switch k.Uint(openflow.FieldEthType) {
	case openflow.EthTypeIPv4:
	case openflow.EthTypeIPv6:
		src, dst = openflow.FieldCTIPv6Src, openflow.FieldCTIPv6Dst
	default:
		return m
	}
	for _, f := range []openflow.Field{src, dst, openflow.FieldCTNwProto, openflow.FieldCTTpSrc, openflow.FieldCTTpDst} {
		m = append(m, whole(f))
	}
	return m
}
