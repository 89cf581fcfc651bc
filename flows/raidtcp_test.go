// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/ovskit/ovskit/flows"
)

// Segments of no connection, and those of one that are out of its window, go nowhere, and the connection goes on.
func attackTCP(r *raid) {
	f, o, web1 := r.family, r.outside.at(r.family), r.web1.at(r.family)
	r.set(r.t, r.endpoint(r.web1, r.mapping(flows.TCP, 80)))
	l, err := r.web1.ListenTCP(r.ctx, netip.AddrPortFrom(web1.addr, 80))
	if err != nil {
		r.t.Fatal(err)
	}
	defer l.Close()
	published := r.published(r.web1, f, 80)
	client, err := r.outside.DialTCP(r.ctx, netip.AddrPortFrom(o.addr, 4700), published)
	if err != nil {
		r.t.Fatal(err)
	}
	defer client.Close()
	server, err := l.Accept()
	if err != nil {
		r.t.Fatal(err)
	}
	defer server.Close()
	at := r.acknowledged(4700)

	segment := func(flags string, ahead uint32) frame {
		s := packet("tcp", o, r.byNIC(published.Addr()), 4700, published.Port())
		s.flags, s.seq, s.ack = flags, at.seq+ahead, at.ack
		return s
	}
	legal := r.fromOutside(netip.AddrPortFrom(published.Addr(), 1))
	lost := nobody()
	if r.way == "routed" {
		lost = legal
	}
	const again = ^uint32(3) // what was sent, as if it had got lost
	r.add("in the window", r.outside, append(reaches(r.web1), lost...), segment("A", again))
	for _, ahead := range []uint32{1 << 28, 1 << 30, 1 << 31, 3 << 30} {
		for _, flags := range []string{"A", "R", "RA", "FA"} {
			r.add(fmt.Sprintf("%s, %d ahead", flags, ahead), r.outside, lost, segment(flags, ahead))
		}
	}
	for i, flags := range []string{"SA", "SR", "SF"} {
		r.add(flags+" of no connection", r.outside, lost, segment(flags, 0).with(func(f *frame) {
			f.src = netip.AddrPortFrom(o.addr, 4710+uint16(i))
		}))
	}
	r.run()
	if r.way != "routed" { // there the last, legal frame would not get from mallory to web1
		r.attackIsolated()
	}

	if _, err := client.Write([]byte("alive")); err != nil {
		r.t.Fatal(err)
	}
	if err := server.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		r.t.Fatal(err)
	}
	got := make([]byte, 5)
	if _, err := io.ReadFull(server, got); err != nil || string(got) != "alive" {
		r.t.Errorf("after the attacks the connection has %q, error %v; want \"alive\"", got, err)
	}
}

// attackIsolated has mallory send segments of every kind to those that it may not connect to.
func (r *raid) attackIsolated() {
	m := r.mallory.at(r.family)
	web := r.web
	web.Isolated = true
	r.set(r.t, web)
	for i, flags := range []string{"", "S", "A", "SA", "R", "RA", "F", "FA", "SF"} {
		for _, to := range []*station{r.web1.at(r.family), r.by(r.db0.at(r.family).addr)} {
			r.add(flags+" to "+to.addr.String(), r.mallory, nobody(), packet("tcp", m, to, 4700+uint16(i), 80).with(func(f *frame) {
				f.flags = flags
			}))
		}
	}
	r.run()
	r.set(r.t, r.web)
}

// sequence is where a connection is.
type sequence struct{ seq, ack uint32 }

// acknowledged finds the segment by which the client at a port completes its connection to web1.
func (r *raid) acknowledged(port uint16) sequence {
	r.t.Helper()
	for {
		b, err := r.web1.capture.Next(r.ctx)
		if err != nil {
			r.t.Fatal(err)
		}
		header := []int{34, 54}[r.family]
		proto := []int{23, 20}[r.family]
		const tcp, ack, synAck = 6, 0x10, 0x12
		if len(b) < header+20 || b[proto] != tcp || binary.BigEndian.Uint16(b[header:]) != port || b[header+13]&synAck != ack {
			continue
		}
		return sequence{binary.BigEndian.Uint32(b[header+4:]), binary.BigEndian.Uint32(b[header+8:])}
	}
}
