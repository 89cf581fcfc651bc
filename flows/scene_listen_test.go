// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"

	"github.com/ovskit/ovskit/flows/internal/oracle"
	"github.com/ovskit/ovskit/internal/testbed"
)

// listen has a machine answer at ports, and note what arrives.
func (s *scene) listen(m *machine, ports []uint16) {
	s.t.Helper()
	for _, port := range ports {
		for _, any := range []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
			l, err := m.ListenTCP(s.ctx, netip.AddrPortFrom(any, port))
			if err != nil {
				s.t.Fatal(err)
			}
			s.open = append(s.open, l)
			goIn(&s.wg, func() { s.serveTCP(m, l) })
		}
		for _, a := range m.addrs {
			pc, err := m.ListenUDP(s.ctx, netip.AddrPortFrom(a, port))
			if err != nil {
				s.t.Fatal(err)
			}
			s.open = append(s.open, pc)
			goIn(&s.wg, func() { s.serveUDP(m, pc) })
		}
	}
	c, err := m.Capture(s.ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	s.open = append(s.open, c)
	goIn(&s.wg, func() { s.watch(m, c) })
}

// silence ends all that listens.
func (s *scene) silence() {
	s.note(func() { s.closing = true })
	for _, c := range s.open {
		c.Close()
	}
	s.wg.Wait()
}

// attemptSize is the size of what an attempt sends: its number.
const attemptSize = 8

// accept notes what a server saw of an attempt.
func (s *scene) accept(m *machine, number []byte, src, dst net.Addr) {
	s.note(func() {
		s.accepted[binary.BigEndian.Uint64(number)] = acceptance{m.party, addrPortOf(src), addrPortOf(dst)}
	})
}

// serveTCP reads the number of each connection, sends it back, and ends the connection.
func (s *scene) serveTCP(m *machine, l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		goIn(&s.wg, func() {
			defer c.Close()
			deadline, _ := s.ctx.Deadline()
			_ = c.SetDeadline(deadline)
			b := make([]byte, attemptSize)
			if _, err := io.ReadFull(c, b); err != nil {
				return // the maker gave up
			}
			s.accept(m, b, c.RemoteAddr(), c.LocalAddr())
			_, _ = c.Write(b)
		})
	}
}

// serveUDP sends each datagram back.
func (s *scene) serveUDP(m *machine, pc net.PacketConn) {
	b := make([]byte, 64)
	for {
		n, from, err := pc.ReadFrom(b)
		if err != nil {
			return
		}
		if n != attemptSize {
			continue
		}
		s.accept(m, b[:n], from, pc.LocalAddr())
		_, _ = pc.WriteTo(b[:n], from)
	}
}

func addrPortOf(a net.Addr) netip.AddrPort {
	at := a.(interface{ AddrPort() netip.AddrPort }).AddrPort()
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}

// watch looks at all frames that arrive at a machine.
func (s *scene) watch(m *machine, c testbed.Capture) {
	for {
		b, err := c.Next(s.ctx)
		if err != nil {
			s.note(func() {
				if !s.closing {
					s.strange = append(s.strange, err.Error())
				}
			})
			return
		}
		if isMarker(b) {
			s.note(func() { m.answers++ })
		} else if f, err := parse(b); err == nil && isAsked(b, f) {
			s.arrives(m, f)
		}
	}
}

// arrives looks whether a packet is one that is to arrive. The host forwards what is for others.
func (s *scene) arrives(m *machine, f frame) {
	if m.party == oracle.TheHost && !m.has(f.dst.Addr()) {
		return
	}
	proto := f.proto
	if proto == "pong" {
		proto = "ping"
	}
	at := passage{m.party, proto, f.src, f.dst}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, due := s.due[at]; due {
		s.due[at] = true
	} else {
		s.strange = append(s.strange, fmt.Sprintf("%s gets %s", m.party, f))
	}
}

// isAsked tells packets of the kinds that attempts are made of from other ICMP messages.
func isAsked(b []byte, f frame) bool {
	if f.proto != "ping" {
		return true
	}
	if f.src.Addr().Is4() {
		return b[34] == 8
	}
	return b[54] == 128
}
