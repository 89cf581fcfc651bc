// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// skew is by how much rewritten control messages have moved the sequence numbers of one direction.
type skew struct {
	by uint32
	// reply is true if it is those of the answering end.
	reply bool
}

// announcement is what a control message says of a data connection.
type announcement struct {
	port uint16
	// addr is the address, which stands in the message from start to end; the message of passive mode over IPv6 has none.
	addr       netip.Addr
	start, end int
}

// maxFTPMessage is how much of a segment is looked at.
const maxFTPMessage = 127

// ftpMessage is the beginning of the payload of a TCP segment as the helper of Open vSwitch sees it: without its last
// byte, and up to a zero.
func ftpMessage(l4 []byte) string {
	payload := l4[packet.TCPHeaderLen(l4):]
	if len(payload) == 0 {
		return ""
	}
	s := string(payload[:min(len(payload)-1, maxFTPMessage)])
	if i := strings.IndexByte(s, 0); i >= 0 {
		s = s[:i]
	}
	return s
}

// announces reports whether a message announces a data connection (RFC 959, 4.1.2; RFC 2428).
func announces(v6 bool, message string) bool {
	if v6 {
		return hasPrefixFold(message, "EPRT") || strings.Contains(strings.ToUpper(message), "EXTENDED PASSIVE")
	}
	return hasPrefixFold(message, "PORT") || hasPrefixFold(message, "227")
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// controlFTP notes what a segment announces, and rewrites its address as NAT does.
func (v *visit) controlFTP(c *conn) {
	message := ftpMessage(v.p.Transport())
	if !announces(v.key.v6, message) {
		return
	}
	active := hasPrefixFold(message, "PORT")
	if v.key.v6 {
		active = hasPrefixFold(message, "EPRT")
	}
	a, ok := parseAnnouncement(v.key.v6, active, message)
	// The address as the other end is to see it, and as its owner knows it.
	addr, own := c.orig.netip(&c.orig.dst), c.orig.netip(&c.reply.src)
	if active {
		addr, own = c.orig.netip(&c.reply.dst), c.orig.netip(&c.orig.src)
	}
	if a.addr.IsValid() && a.addr != addr && a.addr != own {
		// Nobody announces connections to third parties.
		ok = false
	}
	if !ok {
		v.m.State |= openflow.CTTracked | openflow.CTInvalid
		return
	}
	v.t.expected.expect(c, a.port, v.m.State&openflow.CTReply != 0)
	var by uint32
	l4 := v.p.Transport()
	if v.r.NAT != nil && a.addr.IsValid() {
		text := addrText(addr)
		if !v.key.v6 {
			text = strings.ReplaceAll(text, ".", ",")
		}
		header := packet.TCPHeaderLen(l4)
		l4 = append(append(append([]byte(nil), l4[:header+a.start]...), text...), l4[header+a.end:]...)
		v.p.ReplaceTransport(l4)
		by = uint32(len(text) - (a.end - a.start))
	}
	v.shift(c)
	if by != 0 && by+c.skew.by != 0 {
		c.skew = skew{by: by + c.skew.by, reply: v.reply}
	}
}

// adjust corrects the sequence numbers of a segment that announces nothing.
func (v *visit) adjust(c *conn) {
	if !announces(v.key.v6, ftpMessage(v.p.Transport())) {
		v.shift(c)
	}
}

// shift moves the sequence numbers of a segment by what rewritten control messages before it have moved them.
func (v *visit) shift(c *conn) {
	l4 := v.p.Transport()
	if v.r.NAT != nil && c.skew.by != 0 {
		if v.reply != c.skew.reply {
			binary.BigEndian.PutUint32(l4[8:], binary.BigEndian.Uint32(l4[8:])-c.skew.by)
		} else {
			binary.BigEndian.PutUint32(l4[4:], binary.BigEndian.Uint32(l4[4:])+c.skew.by)
		}
	}
	v.p.FixChecksum()
}

// parseAnnouncement reads a control message of active mode or the answer of passive mode.
func parseAnnouncement(v6, active bool, message string) (a announcement, ok bool) {
	switch {
	case !v6:
		return parsePort(message)
	case active:
		return parseEPRT(message)
	}
	i := strings.IndexByte(message, '(')
	if i < 0 {
		return a, false
	}
	s := scanner{text: message, at: i}
	s.skipTo(isDigit)
	a.port, ok = s.number(6, 65535)
	return a, ok
}

// parsePort reads "PORT h1,h2,h3,h4,p1,p2" and "227 ... (h1,h2,h3,h4,p1,p2)".
func parsePort(message string) (a announcement, ok bool) {
	i := strings.IndexByte(message[min(len(message), 3):], ' ')
	if i < 0 {
		return a, false
	}
	s := scanner{text: message, at: i + 3}
	s.skipTo(isDigit)
	a.start = s.at
	if parts := strings.SplitN(message[a.start:], ",", 5); len(parts) == 5 {
		host := strings.Join(parts[:4], ".")
		if a.addr, ok = parseIPv4(host); !ok {
			return a, false
		}
		a.end = a.start + len(host)
		s.at = a.end + 1
	} else {
		return a, false
	}
	high, ok := s.number(4, 255)
	if !ok {
		return a, false
	}
	s.at++ // the comma
	low, ok := s.number(len(message), 255)
	a.port = high<<8 | low
	return a, ok
}

// parseEPRT reads "EPRT |2|address|port|".
func parseEPRT(message string) (a announcement, ok bool) {
	s := scanner{text: message, at: 4}
	s.skipTo(isDigit)
	if s.byte(0) != '2' || isDigit(s.byte(1)) {
		return a, false
	}
	s.at += 2
	a.start = s.at
	s.skipTo(func(b byte) bool {
		return !isDigit(b) && (b|0x20 < 'a' || b|0x20 > 'f') && b != ':' && b != '.'
	})
	if a.end = s.at; a.end > len(message) {
		return a, false
	}
	addr, err := netip.ParseAddr(message[a.start:a.end])
	if err != nil || !addr.Is6() {
		return a, false
	}
	a.addr = addr
	s.at++ // the delimiter
	a.port, ok = s.number(6, 65535)
	return a, ok
}

// scanner reads a message byte by byte; past its end there are zeros.
type scanner struct {
	text string
	at   int
}

func (s *scanner) byte(i int) byte {
	if s.at+i < len(s.text) {
		return s.text[s.at+i]
	}
	return 0
}

func (s *scanner) skipTo(f func(byte) bool) {
	for s.at < len(s.text) && !f(s.text[s.at]) {
		s.at++
	}
}

// number reads a decimal number of at most so many digits; what stands right after it is passed over.
func (s *scanner) number(digits int, limit uint64) (uint16, bool) {
	start := s.at
	for s.at-start < digits && isDigit(s.byte(0)) {
		s.at++
	}
	if start >= len(s.text) {
		return 0, false
	}
	n, err := strconv.ParseUint(s.text[start:s.at], 10, 32)
	return uint16(n), err == nil && n <= limit
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

func parseIPv4(s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	return a, err == nil && a.Is4()
}
