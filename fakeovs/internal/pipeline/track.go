// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/ovskit/ovskit/fakeovs/internal/datapath"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// fork is a copy of the packet that a trace follows through the connection tracker.
type fork struct {
	id  uint32
	key packet.Key
	nat *openflow.NAT
	// thawed is where the copy goes on.
	thawed *frozen
}

// track sends the packet through the connection tracker. If the action names a table, a copy of the packet goes on
// there; this one forgets what the tracker said, except the translation of its frame.
func (x *translation) track(a *openflow.CT, last bool) {
	zone := a.Zone
	if z := a.ZoneFrom; z != nil {
		zone = uint16(x.options.Bits(&x.flow, z.Field, z.Offset, z.Bits))
		if x.thawed == nil || !isFrozen(z.Field) {
			x.look(*z)
		}
	}
	oldMark, oldLabel := x.wc.Uint(openflow.FieldCTMark), [2]uint64{x.wc[21], x.wc[22]}
	x.commit()
	x.nat = nil
	x.wc.SetUint(openflow.FieldCTMark, 0)
	x.wc[21], x.wc[22] = 0, 0
	var exec steps
	if a.NAT != nil {
		exec = append(exec, *a.NAT)
	}
	x.do(append(exec, actionSteps(a.Exec)...), last, false)

	t := datapath.Track{Commit: a.Commit, Force: a.Force, Zone: zone, NAT: x.nat}
	t.MarkMask = uint32(x.wc.Uint(openflow.FieldCTMark))
	t.Mark = uint32(x.flow.Uint(openflow.FieldCTMark)) & t.MarkMask
	t.LabelMask = [2]uint64{x.wc[21], x.wc[22]}
	t.Label = [2]uint64{x.flow[21] & x.wc[21], x.flow[22] & x.wc[22]}
	switch a.ALG {
	case 0:
	case openflow.ALGFTP:
		t.Helper = "ftp"
	case openflow.ALGTFTP:
		t.Helper = "tftp"
	default:
		x.report(nodeError, "cannot serialize ct_helper %d", a.ALG)
	}
	x.emit(t)
	x.wc.SetUint(openflow.FieldCTMark, oldMark)
	x.wc[21], x.wc[22] = oldLabel[0], oldLabel[1]
	if a.Resume {
		x.tracked = true
		x.fork(a.Table, zone)
	}
	x.nat = nil
	clearConnection(&x.flow)
	x.report(nodeDetail, "Sets the packet to an untracked state, and clears all the conntrack fields.")
	x.tracked = false
}

// fork lets a copy of the packet go on in a table when it comes back.
func (x *translation) fork(table uint8, zone uint16) {
	x.freezing = true
	thawed := x.freezeIn(table)
	if thawed == nil || !x.tracing() {
		return
	}
	f := fork{id: thawed.id, key: x.flow, nat: x.nat, thawed: thawed}
	f.key.SetUint(openflow.FieldRecircID, uint64(f.id))
	f.key.SetUint(openflow.FieldCTZone, uint64(zone))
	x.forks = append(x.forks, f)
	x.report(nodeDetail, "A clone of the packet is forked to recirculate. The forked pipeline will be resumed at "+
		"table %d.", table)
}

// forget makes the packet untracked.
func (x *translation) forget() {
	x.tracked = false
	clearConnection(&x.flow)
	if x.can(FeatureForget, 1) {
		x.emit(datapath.Forget{})
	}
}

// clearConnection takes what is known of a connection out of a packet's fields.
func clearConnection(k *packet.Key) {
	for _, f := range connectionFields {
		k.SetUint(f, 0)
	}
	k.SetWords128(openflow.FieldCTLabel, 0, 0)
	switch k.Uint(openflow.FieldEthType) {
	case openflow.EthTypeIPv4:
		k.SetUint(openflow.FieldCTNwSrc, 0)
		k.SetUint(openflow.FieldCTNwDst, 0)
	case openflow.EthTypeIPv6:
		k.SetWords128(openflow.FieldCTIPv6Src, 0, 0)
		k.SetWords128(openflow.FieldCTIPv6Dst, 0, 0)
	}
}

var connectionFields = [...]openflow.Field{
	openflow.FieldCTState, openflow.FieldCTZone, openflow.FieldCTMark, openflow.FieldCTNwProto, openflow.FieldCTTpSrc,
	openflow.FieldCTTpDst,
}

// isFrozen reports whether a field lives on in a frozen translation.
func isFrozen(f openflow.Field) bool {
	switch f {
	case openflow.FieldInPort, openflow.FieldInPort16, openflow.FieldMetadata:
		return true
	}
	return openflow.FieldTunID <= f && f <= openflow.FieldTunMetadata63 ||
		openflow.FieldReg0 <= f && f <= openflow.FieldXXReg3
}
