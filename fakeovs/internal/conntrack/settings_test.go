// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack_test

import (
	"bytes"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/conntrack"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

func TestTimeoutPolicy(t *testing.T) {
	b := newBed(t, 0)
	c, s := port(client, 1000), port(server, 53)
	b.SetTimeouts(testZone, map[string]uint32{"udp_first": 5, "UDP_SINGLE": 7, "unheard_of": 1})
	b.pass("first", udp(c, s), commit, isNew)
	b.now = b.now.Add(4999 * time.Millisecond)
	b.pass("within its time", udp(c, s), look, isNew)
	b.now = b.now.Add(6999 * time.Millisecond)
	b.pass("within its time again", udp(s, c), look, isReply)
	b.now = b.now.Add(30 * time.Second)
	b.pass("after the default timeout of an answered one", udp(s, c), look, isNew)
	b.pass("another", udp(port(client, 1001), s), commit, isNew)
	b.DeleteTimeouts(testZone)
	b.pass("another again", udp(port(client, 1001), s), look, isNew)
	b.now = b.now.Add(59 * time.Second)
	b.pass("answer within the default time", udp(s, port(client, 1001)), look, isReply)
}

// TestTranslationOutlivesItsConnection: the reply tuple is held until the sweep after it, as in Open vSwitch.
func TestTranslationOutlivesItsConnection(t *testing.T) {
	b := newBed(t, 0)
	r := conntrack.Request{Commit: true, NAT: &openflow.NAT{Type: openflow.NATSource, AddrMin: public}}
	c, s := port(client, 1000), port(server, 53)
	b.now = b.now.Add(5 * time.Second)
	b.pass("first", udp(c, s), r, isNew|snat)
	b.now = b.now.Add(61 * time.Second) // the last sweep was 6 s ago
	b.pass("answer after the end", udp(s, port(public, 1000)), r, isInv)
	p := udp(c, s)
	b.pass("again", p, r, isNew|snat)
	wantAddrs(t, "again", p, port(public, 1001), s)
	b.Clean()
	if got := b.Len(); got != 1 {
		t.Errorf("connections after a sweep: got %d, want 1", got)
	}
}

func TestSequenceCheck(t *testing.T) {
	b := newBed(t, 0)
	c, s := port(client, 1000), port(server, 80)
	b.pass("SYN", tcp(c, s, "S", 100, 0, ""), commit, isNew)
	b.pass("SYN-ACK", tcp(s, c, "SA", 500, 101, ""), look, isReply)
	b.pass("out of the window", tcp(c, s, "A", 1<<30, 501, "x"), look, isInv)
	if b.SetCheckSequence(false); b.CheckSequence() {
		t.Error("the sequence numbers are checked, want not")
	}
	b.pass("out of the window, unchecked", tcp(c, s, "A", 1<<30, 501, "x"), look, isEst)
}

func TestZoneLimit(t *testing.T) {
	b := newBed(t, 0)
	b.SetZoneLimit(testZone, 2)
	for i := range 5 {
		b.pass("datagram", udp(port(client, uint16(1000+i)), port(server, 53)), commit, isNew)
	}
	want := "default limit=0\nzone=7,limit=2,count=2\n"
	if got := b.Limits(); got != want {
		t.Errorf("limits: got %q, want %q", got, want)
	}
	b.DeleteZoneLimit(testZone)
	b.pass("datagram", udp(port(client, 1005), port(server, 53)), commit, isNew)
	if got := b.Len(); got != 3 {
		t.Errorf("connections: got %d, want 3", got)
	}
	b.SetMaxConns(3)
	b.pass("one too many", udp(port(client, 1006), port(server, 53)), commit, isNew)
	if got := b.Stats(nil, false); got != "Connections Stats:\n    Total: 3\n  UDP: 3\n" {
		t.Errorf("statistics: got %q, want 3 of UDP", got)
	}
}

func TestFlushMatching(t *testing.T) {
	zone := uint16(testZone)
	for name, c := range map[string]struct {
		f    openflow.CTFilter
		left int
		err  error
	}{
		"all":              {openflow.CTFilter{}, 0, nil},
		"zone":             {openflow.CTFilter{Zone: &zone}, 0, nil},
		"protocol":         {openflow.CTFilter{Proto: openflow.IPProtoTCP}, 2, nil},
		"reply address":    {openflow.CTFilter{Reply: openflow.CTTuple{Src: server}}, 0, nil},
		"port":             {openflow.CTFilter{Proto: openflow.IPProtoUDP, Orig: openflow.CTTuple{SrcPort: 1000}}, 2, nil},
		"whole tuple":      {openflow.CTFilter{Zone: &zone, Proto: openflow.IPProtoUDP, Orig: tupleOf(1000)}, 2, nil},
		"in no zone":       {openflow.CTFilter{Proto: openflow.IPProtoUDP, Orig: tupleOf(1000)}, 3, conntrack.ErrNotFound},
		"none, in part":    {openflow.CTFilter{Orig: openflow.CTTuple{Src: public}}, 3, nil},
		"none of a tuple":  {openflow.CTFilter{Zone: &zone, Proto: openflow.IPProtoUDP, Orig: tupleOf(999)}, 3, conntrack.ErrNotFound},
		"IPv4 within IPv6": {openflow.CTFilter{Orig: openflow.CTTuple{Src: netip.AddrFrom16(client.As16())}}, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t, 0)
			b.pass("UDP", udp(port(client, 1000), port(server, 53)), commit, isNew)
			b.pass("UDP", udp(port(client, 1001), port(server, 53)), commit, isNew)
			b.pass("TCP", tcp(port(client, 1002), port(server, 80), "S", 1, 0, ""), commit, isNew)
			if c.f.Proto == openflow.IPProtoTCP {
				c.left = 2
			}
			if err := b.FlushMatching(c.f); !errors.Is(err, c.err) {
				t.Errorf("flush: got %v, want %v", err, c.err)
			}
			if got := b.Len(); got != c.left {
				t.Errorf("connections: got %d, want %d", got, c.left)
			}
		})
	}
}

func tupleOf(sport uint16) openflow.CTTuple {
	return openflow.CTTuple{Src: client, Dst: server, SrcPort: sport, DstPort: 53}
}

// TestFragments sends a datagram in three parts in any order: they come out together, translated.
func TestFragments(t *testing.T) {
	for _, v6 := range []bool{false, true} {
		b := newBed(t, 0)
		outside := host(v6, 9)
		r := conntrack.Request{Commit: true, NAT: &openflow.NAT{Type: openflow.NATSource, AddrMin: outside}}
		s, d := port(host(v6, 1), 1000), port(host(v6, 2), 53)
		l4 := udpHeader(s, d, make([]byte, 3000))
		send := func(off, n int, id uint32) (bool, []conntrack.Fragment) {
			f := frameOf(0, v6, network(s.Addr(), d.Addr(), 17, l4[off:off+n], &fragmentOf{id: id, offset: off, more: off+n < len(l4)}))
			return b.Track(packet.Parse(f), new(conntrack.Meta), &r)
		}
		for _, off := range []int{2560, 0} {
			if held, released := send(off, min(1280, len(l4)-off), 1); !held || len(released) != 0 {
				t.Fatalf("fragment at %d: held is %v, released are %d, want it to be held", off, held, len(released))
			}
		}
		held, released := send(1280, 1280, 1)
		if !held || len(released) != 3 {
			t.Fatalf("last fragment: held is %v, released are %d, want all three", held, len(released))
		}
		for i, f := range released {
			if f.Meta.State != isNew|snat || !bytes.Contains(f.Packet.Network()[:40], outside.AsSlice()) {
				t.Errorf("fragment %d: got state %#x of %x, want it new from %v", i, f.Meta.State, f.Packet.Bytes(), outside)
			}
		}
		if held, _ := send(0, 400, 2); held {
			t.Error("a fragment that is too small is held")
		}
		if held, _ := send(0, 1280, 3); !held {
			t.Error("the first of another packet is not held")
		}
		b.now = b.now.Add(15001 * time.Millisecond)
		_, released = b.Track(udp(port(client, 1), port(server, 53)), new(conntrack.Meta), &r)
		if len(released) != 1 || released[0].Meta.State != openflow.CTInvalid {
			t.Errorf("after the timeout %d are released, want one that is invalid", len(released))
		}
		for _, want := range []string{"num frag: 0\n", "frags accepted: 4\n", "frags completed: 3\n", "frags too small: 1\n", "frags expired: 1\n"} {
			if got := b.FragmentStatus(false); !strings.Contains(got, want) {
				t.Errorf("status: got\n%swant %q in it", got, want)
			}
		}
		b.SetFragmentsEnabled(v6, false)
		if held, _ := send(0, 1280, 4); held {
			t.Error("a fragment is held while reassembly is off")
		}
	}
}
