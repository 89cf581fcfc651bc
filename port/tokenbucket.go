// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"encoding/binary"
	"math"

	"github.com/ovskit/ovskit/internal/netns"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

const (
	bitsPerKbit   = 1000
	maxLinkHeader = 18   // with a VLAN tag
	defaultBurst  = 8000 // kbit, of ovs-vswitchd
	// defaultPacketBurst is in thousands, of ovs-vswitchd.
	defaultPacketBurst = 16
	// packetLength is what every packet is taken to be long where packets are counted:
	// so small that a large number of them can come at once.
	packetLength = 1
)

// A tokenBucket is a queueing discipline that limits what a device sends, tc-tbf(8).
type tokenBucket struct {
	rate  uint64 // bytes per second
	burst uint32 // bytes that may be sent at once
	// length is that of every packet, whatever its size; 0 is the packet's own.
	length uint16
}

// tokenBucket is what keeps the limits of a policing, of which one is set, on a device.
func (p Policing) tokenBucket(mtu int) tokenBucket {
	if p.PacketRate != 0 {
		burst := uint64(p.PacketBurst)
		if burst == 0 {
			burst = defaultPacketBurst
		}
		return tokenBucket{
			rate: uint64(p.PacketRate) * 1000 * packetLength, burst: uint32(min(burst*1000*packetLength, math.MaxInt32)),
			length: packetLength,
		}
	}
	burst := uint64(p.Burst)
	if burst == 0 {
		burst = defaultBurst
	}
	bytes := max(burst*bitsPerKbit/8, uint64(mtu)+maxLinkHeader)
	return tokenBucket{rate: uint64(p.Rate) * bitsPerKbit / 8, burst: uint32(min(bytes, math.MaxInt32))}
}

// replace puts the discipline at the root of a device, in place of what is there.
func (b tokenBucket) replace(ns *netns.Shared, link netlink.Link, handle uint32) error {
	req := nl.NewNetlinkRequest(unix.RTM_NEWQDISC, unix.NLM_F_CREATE|unix.NLM_F_REPLACE|unix.NLM_F_ACK)
	req.AddData(&nl.TcMsg{
		Family: nl.FAMILY_ALL, Ifindex: int32(link.Attrs().Index), Handle: handle, Parent: netlink.HANDLE_ROOT,
	})
	req.AddData(nl.NewRtAttr(nl.TCA_KIND, nl.ZeroTerminated("tbf")))
	if b.length != 0 {
		req.AddData(sizeTable(b.length))
	}
	limits := nl.TcTbfQopt{Limit: b.queue(link.Attrs().MTU)}
	limits.Rate.Rate = uint32(min(b.rate, math.MaxUint32))
	options := nl.NewRtAttr(nl.TCA_OPTIONS, nil)
	options.AddRtAttr(nl.TCA_TBF_PARMS, limits.Serialize())
	options.AddRtAttr(nl.TCA_TBF_RATE64, nl.Uint64Attr(b.rate))
	options.AddRtAttr(nl.TCA_TBF_BURST, nl.Uint32Attr(b.burst))
	req.AddData(options)
	return ns.Do(func() error {
		_, err := req.Execute(unix.NETLINK_ROUTE, 0)
		return err
	})
}

// queue is how many bytes wait for being sent, of what is above the rate: those of a tenth
// of a second, but at least one packet. The rest is dropped.
func (b tokenBucket) queue(mtu int) uint32 {
	packet := uint64(b.length)
	if packet == 0 {
		packet = uint64(mtu) + maxLinkHeader
	}
	return uint32(max(min(b.rate/10, uint64(b.burst)), packet))
}

// sizeTable has a discipline take every packet to have one length, tc-stab(8): it is a
// table of one entry for all sizes.
func sizeTable(length uint16) *nl.RtAttr {
	const (
		attrBase, attrData = 1, 2 // TCA_STAB_BASE, TCA_STAB_DATA
		allSizes           = 30   // the logarithm of the sizes that share an entry
	)
	spec := make([]byte, 24) // struct tc_sizespec
	spec[0] = allSizes
	binary.NativeEndian.PutUint32(spec[20:], 1) // entries
	table := nl.NewRtAttr(nl.TCA_STAB, nil)
	table.AddRtAttr(attrBase, spec)
	table.AddRtAttr(attrData, binary.NativeEndian.AppendUint16(nil, length))
	return table
}
