// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"strconv"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

func decimalText(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// multipath chooses one of several numbers by a hash of the packet.
func (x *translation) multipath(a openflow.Multipath) {
	x.wc.MaskHash(&x.flow, a.Fields)
	link := packet.ChooseLink(x.flow.Hash(a.Fields, a.Basis), a.Algorithm, int(a.Links), a.Arg)
	x.load(a.Dst, uint64(link))
	x.reportField(a.Dst)
}

// members chooses one of several ports that are up, and sends the packet there or notes which it is.
func (x *translation) members(a openflow.Members, last, bucket bool) {
	port := x.member(a)
	if a.Load == nil {
		x.output(port, 0, false, last, false, bucket)
		return
	}
	x.load(*a.Load, uint64(uint16(port)))
	x.reportField(*a.Load)
}

func (x *translation) member(a openflow.Members) uint32 {
	if a.Algorithm == openflow.MembersActiveBackup {
		for _, port := range a.Ports {
			if x.memberUp(port) {
				return port
			}
		}
		return openflow.PortAny
	}
	if len(a.Ports) > 1 {
		x.wc.MaskHash(&x.flow, a.Fields)
	}
	up := func(i int) bool { return x.memberUp(a.Ports[i]) }
	if i := packet.ChooseMember(x.flow.Hash(a.Fields, a.Basis), len(a.Ports), up); i >= 0 {
		return a.Ports[i]
	}
	return openflow.PortAny
}

func (x *translation) memberUp(port uint32) bool {
	switch port {
	case openflow.PortInPort, openflow.PortTable, openflow.PortNormal, openflow.PortFlood, openflow.PortAll, openflow.PortAny:
		return true
	case openflow.PortController:
		return false
	}
	return x.s.livePort(port)
}
