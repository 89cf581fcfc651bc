// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"testing"
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
