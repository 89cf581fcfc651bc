// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack

import (
	"errors"
	"net/netip"

	"github.com/ovskit/ovskit/openflow"
)

// ErrNotFound says that there is no such connection.
var ErrNotFound = errors.New("no such connection")

// Flush forgets all connections.
func (t *Tracker) Flush() { t.flush(func(*conn) bool { return true }) }

// FlushZone forgets the connections of a zone.
func (t *Tracker) FlushZone(zone uint16) { t.flush(func(c *conn) bool { return c.orig.zone == zone }) }

// FlushMatching forgets the connections that a filter selects, as dpctl/flush-conntrack and NXT_CT_FLUSH do: one that
// names all of an original tuple and nothing of the reply means that very connection, in zone 0 unless it says otherwise,
// and ErrNotFound is returned if there is none; it is found by its original tuple, and without NAT by its reply tuple.
// With any other filter ports and addresses that are zero select nothing, and ICMP fields always select.
func (t *Tracker) FlushMatching(f openflow.CTFilter) error {
	isICMP := f.Proto == openflow.IPProtoICMP || f.Proto == openflow.IPProtoICMPv6
	has := func(a netip.Addr) bool { return a.IsValid() && a.As16() != [16]byte{} }
	empty := func(u *openflow.CTTuple) bool {
		return !has(u.Src) && !has(u.Dst) && (isICMP || u.SrcPort|u.DstPort == 0)
	}
	if f.Proto == 0 && empty(&f.Orig) && empty(&f.Reply) {
		if f.Zone == nil {
			t.Flush()
		} else {
			t.FlushZone(*f.Zone)
		}
		return nil
	}
	if empty(&f.Reply) && has(f.Orig.Src) && has(f.Orig.Dst) && (isICMP || f.Orig.SrcPort != 0 && f.Orig.DstPort != 0) {
		return t.flushOne(&f, isICMP)
	}
	now := t.now().UnixMilli()
	t.flush(func(c *conn) bool {
		return c.expires > now && (f.Zone == nil || *f.Zone == c.orig.zone) && (f.Proto == 0 || f.Proto == c.orig.proto) &&
			selects(&f.Orig, &c.orig, isICMP) && selects(&f.Reply, &c.reply, isICMP)
	})
	return nil
}

func (t *Tracker) flush(selected func(*conn) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tick()
	for i := len(t.conns) - 1; i >= 0; i-- {
		// The last one takes the place of one that is removed; it has been looked at.
		if c := t.conns[i]; selected(c) {
			t.remove(c)
		}
	}
}

func (t *Tracker) flushOne(f *openflow.CTFilter, isICMP bool) error {
	src, dst := f.Orig.Src.Unmap(), f.Orig.Dst.Unmap()
	key := tuple{proto: f.Proto, v6: src.Is6()}
	copy(key.src.addr[:], src.AsSlice())
	copy(key.dst.addr[:], dst.AsSlice())
	if f.Zone != nil {
		key.zone = *f.Zone
	}
	if isICMP {
		key.src.port, key.dst.port = f.Orig.ICMPID, f.Orig.ICMPID
		key.src.icmpType, key.src.icmpCode, key.dst.icmpCode = f.Orig.ICMPType, f.Orig.ICMPCode, f.Orig.ICMPCode
		key.dst.icmpType, _ = counterpart(key.v6, f.Orig.ICMPType)
	} else {
		key.src.port, key.dst.port = f.Orig.SrcPort, f.Orig.DstPort
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	n, _ := t.lookup(&key, t.tick())
	if n == nil || n.second {
		return ErrNotFound
	}
	t.remove(n.c)
	return nil
}

// selects reports whether a tuple agrees with one of a filter.
func selects(u *openflow.CTTuple, t *tuple, isICMP bool) bool {
	same := func(a netip.Addr, s *side) bool {
		a = a.Unmap()
		return !a.IsValid() || a.IsUnspecified() || a == t.netip(s)
	}
	if !same(u.Src, &t.src) || !same(u.Dst, &t.dst) {
		return false
	}
	if isICMP {
		return u.ICMPID == t.src.port && u.ICMPType == t.src.icmpType && u.ICMPCode == t.src.icmpCode
	}
	return (u.SrcPort == 0 || u.SrcPort == t.src.port) && (u.DstPort == 0 || u.DstPort == t.dst.port)
}
