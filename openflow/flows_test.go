// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"net"
	"net/netip"

	of "github.com/ovskit/ovskit/openflow"
)

func mac(s string) net.HardwareAddr {
	a, err := net.ParseMAC(s)
	if err != nil {
		panic(err)
	}
	return a
}

func ipv4(fields ...of.MatchField) of.Match {
	return append(of.Match{of.EthType(of.EthTypeIPv4)}, fields...)
}

func tcp(fields ...of.MatchField) of.Match {
	return append(ipv4(of.IPProto(of.IPProtoTCP)), fields...)
}

func apply(actions ...of.Action) of.Instructions { return of.Instructions{Apply: actions} }

// typical are flows such as drivers install, with what ovs-ofctl calls them.
var typical = []struct {
	name string
	mod  of.FlowMod
	// text is the flow in ovs-ofctl's words, without its table and priority.
	text string
}{
	{
		name: "drop all",
		mod:  of.Add(of.Flow{}),
		text: "actions=drop",
	},
	{
		name: "classify",
		mod: of.Add(of.Flow{
			Table: 0, Priority: 200, Cookie: 0xc0ffee, Match: of.Match{of.InPort(3)},
			Instructions: of.Instructions{
				Apply: []of.Action{of.SetField{MatchField: of.Reg(0, 7)}, of.SetField{MatchField: of.RegMasked(1, 0x50, 0xf0)}},
				Goto:  1,
			},
		}),
		text: "in_port=3 actions=set_field:0x7->reg0,set_field:0x50/0xf0->reg1,goto_table:1",
	},
	{
		name: "source guard",
		mod: of.Add(of.Flow{
			Table: 1, Priority: 100,
			Match:        ipv4(of.EthSrc(mac("0a:00:00:00:00:02")), of.IPv4Src(netip.MustParsePrefix("10.1.0.2/32")), of.InPort(3)),
			Instructions: of.Instructions{Goto: 2, Metadata: 0x10, MetadataMask: 0xf0},
		}),
		text: "ip,in_port=3,dl_src=0a:00:00:00:00:02,nw_src=10.1.0.2 actions=write_metadata:0x10/0xf0,goto_table:2",
	},
	{
		name: "ARP responder",
		mod: of.Add(of.Flow{
			Table: 2, Priority: 10,
			Match: of.Match{of.EthType(of.EthTypeARP), of.ARPOp(1), of.ARPTPA(netip.MustParsePrefix("10.1.0.1/32"))},
			Instructions: apply(
				of.Move{Src: of.Whole(of.FieldEthSrc), Dst: of.Whole(of.FieldEthDst)},
				of.SetField{MatchField: of.EthSrc(mac("0a:00:00:00:00:01"))},
				of.SetField{MatchField: of.ARPOp(2)},
				of.Move{Src: of.Whole(of.FieldARPSHA), Dst: of.Whole(of.FieldARPTHA)},
				of.Move{Src: of.Whole(of.FieldARPSPA), Dst: of.Whole(of.FieldARPTPA)},
				of.SetField{MatchField: of.ARPSHA(mac("0a:00:00:00:00:01"))},
				of.SetField{MatchField: of.ARPSPA(netip.MustParsePrefix("10.1.0.1/32"))},
				of.Output{Port: of.PortInPort}),
		}),
		text: "arp,arp_tpa=10.1.0.1,arp_op=1 actions=move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[]," +
			"set_field:0a:00:00:00:00:01->eth_src,set_field:2->arp_op,move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[]," +
			"move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[],set_field:0a:00:00:00:00:01->arp_sha," +
			"set_field:10.1.0.1->arp_spa,IN_PORT",
	},
	{
		name: "published port",
		mod: of.Add(of.Flow{
			Table: 3, Priority: 30, IdleTimeout: 10, HardTimeout: 20, Flags: of.FlowSendRemoved,
			Match: tcp(of.CTState(of.CTTracked|of.CTNew, of.CTInvalid), of.CTZone(4), of.TCPDst(8080)),
			Instructions: apply(of.CT{
				Commit: true, Zone: 4, Resume: true, Table: 4,
				NAT:  &of.NAT{Type: of.NATDestination, AddrMin: netip.MustParseAddr("10.1.0.2"), PortMin: 80},
				Exec: []of.Action{of.SetField{MatchField: of.Uint(of.FieldCTMark, 5)}},
			}),
		}),
		text: "ct_state=+new-inv+trk,ct_zone=4,tcp,tp_dst=8080 " +
			"actions=ct(commit,table=4,zone=4,nat(dst=10.1.0.2:80),exec(set_field:0x5->ct_mark))",
	},
	{
		name: "masquerade",
		mod: of.Add(of.Flow{
			Table: 5, Priority: 30,
			Match: ipv4(of.RegMasked(2, 1, 1), of.IPv4Src(netip.MustParsePrefix("10.1.0.0/24"))),
			Instructions: apply(of.CT{
				Commit: true, Force: true, ZoneFrom: &of.Subfield{Field: of.FieldReg3, Offset: 0, Bits: 16},
				NAT: &of.NAT{
					Type: of.NATSource, AddrMin: netip.MustParseAddr("192.0.2.1"), AddrMax: netip.MustParseAddr("192.0.2.9"),
					PortMin: 1024, PortMax: 65535, Random: true,
				},
			}, of.Output{Port: 1}),
		}),
		text: "ip,reg2=0x1/0x1,nw_src=10.1.0.0/24 " +
			"actions=ct(commit,force,zone=NXM_NX_REG3[0..15],nat(src=192.0.2.1-192.0.2.9:1024-65535,random)),output:1",
	},
	{
		name: "un-NAT",
		mod: of.Add(of.Flow{
			Table: 6, Match: ipv4(),
			Instructions: apply(of.CT{Zone: 9, Resume: true, Table: 7, NAT: &of.NAT{}}),
		}),
		text: "ip actions=ct(table=7,zone=9,nat)",
	},
	{
		name: "route",
		mod: of.Add(of.Flow{
			Table: 8, Priority: 1,
			Match: ipv4(of.IPv4Dst(netip.MustParsePrefix("10.2.0.0/16"))),
			Instructions: apply(of.SetField{MatchField: of.EthDst(mac("0a:00:00:00:00:09"))}, of.DecTTL{},
				of.SetField{MatchField: of.InPort(0)}, of.CTClear{}, of.Output{Port: of.PortLocal},
				of.Resubmit{InPort: of.PortInPort, Table: 9}, of.Resubmit{InPort: 4, Table: 9}),
		}),
		text: "ip,nw_dst=10.2.0.0/16 actions=set_field:0a:00:00:00:00:09->eth_dst,dec_ttl,set_field:0->in_port," +
			"ct_clear,LOCAL,resubmit(,9),resubmit(4,9)",
	},
	{
		name: "action set",
		mod: of.Add(of.Flow{
			Table: 9, Match: of.Match{of.UintMasked(of.FieldMetadata, 1, 3)},
			Instructions: of.Instructions{
				ClearActions: true, Write: []of.Action{of.Output{Port: of.PortController, MaxLen: of.WholePacket}},
			},
		}),
		text: "metadata=0x1/0x3 actions=clear_actions,write_actions(CONTROLLER:65535)",
	},
}

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }
