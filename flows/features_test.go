// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"errors"
	"testing"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/openflow"
)

func TestDHCP(t *testing.T) {
	l := newLab(t)
	ask := packet("udp", l.web2, l.host, 68, 67).with(func(f *frame) {
		f.to, f.src, f.dst = broadcast, addrPort("0.0.0.0:68"), addrPort("255.255.255.255:67")
	})
	gateway := &station{mac: l.host.mac, addr: l.web.Gateways[0].Addr()}
	renew := packet("udp", l.web2, gateway, 68, 67)
	offer := packet("udp", gateway, l.web2, 67, 68)
	l.web.Host = 0
	l.mustSet(l.web)
	l.send(l.web2, ask)
	l.send(l.web2, renew)
	l.send(l.host, offer)

	e := l.endpoint(l.web2, "web")
	e.DHCP = true
	l.mustSet(e)
	l.send(l.web2, ask, delivery{l.host, ask})
	l.send(l.web2, renew, delivery{l.host, renew})
	l.send(l.host, offer, delivery{l.web2, offer})
	// A server inside is not heard, nor a client asked by another endpoint.
	l.send(l.web2, packet("udp", l.web2, l.web3, 67, 68).with(func(f *frame) { f.to, f.dst = broadcast, addrPort("255.255.255.255:68") }))
	l.send(l.web3, packet("udp", l.web3, l.host, 68, 67).with(func(f *frame) {
		f.to, f.src, f.dst = broadcast, addrPort("0.0.0.0:68"), addrPort("255.255.255.255:67")
	}))
}

func TestMirrorTo(t *testing.T) {
	eachFamily(t, func(t *testing.T, l *lab) {
		// db2's port gets copies, once nobody has it.
		if err := l.sw.Delete(l.ctx, l.endpoint(l.db2, "db")); err != nil {
			t.Fatal(err)
		}
		e := l.endpoint(l.web2, "web")
		e.MirrorTo = l.db2.port
		l.mustSet(e)
		ask := packet("tcp", l.web2, l.web3, 1000, 80)
		l.send(l.web2, ask, delivery{l.db2, ask}, delivery{l.web3, ask})
		l.send(l.web3, ask.reply(), delivery{l.db2, ask.reply()}, delivery{l.web2, ask.reply()})
		if err := l.sw.Set(l.ctx, l.endpoint(l.db2, "db")); err == nil {
			t.Error("a port that gets copies became an endpoint")
		}
	})
}

func TestMulticast(t *testing.T) {
	for _, dst := range []string{"224.0.0.251:5353", "255.255.255.255:9", "10.1.0.255:137", "[ff02::fb]:5353"} {
		l := newLab(t)
		l.dual()
		ask := packet("udp", l.web2, l.web3, 5353, 5353).with(func(f *frame) {
			f.dst = addrPort(dst)
			f.to = broadcast
			if f.dst.Addr().Is4() {
				f.src = addrPort("10.1.0.2:5353")
			}
		})
		l.send(l.web2, ask)
		l.web.Multicast = true
		l.mustSet(l.web)
		// To all of the network but the sender.
		l.send(l.web2, ask, delivery{l.web3, ask})
		l.send(l.db2, ask.with(func(f *frame) {
			f.from, f.src = l.db2.mac, addrPort("[fd00:2::2]:5353")
			if f.dst.Addr().Is4() {
				f.src = addrPort("10.2.0.2:5353")
			}
		}))
		if err := l.sw.Delete(l.ctx, flows.Endpoint{Name: "web3"}); err != nil {
			t.Fatal(err)
		}
		l.send(l.web2, ask)
		l.web.Multicast = false
		l.mustSet(l.web, l.endpoint(l.web3, "web"))
		l.send(l.web2, ask)
	}
}

func TestLimit(t *testing.T) {
	l := newLab(t)
	e := l.endpoint(l.web2, "web")
	e.Limit = &flows.Limit{Kbps: 8, BurstKbits: 8} // 1,000 bytes a second, and as many at once
	l.mustSet(e)
	ask := packet("udp", l.web2, l.web3, 1000, 80).bytes(t)
	passed, dropped := 0, 0
	l.ovs.Bridge("br0").Inject(l.web2.port, ask)
	for range 1000 {
		if len(l.ovs.Bridge("br0").Inject(l.web2.port, ask).Outputs()) > 0 {
			passed++
		} else {
			dropped++
		}
	}
	if passed == 0 || dropped < 500 {
		t.Errorf("got %d packets through and %d dropped, want most dropped and some through", passed, dropped)
	}
	// The limit is web2's alone, and ends with it.
	other := packet("udp", l.web3, l.web2, 1000, 80)
	l.send(l.web3, other, delivery{l.web2, other})
	e.Limit = nil
	l.mustSet(e)
	for range 100 {
		if len(l.ovs.Bridge("br0").Inject(l.web2.port, ask).Outputs()) != 1 {
			t.Fatal("a packet was dropped without a limit")
		}
	}
	if err := l.conn.Apply(l.ctx, openflow.MeterMod{
		Command: openflow.MeterModify, MeterConfig: openflow.MeterConfig{ID: l.web2.port, Flags: openflow.MeterKbps},
	}); !errors.Is(err, openflow.ErrUnknownMeter) {
		t.Errorf("modify the meter that is gone: got %v, want the switch to refuse it", err)
	}
}
