// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"strconv"

	"github.com/ovskit/ovskit/openflow"
)

func decimalText(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// multipath chooses one of several numbers by a hash of the packet.
func (x *translation) multipath(a openflow.Multipath) {
	lookHashed(&x.flow, &x.wc, a.Fields)
	h := hashOf(&x.flow, a.Fields, a.Basis)
	x.load(a.Dst, uint64(uint16(chooseLink(h, a.Algorithm, a.Links, a.Arg))))
	x.reportField(a.Dst)
}

// chooseLink chooses one of n links by a hash (RFC 2992).
func chooseLink(h uint32, algorithm openflow.MultipathAlgorithm, n, arg uint32) uint32 {
	switch algorithm {
	case openflow.MultipathModuloN:
		return h % n
	case openflow.MultipathHashThreshold:
		if n == 1 {
			return 0
		}
		return h / (^uint32(0)/n + 1)
	case openflow.MultipathHRW:
		if n > 64 {
			return iterateLinks(h, n, 0)
		}
		best, top := uint32(0), hash2(h, 0)
		for link := uint32(1); link < n; link++ {
			if weight := hash2(h, link); weight > top {
				best, top = link, weight
			}
		}
		return best
	}
	return iterateLinks(h, n, arg)
}

// iterateLinks hashes anew until there is such a link.
func iterateLinks(h, n, modulo uint32) uint32 {
	if modulo < n || modulo/2 > n {
		modulo = 1
		for modulo < n {
			modulo *= 2
		}
	}
	for i := uint32(0); ; i++ {
		if link := hash2(h, i) % modulo & 0xffff; link < n {
			return link
		}
	}
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
		lookHashed(&x.flow, &x.wc, a.Fields)
	}
	h := hashOf(&x.flow, a.Fields, a.Basis)
	best, top := openflow.PortAny, uint32(0)
	for i, port := range a.Ports {
		if !x.memberUp(port) {
			continue
		}
		if weight := hash2(uint32(i), h); best == openflow.PortAny || weight > top {
			best, top = port, weight
		}
	}
	return best
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
