// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
)

// memberFrame is a frame with a message of IGMP or MLD, whose checksum it sets, from a station to the group that its
// destination is.
func memberFrame(vlan uint16, src, dst string, message ...byte) []byte {
	from, to := netip.MustParseAddr(src), netip.MustParseAddr(dst)
	frame := []byte{0x01, 0x00, 0x5e, 0, 0, 1, 2, 0, 0, 0, 0, 1}
	if vlan != 0 {
		frame = binary.BigEndian.AppendUint16(append(frame, 0x81, 0), vlan)
	}
	binary.BigEndian.PutUint16(message[2:], 0)
	if from.Is4() {
		binary.BigEndian.PutUint16(message[2:], packet.Checksum(message))
		header := []byte{0x45, 0, 0, byte(20 + len(message)), 0, 0, 0, 0, 1, 2, 0, 0}
		header = append(append(header, from.AsSlice()...), to.AsSlice()...)
		binary.BigEndian.PutUint16(header[10:], packet.Checksum(header))
		return append(append(append(frame, 8, 0), header...), message...)
	}
	frame[0], frame[1] = 0x33, 0x33
	addresses := append(from.AsSlice(), to.AsSlice()...)
	pseudo := append(append(addresses[:32:32], 0, 0, 0, byte(len(message)), 0, 0, 0, 58), message...)
	binary.BigEndian.PutUint16(message[2:], packet.Checksum(pseudo))
	header := append([]byte{0x60, 0, 0, 0, 0, byte(len(message)), 58, 1}, addresses...)
	return append(append(append(frame, 0x86, 0xdd), header...), message...)
}

// igmp is a frame with a message of one group: from a host if that has an address, else from nobody.
func igmp(vlan uint16, kind byte, src, group string) []byte {
	message := append([]byte{kind, 0, 0, 0}, netip.MustParseAddr(group).AsSlice()...)
	return memberFrame(vlan, src, "224.0.0.1", message...)
}

// mld is one of MLD.
func mld(vlan uint16, kind byte, src, group string) []byte {
	message := append([]byte{kind, 0, 0, 0, 0, 0, 0, 0}, netip.MustParseAddr(group).AsSlice()...)
	return memberFrame(vlan, src, "ff02::1", message...)
}

// mdb notes what a bridge knows of multicast groups.
func (s *side) mdb() {
	s.t.Helper()
	s.note("mdb/show", func() string {
		if s.daemon == nil {
			return s.appctl("mdb/show", "br0")
		}
		sw, _ := s.daemon.Bridge("br0")
		text, err := sw.ShowMDB()
		if err != nil {
			s.t.Fatal(err)
		}
		return text
	})
}

const query, report2, leave, report3 = 0x11, 0x16, 0x17, 0x22

func TestMulticastGroups(t *testing.T) {
	onBoth(t, func(s *side) {
		s.sees(bridge0 + " mcast_snooping_enable=true" + dummies("", "", "tag=5", "trunks=5,6", "other_config:mcast-snooping-flood=true",
			"other_config:mcast-snooping-flood-reports=true"))
		s.stopTime()
		s.mdb()
		for _, f := range []struct {
			port  int
			frame []byte
		}{
			{1, igmp(0, report2, "10.0.0.1", "239.1.1.1")}, {2, igmp(0, report2, "10.0.0.2", "239.1.1.1")},
			{3, igmp(0, report2, "10.0.0.3", "239.1.1.1")}, {4, igmp(6, 0x12, "10.0.0.4", "239.1.1.2")},
			{5, igmp(0, report2, "10.0.0.5", "239.1.1.3")}, {6, igmp(0, report2, "10.0.0.6", "239.1.1.1")},
			{2, igmp(0, query, "10.0.0.2", "0.0.0.0")}, {1, igmp(0, query, "0.0.0.0", "0.0.0.0")}, // the latter is from nobody
			{2, igmp(0, report2, "10.0.0.2", "239.1.1.4")}, // goes to the router anyhow
			{4, igmp(5, query, "10.0.0.4", "0.0.0.0")},
			{1, mld(0, 131, "fe80::1", "ff05::1")}, {1, mld(0, 132, "fe80::1", "ff05::9")}, {4, mld(6, 130, "fe80::4", "::")},
			{1, mld(0, 131, "fe80::1", "ff02::1:ff00:1")}, {6, mld(0, 131, "fe80::1", "ff05::1")},
		} {
			s.receive(fmt.Sprintf("p%d", f.port), f.frame)
			s.mdb()
		}
		bad := igmp(0, report2, "10.0.0.1", "239.1.1.7")
		bad[len(bad)-1]++
		s.receive("p1", bad)
		bad = mld(0, 131, "fe80::1", "ff05::7")
		bad[len(bad)-1]++
		s.receive("p1", bad)
		s.receive("p1", igmp(0, leave, "10.0.0.1", "239.1.1.1"))
		s.receive("p6", igmp(0, leave, "10.0.0.6", "239.1.1.1")) // where others may be
		s.mdb()
		for port := range 7 {
			in := fmt.Sprint(port)
			if port == 0 {
				in = "LOCAL"
			}
			for _, more := range []string{
				"dl_dst=01:00:5e:01:01:01,udp,nw_dst=239.1.1.1", "dl_dst=01:00:5e:01:01:03,udp,nw_dst=239.1.1.3",
				"dl_dst=01:00:5e:01:01:09,udp,nw_dst=239.1.1.9", "dl_dst=01:00:5e:00:00:09,udp,nw_dst=224.0.0.9",
				"dl_dst=ff:ff:ff:ff:ff:ff,udp,nw_dst=239.1.1.1", "dl_dst=33:33:00:00:00:01,udp6,ipv6_dst=ff05::1",
				"dl_dst=33:33:00:00:00:01,udp6,ipv6_dst=ff02::1", "dl_dst=33:33:00:00:00:02,udp6,ipv6_dst=ff02::2",
				"dl_dst=01:00:5e:00:00:01,dl_type=0x88b5", "dl_dst=01:00:5e:00:00:01,dl_type=0x0800,nw_proto=2",
				"dl_dst=33:33:00:00:00:01,icmp6,icmpv6_type=131", "dl_dst=33:33:00:00:00:01,icmp6,icmpv6_type=130",
				"dl_dst=33:33:00:00:00:01,icmp6,icmpv6_type=143", "dl_dst=33:33:00:00:00:01,icmp6,icmpv6_type=135",
			} {
				s.forwards("br0", "in_port="+in+",dl_src=02:00:00:00:00:01,"+more)
			}
		}
		s.forwards("br0", "in_port=4,dl_vlan=6,dl_src=02:00:00:00:00:01,dl_dst=01:00:5e:01:01:02,udp,nw_dst=239.1.1.2")
		s.forwards("br0", "in_port=1,dl_vlan=6,dl_src=02:00:00:00:00:01,dl_dst=01:00:5e:01:01:02,udp,nw_dst=239.1.1.2")
		s.sees("set bridge br0 other_config:mcast-snooping-disable-flood-unregistered=true")
		s.forwards("br0", "in_port=1,dl_src=02:00:00:00:00:01,dl_dst=01:00:5e:01:01:09,udp,nw_dst=239.1.1.9")
		s.forwards("br0", "in_port=2,dl_src=02:00:00:00:00:01,dl_dst=01:00:5e:01:01:09,udp,nw_dst=239.1.1.9")
	})
}

func TestMulticastReports(t *testing.T) {
	onBoth(t, func(s *side) {
		s.sees(bridge0 + " mcast_snooping_enable=true" + dummies("", ""))
		s.stopTime()
		s.receive("p1", memberFrame(0, "10.0.0.1", "224.0.0.22", report3, 0, 0, 0, 0, 0, 0, 5,
			4, 0, 0, 0, 239, 1, 1, 1, 2, 0, 0, 1, 239, 1, 1, 2, 10, 0, 0, 9, 1, 0, 0, 0, 239, 1, 1, 3,
			6, 4, 0, 0, 239, 1, 1, 4, 9, 9, 9, 9, 4, 0, 0, 0, 239, 1, 1, 5))
		s.mdb()
		s.receive("p1", memberFrame(0, "10.0.0.1", "224.0.0.22", report3, 0, 0, 0, 0, 0, 0, 3,
			3, 0, 0, 0, 239, 1, 1, 1, 7, 0, 0, 0, 239, 1, 1, 8, 4, 0, 0, 0, 239, 1, 1, 9))
		s.mdb()
		s.receive("p1", memberFrame(0, "10.0.0.1", "224.0.0.22", report3, 0, 0, 0, 0, 0, 0, 9, 4, 0, 0, 0, 239, 1, 1, 7, 4, 0, 0, 0))
		s.mdb()
		record := func(kind, sources byte, group string) []byte {
			return append([]byte{kind, 0, 0, sources}, netip.MustParseAddr(group).AsSlice()...)
		}
		message := append([]byte{143, 0, 0, 0, 0, 0, 0, 3}, record(4, 0, "ff05::1")...)
		message = append(append(message, record(9, 0, "ff05::2")...), record(2, 0, "ff05::3")...)
		s.receive("p2", memberFrame(0, "fe80::2", "ff02::16", message...))
		s.mdb()
		s.receive("p2", memberFrame(0, "fe80::2", "ff02::16", append([]byte{143, 0, 0, 0, 0, 0, 0, 1}, record(3, 0, "ff05::3")...)...))
		s.mdb()
	})
}

func TestMulticastForgotten(t *testing.T) {
	onBoth(t, func(s *side) {
		s.sees(bridge0 + " mcast_snooping_enable=true other_config:mcast-snooping-table-size=10" + dummies("", "", ""))
		s.stopTime()
		for i := range 12 {
			s.receive("p1", igmp(0, report2, "10.0.0.1", fmt.Sprintf("239.1.1.%d", i)))
		}
		s.receive("p2", igmp(0, query, "10.0.0.2", "0.0.0.0"))
		s.warp(100 * time.Second)
		s.receive("p3", igmp(0, report2, "10.0.0.3", "239.1.1.3"))
		s.receive("p3", igmp(7, query, "10.0.0.2", "0.0.0.0"))
		s.mdb()
		s.sees("set bridge br0 other_config:mcast-snooping-aging-time=250")
		s.mdb()
		s.warp(85 * time.Second)
		s.mdb()
		s.warp(80 * time.Second)
		s.mdb()
		s.warp(100 * time.Second)
		s.mdb()
		for i := range 3 {
			s.receive("p1", igmp(0, report2, "10.0.0.1", fmt.Sprintf("239.1.2.%d", i)))
			s.receive("p3", igmp(0, report2, "10.0.0.1", fmt.Sprintf("239.1.2.%d", i)))
		}
		s.mdb()
		s.sees("set port p1 tag=9")
		s.mdb()
		s.sees("del-port p3")
		s.mdb()
		s.receive("p2", igmp(0, report2, "10.0.0.1", "239.1.3.1"))
		s.mdb()
		s.sees("set bridge br0 mcast_snooping_enable=false")
		s.sees("set bridge br0 mcast_snooping_enable=true")
		s.mdb()
	})
}
