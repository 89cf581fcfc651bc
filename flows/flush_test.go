// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"bytes"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/openflow"
)

// dns publishes udp/53 of an endpoint.
var dns = flows.PortMapping{Proto: flows.UDP, HostPort: 53, Port: 53}

// toPublished is a datagram from outside to the published port, as it is sent and as the station gets it.
func (l *lab) toPublished(to *station) (sent, got frame) {
	sent = packet("udp", l.router, l.host, 5000, 53)
	return sent, sent.with(func(f *frame) {
		f.from, f.to, f.ttl = l.host.mac, to.mac, 63
		f.dst = netip.AddrPortFrom(to.addr, 53)
	})
}

// stream sends the datagram and has the station answer: the connection is established.
func (l *lab) stream(to *station) {
	l.t.Helper()
	sent, got := l.toPublished(to)
	l.send(l.router, sent, delivery{to, got})
	answer := got.reply().with(func(f *frame) { f.ttl = 64 })
	l.send(to, answer, delivery{l.host, answer})
	routed := answer.with(func(f *frame) { f.from, f.to, f.ttl = l.host.mac, l.router.mac, 63 })
	l.send(l.host, routed, delivery{l.router, sent.reply().with(func(f *frame) { f.ttl = 63 })})
}

// A stream of datagrams to a published port follows the port: to another endpoint, to the host when it is published no
// more, and from there to the next endpoint.
func TestStreamFollowsThePort(t *testing.T) {
	l := newLab(t)
	followsThePort(l)
}

func followsThePort(l *lab) {
	l.t.Helper()
	web2, web3 := l.endpoint(l.web2, "web"), l.endpoint(l.web3, "web")
	web2dns, web3dns := l.endpoint(l.web2, "web", dns), l.endpoint(l.web3, "web", dns)
	l.mustSet(web2dns)
	l.stream(l.web2)
	l.mustSet(web2, web3dns)
	l.stream(l.web3)

	l.mustSet(web3)
	sent, _ := l.toPublished(l.web3)
	l.send(l.router, sent, delivery{l.host, sent})
	l.send(l.host, sent.reply(), delivery{l.router, sent.reply()})
	l.mustSet(web2dns)
	l.stream(l.web2)

	// The port leads to another port.
	moved := l.endpoint(l.web2, "web", flows.PortMapping{Proto: flows.UDP, HostPort: 53, Port: 5353})
	l.mustSet(moved)
	_, got := l.toPublished(l.web2)
	l.send(l.router, sent, delivery{l.web2, got.with(func(f *frame) { f.dst = netip.AddrPortFrom(l.web2.addr, 5353) })})
}

// Who gets the address of an endpoint gets nothing of its connections: when that is gone, and in the change in which both
// exchange their addresses.
func TestAddressIsTakenOver(t *testing.T) {
	for _, at := range []string{"when it is free", "in exchange"} {
		t.Run(at, func(t *testing.T) {
			l := newLab(t)
			answer := l.askFar()
			heir, web2 := l.endpoint(l.web3, "web"), l.endpoint(l.web2, "web")
			web2.Addrs, heir.Addrs = heir.Addrs, web2.Addrs
			if at == "in exchange" {
				l.mustSet(web2, heir)
			} else {
				if err := l.sw.Delete(l.ctx, web2); err != nil {
					t.Fatal(err)
				}
				l.mustSet(heir)
			}
			l.send(l.router, answer, delivery{l.host, answer})
		})
	}
}

// askFar has web2 ask a machine beyond the router and get an answer, which it returns as it comes in.
func (l *lab) askFar() (answer frame) {
	l.t.Helper()
	ask := packet("udp", l.web2, &station{mac: l.host.mac, addr: l.far}, 1000, 53)
	l.send(l.web2, ask, delivery{l.host, ask})
	routed := ask.with(func(f *frame) { f.from, f.to, f.ttl = l.host.mac, l.router.mac, 63 })
	left := routed.with(func(f *frame) { f.src = netip.AddrPortFrom(l.host.addr, 1000) })
	l.send(l.host, routed, delivery{l.router, left})
	answer = left.reply()
	arrives := answer.with(func(f *frame) {
		f.from, f.to, f.ttl = l.host.mac, l.web2.mac, 62
		f.dst = netip.AddrPortFrom(l.web2.addr, 1000)
	})
	l.send(l.router, answer, delivery{l.web2, arrives})
	return answer
}

// The address that a network shares is another one now: what goes out under way leaves with it, and not with one to which
// there is no answer.
func TestSharedAddressChanges(t *testing.T) {
	eachFamily(t, func(t *testing.T, l *lab) {
		x := l.behind()
		ask := packet("udp", l.web2, &station{mac: l.host.mac, addr: l.far}, 1000, 53)
		as := func(a netip.Addr) frame { return ask.with(func(f *frame) { f.src = netip.AddrPortFrom(a, 1000) }) }
		l.send(l.web2, ask, delivery{l.host, as(x)})
		l.mustSet(flows.Address{Name: "x", Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.51"), netip.MustParseAddr("2001:db8::51")}})
		l.send(l.web2, ask, delivery{l.host, as(x.Next())})

		// The same of the host's own.
		l.web.Egress = flows.Via("eth0")
		l.mustSet(l.web)
		other := packet("udp", l.web3, &station{mac: l.host.mac, addr: l.far}, 1000, 53).with(func(f *frame) {
			f.from, f.to, f.ttl = l.host.mac, l.router.mac, 63
		})
		as = func(a netip.Addr) frame { return other.with(func(f *frame) { f.src = netip.AddrPortFrom(a, 1000) }) }
		l.send(l.host, other, delivery{l.router, as(l.host.addr)})
		host := l.objects()[0].(flows.Host)
		second := []netip.Addr{netip.MustParseAddr("192.0.2.9"), netip.MustParseAddr("2001:db8::9")}
		host.Addrs = append(host.Addrs, netip.PrefixFrom(second[0], 24), netip.PrefixFrom(second[1], 64))
		l.mustSet(host, flows.Uplink{Name: "eth0", Port: l.router.port, Addrs: second})
		mine := second[0]
		if l.host.addr.Is6() {
			mine = second[1]
		}
		l.send(l.host, other, delivery{l.router, as(mine)})
	})
}

// Two ranges of an endpoint are published, and one of them is not any more.
func TestOneOfTwoRangesIsForgotten(t *testing.T) {
	l := newLab(t)
	many := func(first uint16) flows.PortMapping {
		return flows.PortMapping{Proto: flows.UDP, HostPort: first, HostPortEnd: first + 99, Port: first}
	}
	l.mustSet(l.endpoint(l.web2, "web", many(1), many(1001)))
	l.stream(l.web2)
	l.mustSet(l.endpoint(l.web2, "web", many(1001)))
	sent, _ := l.toPublished(l.web2)
	l.send(l.router, sent, delivery{l.host, sent})
}

// What was there before the program started goes on: nothing is forgotten.
func TestRestartForgetsNothing(t *testing.T) {
	l := newLab(t)
	l.mustSet(l.endpoint(l.web2, "web", dns))
	l.stream(l.web2)
	f := l.ovs.Faults()
	n := count(f, experimenter(nicira, ctFlush, nil))
	l.restart()
	objects := append(l.objects(), l.endpoint(l.web2, "web", dns))
	objects = append(objects[:4], objects[5:]...) // web2 without the port
	l.mustSet(objects...)
	if _, err := l.sw.Prune(l.ctx); err != nil {
		t.Fatal(err)
	}
	if got := n.Load(); got != 0 {
		t.Errorf("got %d requests to forget connections, want none", got)
	}
	sent, got := l.toPublished(l.web2)
	l.send(l.router, sent, delivery{l.web2, got})
	// A change is seen by the same counter.
	l.mustSet(l.endpoint(l.web2, "web"))
	if n.Load() == 0 {
		t.Error("a port that is published no more: got no request to forget connections")
	}
}

// A switch before Open vSwitch 3.1 forgets whole zones.
func TestStreamFollowsThePortOnAnOldSwitch(t *testing.T) {
	l, f := faulty(t)
	old := experimenter(nicira, ctFlush, nil)
	old.Do = fakeovs.Answer{Code: openflow.ErrBadExperimenterType}
	f.Add(old)
	web2, web3dns := l.endpoint(l.web2, "web"), l.endpoint(l.web3, "web", dns)
	l.mustSet(l.endpoint(l.web2, "web", dns))
	l.stream(l.web2)
	l.mustSet(web2, web3dns)
	l.stream(l.web3)
}

// The connection ends before the switch was told to forget: the next one brings it.
func TestForgetOnTheNextConnection(t *testing.T) {
	l, f := faulty(t)
	l.mustSet(l.endpoint(l.web2, "web", dns))
	l.stream(l.web2)
	cut := experimenter(nicira, ctFlush, nil)
	cut.Times, cut.Do = 1, fakeovs.Cut{}
	injected := f.Add(cut)
	l.mustSet(l.endpoint(l.web2, "web"), l.endpoint(l.web3, "web", dns))
	if injected.Count() != 1 {
		t.Fatalf("the connection was cut %d times, want once", injected.Count())
	}
	if _, err := l.client.Conn(l.ctx); err != nil {
		t.Fatal(err)
	}
	l.stream(l.web3)
}

// A switch with many connections takes its time to find those of many endpoints that are gone: other changes do not wait for
// that, and all are forgotten in the end.
func TestForgettingMakesWay(t *testing.T) {
	l, f := faulty(t)
	var guests []flows.Object
	for n := range byte(100) {
		guests = append(guests, guest(n))
	}
	l.mustSet(guests...)
	slow := experimenter(nicira, ctFlush, nil)
	match := slow.Match
	slow.Match = func(m []byte) bool {
		if match(m) {
			time.Sleep(2 * time.Millisecond) // as long as it looks
		}
		return false
	}
	f.Add(slow)
	last := netip.AddrFrom4([4]byte{10, 1, 0, 199}).As4()
	var zones atomic.Int32 // in which the last guest's connections were forgotten
	done := make(chan struct{})
	seen := experimenter(nicira, ctFlush, func(m []byte) bool {
		if bytes.Contains(m, last[:]) && zones.Add(1) == 3*2 {
			close(done)
		}
		return false
	})
	f.Add(seen)
	n := count(f, experimenter(nicira, ctFlush, nil))
	if err := l.sw.Delete(l.ctx, guests...); err != nil {
		t.Fatal(err)
	}
	l.mustSet(guest(101))
	if got := n.Load(); got >= 100*3*2 {
		t.Errorf("a change has waited for %d requests to forget connections", got)
	}
	select {
	case <-done:
	case <-l.ctx.Done():
		t.Fatalf("%d requests to forget the last one's connections, want 6", zones.Load())
	}
}

// A thousand ports of an endpoint cost few messages.
func TestForgetManyPorts(t *testing.T) {
	l, f := faulty(t)
	n := count(f, experimenter(nicira, ctFlush, nil))
	many := []flows.PortMapping{dns}
	for p := range uint16(1000) {
		many = append(many, flows.PortMapping{Proto: flows.UDP, HostPort: 2000 + p, Port: 2000 + p})
	}
	l.mustSet(l.endpoint(l.web2, "web", many...))
	l.stream(l.web2)
	l.mustSet(l.endpoint(l.web2, "web"), l.endpoint(l.web3, "web", many...))
	l.stream(l.web3)
	if got := n.Load(); got > 50 { // several a change, and each again while the change settles
		t.Errorf("got %d requests to forget connections, want far fewer than ports", got)
	}
}
