// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/ovskit/ovskit/fakeovs/internal/datapath"
	"github.com/ovskit/ovskit/fakeovs/internal/flowcheck"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// PacketIn is a packet on its way to the controllers with an ID.
type PacketIn struct {
	Message  openflow.PacketIn
	ID       uint16
	Userdata []byte

	maxLen uint16
	// pause has the controllers get a continuation.
	pause  bool
	frozen *frozen
}

// controller hands the packet to the controllers.
func (x *translation) controller(a openflow.Controller) {
	x.commit()
	if a.Reason == openflow.PacketInAction && x.rule.isMiss() {
		a.Reason = ReasonExplicitMiss
	}
	f := x.frozen(x.table, nil, nil, a.Userdata, 0)
	if m := x.s.controllerMeter(a.Meter); m != nil {
		inner := x.nested(func() {
			x.emit(datapath.Meter{ID: m.number, Context: m})
			x.userspace(f, a, false)
		})
		x.emit(datapath.Sample{Probability: 1<<32 - 1, Actions: inner})
		return
	}
	x.userspace(f, a, false)
}

// userspace adds the action that hands the packet over.
func (x *translation) userspace(f *frozen, a openflow.Controller, continuation bool) {
	in := &PacketIn{ID: a.ID, Userdata: a.Userdata, maxLen: a.MaxLen, pause: continuation, frozen: f,
		Message: openflow.PacketIn{
			BufferID: openflow.NoBuffer,
			Reason:   a.Reason,
			Table:    f.table,
			Cookie:   x.cookie,
			Match:    metadata(&x.flow, x.options),
		}}
	x.emit(datapath.Userspace{
		Reason: uint16(a.Reason), DontSend: !x.effects && !x.again && !continuation, Continuation: continuation, Recirculate: f.id, Cookie: x.cookie,
		Controller: a.ID, MaxLen: a.MaxLen, Context: in,
	})
}

// isMiss reports whether a flow is that of a table's misses: of priority 0 and without a match.
func (f *Flow) isMiss() bool { return f != nil && f.Priority == 0 && len(f.Match) == 0 }

// with completes a message with the frame or its beginning.
func (in PacketIn) with(frame []byte) PacketIn {
	in.Message.TotalLen = uint16(len(frame))
	in.Message.Data = append([]byte(nil), frame[:min(len(frame), int(in.maxLen))]...)
	return in
}

// metadata is a packet's metadata as a packet-in message has it: in_port, and the other fields where they are not zero, and
// those options of the tunnel that there are. What is known of a connection comes with the version of IP that it is of.
func metadata(k *packet.Key, o *packet.Options) openflow.Match {
	m := openflow.Match{openflow.InPort(uint32(k.Uint(openflow.FieldInPort)))}
	all := func(fields ...openflow.Field) {
		for _, f := range fields {
			m = append(m, field(k, f))
		}
	}
	some := func(fields ...openflow.Field) {
		for _, f := range fields {
			if k.Has(f) {
				all(f)
			}
		}
	}
	some(metadataFields...)
	for _, f := range packet.OptionsOf(k) {
		m = append(m, flowcheck.SettledOption(openflow.MatchField{Field: f, Value: o.Value(k, f)}, o))
	}
	for f := openflow.FieldReg0; f <= openflow.FieldReg15; f++ {
		some(f)
	}
	some(openflow.FieldPktMark, openflow.FieldPacketType)
	if k.Has(openflow.FieldCTState) {
		all(openflow.FieldCTState, openflow.FieldEthType)
		src, dst := openflow.FieldCTNwSrc, openflow.FieldCTNwDst
		if k.Uint(openflow.FieldEthType) == openflow.EthTypeIPv6 {
			src, dst = openflow.FieldCTIPv6Src, openflow.FieldCTIPv6Dst
		}
		if openflow.CTFlags(k.Uint(openflow.FieldCTState))&entryStates != 0 && k.Has(openflow.FieldCTNwProto) {
			all(src, dst, openflow.FieldCTNwProto, openflow.FieldCTTpSrc, openflow.FieldCTTpDst)
		}
	}
	some(openflow.FieldCTZone, openflow.FieldCTMark, openflow.FieldCTLabel)
	return m
}

// entryStates are the states of which a packet has one that belongs to a connection. What an invalid one would have been
// part of is not said.
const entryStates = openflow.CTNew | openflow.CTEstablished | openflow.CTReply

// metadataFields are the fields of a tunnel but for its options, and metadata.
var metadataFields = []openflow.Field{
	openflow.FieldTunID, openflow.FieldTunFlags, openflow.FieldTunSrc, openflow.FieldTunDst, openflow.FieldTunIPv6Src,
	openflow.FieldTunIPv6Dst, openflow.FieldTunGBPID, openflow.FieldTunGBPFlags, openflow.FieldTunERSPANVersion,
	openflow.FieldTunERSPANIndex, openflow.FieldTunERSPANDir, openflow.FieldTunERSPANHWID, openflow.FieldTunGTPUFlags,
	openflow.FieldTunGTPUMsgType, openflow.FieldMetadata,
}

// field is the whole of a packet's field.
func field(k *packet.Key, f openflow.Field) openflow.MatchField {
	value := make([]byte, f.Bytes())
	for i := range value {
		value[i] = byte(k.Bits(f, uint16(8*(len(value)-1-i)), 8))
	}
	return openflow.Bytes(f, value)
}

// TunnelFields are the fields of the tunnel among those of a packet, but for its options, where they are not zero; nil
// without a key.
func TunnelFields(k *packet.Key) openflow.Match {
	if k == nil {
		return nil
	}
	var m openflow.Match
	for _, f := range metadataFields {
		if f != openflow.FieldMetadata && k.Has(f) {
			m = append(m, field(k, f))
		}
	}
	return m
}
