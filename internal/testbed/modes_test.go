// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/ovskit/ovskit/openflow"
)

// outsideOf are the addresses outside in one family, and the host's and web0's.
type outsideOf struct{ host, outside, beyond, spare, gateway, web0 netip.Addr }

var bothOutside = []outsideOf{
	{HostAddr.Addr(), OutsideAddr.Addr(), BeyondAddr, SpareAddr, web0.Gateways[0], web0.Addrs[0].Addr()},
	{HostAddr6.Addr(), OutsideAddr6.Addr(), BeyondAddr6, SpareAddr6, web0.Gateways[1], web0.Addrs[1].Addr()},
}

// In uplink mode the bridge is between the host and the link. The endpoint's packets are routed by the host as they are.
func TestUplinkMode(t *testing.T) {
	onEachKind(t, nil, func(t *testing.T, ctx context.Context, tb *Testbed) {
		web := addWeb0(t, ctx, tb)
		if got, want := web.Port.MAC.String(), web.Station.MAC().String(); got != want {
			t.Errorf("MAC: the port has %s, the station %s", got, want)
		}
		if got, want := tb.Bridge().MAC.String(), tb.Host().MAC().String(); got != want {
			t.Errorf("MAC: the bridge has %s, the host %s", got, want)
		}
		for _, name := range []string{"web0", tb.Uplink().Name} {
			if br, ok := tb.DB().PortBridge(name); !ok || br.Name != tb.Bridge().Name {
				t.Errorf("bridge of port %q: got %v, want %q", name, br, tb.Bridge().Name)
			}
		}
		if tb.Uplink().OFPort == web.Port.OFPort {
			t.Errorf("uplink and endpoint are both port %d", web.Port.OFPort)
		}
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		if err := tb.Host().Ping(short, OutsideAddr.Addr()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ping from the host to the outside without a flow: got %v, want %v", err, context.DeadlineExceeded)
		}
		setFlows(t, ctx, tb)
		for _, a := range bothOutside {
			for _, p := range []struct {
				from Station
				to   netip.Addr
			}{
				{tb.Host(), a.outside}, {tb.Host(), a.beyond}, {tb.Host(), a.web0}, {tb.Outside(), a.host},
				{web.Station, a.gateway}, {web.Station, a.host}, {web.Station, a.beyond}, {tb.Outside(), a.web0},
			} {
				if err := p.from.Ping(ctx, p.to); err != nil {
					t.Error(err)
				}
			}
			service := netip.AddrPortFrom(a.beyond, 80)
			askAs(t, ctx, web.Station, tb.Outside(), service, service, a.web0)
			askAs(t, ctx, tb.Host(), tb.Outside(), service, service, a.host)
		}
		if tables, err := tb.FilterTables(); err != nil || len(tables) != 0 {
			t.Errorf("filter tables: got %q, error %v; want none", tables, err)
		}
		if _, err := tb.AddEndpoint(ctx, web0); err == nil {
			t.Error("add an endpoint twice: got no error, want one")
		}
	})
}

// In address mode the host answers for the spare addresses and routes them to the bridge, which translates.
func TestAddressMode(t *testing.T) {
	adjust := func(o *Options) { o.Spare = []netip.Addr{SpareAddr, SpareAddr6} }
	onEachKind(t, adjust, func(t *testing.T, ctx context.Context, tb *Testbed) {
		if tb.Uplink() != nil {
			t.Errorf("uplink: got %v, want none", tb.Uplink())
		}
		// The host needs no flow for what is its own.
		for _, a := range bothOutside {
			if err := tb.Host().Ping(ctx, a.beyond); err != nil {
				t.Error(err)
			}
			if err := tb.Outside().Ping(ctx, a.host); err != nil {
				t.Error(err)
			}
		}
		web := addWeb0(t, ctx, tb)
		var mods []openflow.Modification
		for _, a := range bothOutside {
			mods = append(mods, translated(a, tb.Bridge().MAC, web)...)
		}
		setFlows(t, ctx, tb, mods...)
		for _, a := range bothOutside {
			if err := web.Station.Ping(ctx, a.beyond); err != nil {
				t.Error(err)
			}
			if err := web.Station.Ping(ctx, a.host); err != nil { // an address of the other interface
				t.Error(err)
			}
			service, own := netip.AddrPortFrom(a.beyond, 80), netip.AddrPortFrom(a.host, 80)
			askAs(t, ctx, web.Station, tb.Outside(), service, service, a.spare)
			askAs(t, ctx, web.Station, tb.Host(), own, own, a.web0)
			askAs(t, ctx, tb.Host(), tb.Outside(), service, service, a.host)
			published := netip.AddrPortFrom(a.spare, 8080)
			askAs(t, ctx, tb.Outside(), web.Station, netip.AddrPortFrom(a.web0, 80), published, a.outside)
			// The outside has a route to the endpoint, and the host leads there.
			if err := tb.Outside().Ping(ctx, a.web0); err != nil {
				t.Error(err)
			}
		}
	})
}

// translated are flows of one family that let web0 out as the spare address, and in to its port 80 at port 8080 of that.
func translated(a outsideOf, gateway net.HardwareAddr, web *Attached) []openflow.Modification {
	const zone, fromWeb, fromLink, toHost, toWeb = 1, 1, 2, 3, 4
	at := net.HardwareAddr{2, 0, 0x5e, 0, 0x53, 1} // of the spare address
	local, endpoint := openflow.InPort(openflow.PortLocal), openflow.InPort(web.Port.OFPort)
	ip := openflow.EthType(0x86dd)
	src, dst := openflow.IPv6Src, openflow.IPv6Dst
	answer := ndAnswer(a.spare, at, local)
	if a.spare.Is4() {
		ip, src, dst = openflow.EthType(0x0800), openflow.IPv4Src, openflow.IPv4Dst
		answer = arpAnswer(a.spare, at, local)
	}
	alone := func(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, a.BitLen()) }
	track := func(table uint8) openflow.Action {
		return openflow.CT{Zone: zone, Resume: true, Table: table, NAT: &openflow.NAT{}}
	}
	commit := func(table uint8, nat openflow.NAT) openflow.Action {
		return openflow.CT{Commit: true, Zone: zone, Resume: true, Table: table, NAT: &nat}
	}
	isNew, known := openflow.CTState(openflow.CTNew, 0), openflow.CTState(openflow.CTEstablished, 0)
	deliver := []openflow.Action{
		openflow.SetField{MatchField: openflow.EthSrc(gateway)},
		openflow.SetField{MatchField: openflow.EthDst(web.Port.MAC)},
		openflow.Output{Port: web.Port.OFPort},
	}
	out := openflow.NAT{Type: openflow.NATSource, AddrMin: a.spare}
	in := openflow.NAT{Type: openflow.NATDestination, AddrMin: a.web0, PortMin: 80}
	return []openflow.Modification{
		answer,
		flow(0, 10, openflow.Match{endpoint, ip, dst(alone(a.beyond))}, track(fromWeb)),
		flow(0, 10, openflow.Match{endpoint, ip, openflow.IPProto(6), dst(alone(a.outside))}, track(fromWeb)),
		flow(0, 10, openflow.Match{local, ip, dst(alone(a.spare))}, track(fromLink)),
		flow(fromWeb, 1, openflow.Match{isNew, ip}, commit(toHost, out)),
		flow(fromWeb, 1, openflow.Match{known, ip}, openflow.Output{Port: openflow.PortLocal}),
		flow(fromLink, 1, openflow.Match{isNew, ip, openflow.IPProto(6), openflow.TCPDst(8080)}, commit(toWeb, in)),
		flow(fromLink, 1, openflow.Match{known, ip}, deliver...),
		flow(toHost, 1, openflow.Match{ip, src(alone(a.spare))}, openflow.Output{Port: openflow.PortLocal}),
		flow(toWeb, 1, openflow.Match{ip, dst(alone(a.web0))}, deliver...),
	}
}

// arpAnswer answers ARP requests for an address.
func arpAnswer(a netip.Addr, mac net.HardwareAddr, in openflow.MatchField) openflow.Modification {
	addr := netip.PrefixFrom(a, 32)
	return flow(0, 20, openflow.Match{in, openflow.EthType(0x0806), openflow.ARPOp(1), openflow.ARPTPA(addr)},
		openflow.Move{Src: openflow.Whole(openflow.FieldEthSrc), Dst: openflow.Whole(openflow.FieldEthDst)},
		openflow.SetField{MatchField: openflow.EthSrc(mac)},
		openflow.SetField{MatchField: openflow.ARPOp(2)},
		openflow.Move{Src: openflow.Whole(openflow.FieldARPSHA), Dst: openflow.Whole(openflow.FieldARPTHA)},
		openflow.SetField{MatchField: openflow.ARPSHA(mac)},
		openflow.Move{Src: openflow.Whole(openflow.FieldARPSPA), Dst: openflow.Whole(openflow.FieldARPTPA)},
		openflow.SetField{MatchField: openflow.ARPSPA(addr)},
		openflow.Output{Port: openflow.PortInPort})
}

// ndAnswer answers neighbour solicitations for an address: the source link-layer address becomes that of the target, and
// the option, by another type, says so.
func ndAnswer(a netip.Addr, mac net.HardwareAddr, in openflow.MatchField) openflow.Modification {
	const solicited, targetOption = 0x40000000, 2 // RFC 4861 sections 4.4 and 4.6.1
	addr := netip.PrefixFrom(a, 128)
	return flow(0, 20, openflow.Match{
		in, openflow.EthType(0x86dd), openflow.IPProto(58), openflow.ICMPv6Type(135), openflow.NDTarget(addr),
	},
		openflow.Move{Src: openflow.Whole(openflow.FieldEthSrc), Dst: openflow.Whole(openflow.FieldEthDst)},
		openflow.SetField{MatchField: openflow.EthSrc(mac)},
		openflow.Move{Src: openflow.Whole(openflow.FieldIPv6Src), Dst: openflow.Whole(openflow.FieldIPv6Dst)},
		openflow.SetField{MatchField: openflow.IPv6Src(addr)},
		openflow.SetField{MatchField: openflow.NDSLL(mac)},
		openflow.SetField{MatchField: openflow.Uint(openflow.FieldNDOptionsType, targetOption)},
		openflow.SetField{MatchField: openflow.Uint(openflow.FieldNDReserved, solicited)},
		openflow.SetField{MatchField: openflow.ICMPv6Type(136)},
		openflow.Output{Port: openflow.PortInPort})
}

// The link outside can be narrower than the endpoints' interfaces: the host says so.
func TestMTU(t *testing.T) {
	const mtu = 1300
	onEachKind(t, func(o *Options) { o.MTU = mtu }, func(t *testing.T, ctx context.Context, tb *Testbed) {
		web := addWeb0(t, ctx, tb)
		setFlows(t, ctx, tb)
		capture, err := web.Station.Capture(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer capture.Close()
		c, err := web.Station.DialUDP(ctx, netip.AddrPort{}, netip.AddrPortFrom(BeyondAddr6, 9))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write(make([]byte, mtu)); err != nil {
			t.Fatal(err)
		}
		for {
			frame, err := capture.Next(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if packet := frame[14:]; frame[12] == 0x86 && packet[6] == 58 && packet[40] == 2 {
				if got := binary.BigEndian.Uint32(packet[44:]); got != mtu {
					t.Errorf("too big: got MTU %d, want %d", got, mtu)
				}
				return
			}
		}
	})
}
