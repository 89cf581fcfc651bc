// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/ovskit/ovskit/fakeovs/internal/datapath"
	"github.com/ovskit/ovskit/openflow"
)

// reversible reports whether what steps do to the packet can be undone by actions of the datapath, so that it takes no
// copy to do them on the side.
func reversible(list steps) bool {
	for _, a := range list {
		switch a.(type) {
		case openflow.CT, openflow.Meter, openflow.NAT, openflow.OutputTruncated, openflow.Encap, openflow.Decap,
			openflow.DecNSHTTL:
			return false
		}
	}
	return true
}

// clone does steps on the side: the packet does not see what they do to it.
func (x *translation) clone(list steps, last, _ bool) {
	oldStack, oldSet, oldFlow := x.stack, x.set, x.flow
	defer func() { x.stack, x.set, x.flow = oldStack, oldSet, oldFlow }()
	if reversible(list) || last {
		x.do(list, last, false)
		x.finish()
		return
	}
	x.commit()
	if x.cloned(nil) == nil {
		x.report(nodeError, "Failed to compose clone action")
		return
	}
	base, mpls, tracked := x.base, x.wasMPLS, x.tracked
	inner := x.nested(func() {
		x.do(list, true, false)
		x.finish()
	})
	if len(inner) > 0 {
		x.emit(x.cloned(inner))
	}
	x.base, x.wasMPLS, x.tracked = base, mpls, tracked
}

// checkLength does the rest of the steps for longer packets and for others, with a bit that says which. It is false if the
// datapath cannot tell them apart; then the rest is yet to be done for this packet.
func (x *translation) checkLength(a openflow.CheckPacketLarger, rest steps) bool {
	if !x.can(FeatureCheckLength, 1) {
		larger := uint64(0)
		if x.packet != nil && len(x.packet.Bytes()) > int(a.Length) {
			larger = 1
		}
		x.flow.SetBits(a.Dst.Field, a.Dst.Offset, 1, larger)
		x.slow |= slowAction
		return false
	}
	oldStack, oldSet, oldFlow := x.stack, x.set, x.flow
	x.commit()
	base, mpls, tracked, exited := x.base, x.wasMPLS, x.tracked, false
	branch := func(larger uint64) []datapath.Action {
		return x.nested(func() {
			x.flow.SetBits(a.Dst.Field, a.Dst.Offset, 1, larger)
			x.do(rest, true, false)
			x.finish()
			x.base, x.wasMPLS, x.tracked, x.flow = base, mpls, tracked, oldFlow
		})
	}
	c := datapath.CheckLength{Length: a.Length}
	c.Greater = branch(1)
	exited, x.exited = x.exited, false
	c.LessOrEqual = branch(0)
	x.emit(c)
	x.stack, x.set, x.exited = oldStack, oldSet, exited
	return true
}
