// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// edge is a change at the edge of what is possible. It comes to the same in one Set with what was there before.
type edge struct {
	name   string
	before []Object // beyond those of edgeBase
	change []Object
	want   error    // nil: it is made
	says   []string // by the error
}

// edgeBase has two networks, one by the uplink with two host addresses to publish at, one behind a spare address.
func edgeBase() []Object {
	return []Object{
		with(testHost, func(h *Host) { h.Addrs = append(h.Addrs[:1:1], netip.MustParsePrefix("198.51.100.1/24")) }),
		testUp, testWeb, edgeSpare, with(testDB, func(n *Network) { n.Egress = Behind("x") }),
	}
}

var edgeSpare = Address{Name: "x", Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.50")}}

func ports(proto Proto, first, last uint16) PortMapping {
	return PortMapping{Proto: proto, HostPort: first, HostPortEnd: last, Port: first}
}

// shared is a port that endpoints share, and that leads to the same.
func shared(port uint16, b Balance) PortMapping {
	return PortMapping{Proto: TCP, HostPort: port, Port: max(port, 1), Balance: b}
}

func at(addr string, m PortMapping) PortMapping {
	m.HostAddr = netip.MustParseAddr(addr)
	return m
}

var edges = []edge{
	// Subnets.
	{name: "same subnet", change: []Object{named(testWeb, "web-2")}, want: ErrConflict, says: []string{`network "web-2"`, `network "web"`, "10.1.0.0/24"}},
	{name: "subnet inside another", change: []Object{gateways(named(testDB, "in"), "10.1.0.129/26")}, want: ErrConflict, says: []string{`network "in"`, `network "web"`, "10.1.0.128/26", "10.1.0.0/24"}},
	{name: "subnet around others", change: []Object{gateways(named(testDB, "all"), "10.0.0.1/8")}, want: ErrConflict, says: []string{`network "all"`, "10.0.0.0/8", "10."}},
	{name: "subnet beside another", change: []Object{gateways(testWeb, "10.1.0.1/25"), gateways(named(testDB, "half"), "10.1.0.129/25")}},
	{name: "subnet cut off at an endpoint", before: []Object{endpoint(testWeb, 200)}, change: []Object{gateways(testWeb, "10.1.0.1/25")}, want: ErrInvalid, says: []string{`network "web"`, `endpoint "web200"`, "10.1.0.200", "10.1.0.0/25"}},
	{name: "subnet cut off together with the endpoint", before: []Object{endpoint(testWeb, 200)}, change: []Object{
		gateways(testWeb, "10.1.0.1/25"), with(endpoint(testWeb, 200), func(e *Endpoint) { e.Addrs = []netip.Addr{netip.MustParseAddr("10.1.0.100")} }),
	}},
	{name: "subnet around a spare address", change: []Object{gateways(named(testDB, "n"), "192.0.2.49/30")}, want: ErrConflict, says: []string{`network "n"`, "192.0.2.48/30"}},

	// Endpoints.
	{name: "address is the subnet's first", change: []Object{with(endpoint(testWeb, 2), func(e *Endpoint) {
		e.Addrs = []netip.Addr{netip.MustParseAddr("10.1.0.0")}
	})}, want: ErrInvalid, says: []string{`endpoint "web2"`, "10.1.0.0"}},
	{name: "address twice", change: []Object{with(endpoint(testWeb, 2), func(e *Endpoint) { e.Addrs = append(e.Addrs, e.Addrs[0]) })}, want: ErrConflict, says: []string{`endpoint "web2"`, "10.1.0.2"}},
	{name: "port 0", change: []Object{with(endpoint(testWeb, 2), func(e *Endpoint) { e.Port = 0 })}, want: ErrInvalid, says: []string{`endpoint "web2"`, "port 0x0"}},
	{name: "same MAC in a network", before: []Object{endpoint(testWeb, 2)}, change: []Object{with(endpoint(testWeb, 3), func(e *Endpoint) {
		e.MAC = endpoint(testWeb, 2).MAC
	})}, want: ErrConflict, says: []string{`endpoint "web3"`, `endpoint "web2"`, "02:00:00:00:01:02"}},
	{name: "same MAC in two networks", before: []Object{endpoint(testWeb, 2)}, change: []Object{with(endpoint(testDB, 3), func(e *Endpoint) { e.MAC = endpoint(testWeb, 2).MAC })}},
	{name: "another MAC", before: []Object{endpoint(testWeb, 2)}, change: []Object{with(endpoint(testWeb, 2), func(e *Endpoint) { e.MAC = mac(9) })}},
	{name: "another port", before: []Object{endpoint(testWeb, 2)}, change: []Object{with(endpoint(testWeb, 2), func(e *Endpoint) { e.Port = 9 })}},
	{name: "MACs and ports exchanged", before: []Object{endpoint(testWeb, 2), endpoint(testWeb, 3)}, change: []Object{
		with(endpoint(testWeb, 2), func(e *Endpoint) { e.MAC, e.Port = endpoint(testWeb, 3).MAC, endpoint(testWeb, 3).Port }),
		with(endpoint(testWeb, 3), func(e *Endpoint) { e.MAC, e.Port = endpoint(testWeb, 2).MAC, endpoint(testWeb, 2).Port }),
	}},
	{name: "port exchanged with the uplink's", before: []Object{endpoint(testWeb, 2)}, change: []Object{
		with(testUp, func(u *Uplink) { u.Port = endpoint(testWeb, 2).Port }), with(endpoint(testWeb, 2), func(e *Endpoint) { e.Port = testUp.Port }),
	}},
	{name: "MAC exchanged with the host's", before: []Object{endpoint(testWeb, 2)}, change: []Object{
		with(edgeBase()[0].(Host), func(h *Host) { h.MAC = endpoint(testWeb, 2).MAC }), with(endpoint(testWeb, 2), func(e *Endpoint) { e.MAC = testHost.MAC }),
	}},
	{name: "moved to another network", before: []Object{endpoint(testWeb, 2, ports(TCP, 80, 0))}, change: []Object{
		with(endpoint(testDB, 7, ports(TCP, 80, 0)), func(e *Endpoint) { e.Name = "web2" }),
	}},
	{name: "moved with the address it had", before: []Object{endpoint(testWeb, 2)}, change: []Object{with(endpoint(testWeb, 2), func(e *Endpoint) {
		e.Network = "db"
	})}, want: ErrInvalid, says: []string{`endpoint "web2"`, "10.1.0.2", `network "db"`, "10.2.0.0/24"}},
	{name: "moved to where its MAC is", before: []Object{endpoint(testDB, 3), endpoint(testWeb, 2)}, change: []Object{with(endpoint(testDB, 2), func(e *Endpoint) {
		e.Name, e.MAC = "web2", endpoint(testDB, 3).MAC
	})}, want: ErrConflict, says: []string{`endpoint "web2"`, `endpoint "db3"`}},

	// Published ports.
	{name: "ranges overlap", before: []Object{endpoint(testWeb, 2, ports(TCP, 80, 90))}, change: []Object{endpoint(testWeb, 3, ports(TCP, 90, 100))}, want: ErrConflict, says: []string{`endpoint "web3"`, "90-100/tcp", `endpoint "web2"`}},
	{name: "ranges overlap at an address", before: []Object{endpoint(testWeb, 2, at("192.0.2.1", ports(TCP, 80, 90)))}, change: []Object{endpoint(testWeb, 3, at("192.0.2.1", ports(TCP, 70, 80)))}, want: ErrConflict, says: []string{`endpoint "web3"`, "192.0.2.1:70-80/tcp", `endpoint "web2"`}},
	{name: "ranges of one endpoint overlap", change: []Object{endpoint(testWeb, 3, ports(TCP, 80, 90), ports(TCP, 85, 85))}, want: ErrConflict, says: []string{`endpoint "web3"`, "85-85/tcp"}},
	{name: "all addresses and one", before: []Object{endpoint(testWeb, 2, ports(TCP, 80, 90))}, change: []Object{endpoint(testWeb, 3, at("198.51.100.1", ports(TCP, 85, 0)))}, want: ErrConflict, says: []string{`endpoint "web3"`, "198.51.100.1:85/tcp", `endpoint "web2"`}},
	{name: "one address and all", before: []Object{endpoint(testWeb, 2, at("198.51.100.1", ports(TCP, 85, 0)))}, change: []Object{endpoint(testWeb, 3, ports(TCP, 80, 90))}, want: ErrConflict, says: []string{`endpoint "web3"`, "80-90/tcp", `endpoint "web2"`}},
	{name: "loopback and all", before: []Object{endpoint(testWeb, 2, at("127.0.0.1", ports(TCP, 85, 0)))}, change: []Object{endpoint(testWeb, 3, ports(TCP, 85, 0))}, want: ErrConflict, says: []string{`endpoint "web3"`, `endpoint "web2"`}},
	{name: "two addresses", before: []Object{endpoint(testWeb, 2, at("192.0.2.1", ports(TCP, 80, 90)))}, change: []Object{endpoint(testWeb, 3, at("198.51.100.1", ports(TCP, 80, 90)))}},
	{name: "the host's addresses and a spare one", before: []Object{endpoint(testWeb, 2, ports(TCP, 80, 90))}, change: []Object{endpoint(testDB, 2, ports(TCP, 80, 90))}},
	{name: "a spare address twice", before: []Object{endpoint(testDB, 2, ports(TCP, 80, 90))}, change: []Object{endpoint(testDB, 3, at("192.0.2.50", ports(TCP, 90, 0)))}, want: ErrConflict, says: []string{`endpoint "db3"`, "192.0.2.50:90/tcp", `endpoint "db2"`}},
	{name: "the same ports of each protocol", before: []Object{endpoint(testWeb, 2, ports(TCP, 80, 90))}, change: []Object{endpoint(testWeb, 3, ports(UDP, 80, 90)), endpoint(testWeb, 4, ports(SCTP, 80, 90))}},
	{name: "ranges beside each other", before: []Object{endpoint(testWeb, 2, ports(TCP, 80, 90))}, change: []Object{endpoint(testWeb, 3, ports(TCP, 91, 65535), ports(TCP, 1, 79))}},
	{name: "ranges exchanged", before: []Object{endpoint(testWeb, 2, ports(TCP, 80, 90)), endpoint(testWeb, 3, ports(TCP, 91, 99))}, change: []Object{endpoint(testWeb, 2, ports(TCP, 91, 99)), endpoint(testWeb, 3, ports(TCP, 80, 90))}},
	{name: "range past the last port of the endpoint", change: []Object{endpoint(testWeb, 2, PortMapping{Proto: TCP, HostPort: 1, HostPortEnd: 3, Port: 65534})}, want: ErrInvalid, says: []string{`endpoint "web2"`, "65536"}},
	{name: "range up to the last port of the endpoint", change: []Object{endpoint(testWeb, 2, PortMapping{Proto: TCP, HostPort: 1, HostPortEnd: 2, Port: 65534})}},
	{name: "at nobody's address", change: []Object{endpoint(testWeb, 2, at("192.0.2.9", ports(TCP, 80, 0)))}, want: ErrInvalid, says: []string{`endpoint "web2"`, "192.0.2.9:80/tcp", "not the host's"}},
	{name: "at the unspecified address", change: []Object{endpoint(testWeb, 2, at("0.0.0.0", ports(TCP, 80, 0)))}, want: ErrInvalid, says: []string{`endpoint "web2"`, "0.0.0.0:80/tcp", "not the host's"}},
	{name: "at the gateway", change: []Object{endpoint(testWeb, 2, at("10.1.0.1", ports(TCP, 80, 0)))}, want: ErrInvalid, says: []string{`endpoint "web2"`, "10.1.0.1:80/tcp", "not the host's"}},
	{name: "at the host's address behind another", change: []Object{endpoint(testDB, 2, at("192.0.2.1", ports(TCP, 80, 0)))}, want: ErrInvalid, says: []string{`endpoint "db2"`, "192.0.2.1:80/tcp", `address "x"`}},
	{name: "at an address of the other family", change: []Object{endpoint(testWeb, 2, at("2001:db8::1", ports(TCP, 80, 0)))}, want: ErrInvalid, says: []string{`endpoint "web2"`, "[2001:db8::1]:80/tcp", "no IPv6"}},
	{name: "the host loses the address", before: []Object{endpoint(testWeb, 2, at("198.51.100.1", ports(TCP, 80, 0)))}, change: []Object{testHost}, want: ErrInvalid, says: []string{"host", `endpoint "web2"`, "198.51.100.1:80/tcp"}},
	{name: "the host loses the address with the port", before: []Object{endpoint(testWeb, 2, at("198.51.100.1", ports(TCP, 80, 0)))}, change: []Object{testHost, endpoint(testWeb, 2)}},
	{name: "the spare address changes", before: []Object{endpoint(testDB, 2, ports(TCP, 80, 0))}, change: []Object{with(edgeSpare, func(a *Address) { a.Addrs = []netip.Addr{netip.MustParseAddr("192.0.2.51")} })}},
	{name: "the spare address changes under a port", before: []Object{endpoint(testDB, 2, at("192.0.2.50", ports(TCP, 80, 0)))}, change: []Object{with(edgeSpare, func(a *Address) {
		a.Addrs = []netip.Addr{netip.MustParseAddr("192.0.2.51")}
	})}, want: ErrInvalid, says: []string{`address "x"`, `endpoint "db2"`, "192.0.2.50:80/tcp"}},
	{name: "another way out", before: []Object{endpoint(testWeb, 2, ports(TCP, 80, 90))}, change: []Object{with(testWeb, func(n *Network) { n.Egress = Behind("x") })}},
	{name: "another way out with a chosen port", before: []Object{endpoint(testWeb, 2, PortMapping{Proto: TCP, Port: 80})}, change: []Object{with(testWeb, func(n *Network) { n.Egress = Behind("x") })}},
	{name: "another way out where the port is taken", before: []Object{endpoint(testWeb, 2, ports(TCP, 80, 90)), endpoint(testDB, 2, ports(TCP, 90, 99))}, change: []Object{with(testWeb, func(n *Network) {
		n.Egress = Behind("x")
	})}, want: ErrConflict, says: []string{`endpoint "db2"`, `endpoint "web2"`}},
	{name: "another way out under an address", before: []Object{endpoint(testWeb, 2, at("192.0.2.1", ports(TCP, 80, 0)))}, change: []Object{with(testWeb, func(n *Network) {
		n.Egress = Behind("x")
	})}, want: ErrInvalid, says: []string{`endpoint "web2"`, "192.0.2.1:80/tcp", `address "x"`}},
	{name: "routed with other ports outside", before: []Object{endpoint(testWeb, 2, PortMapping{Proto: TCP, HostPort: 8080, Port: 80})}, change: []Object{with(testWeb, func(n *Network) {
		n.Egress = Routed()
	})}, want: ErrInvalid, says: []string{`network "web"`, `endpoint "web2"`, "8080/tcp"}},
	{name: "shared by connection", before: []Object{endpoint(testWeb, 2, shared(80, ByConnection))}, change: []Object{endpoint(testWeb, 3, shared(80, ByConnection)), endpoint(testWeb, 4, shared(80, ByConnection))}},
	{name: "shared by client", before: []Object{endpoint(testWeb, 3, shared(80, ByClientIP))}, change: []Object{endpoint(testWeb, 2, shared(80, ByClientIP))}},
	{name: "shared with another network", before: []Object{endpoint(testDB, 3, shared(80, ByClientIP)), endpoint(testWeb, 3, shared(80, ByClientIP))}, change: []Object{with(testDB, func(n *Network) { n.Egress = Via("eth0") })}},
	{name: "shared no more", before: []Object{endpoint(testWeb, 2, shared(80, ByClientIP)), endpoint(testWeb, 3, shared(80, ByClientIP))}, change: []Object{endpoint(testWeb, 2)}},
	{name: "alone after it was shared", before: []Object{endpoint(testWeb, 2, shared(80, ByClientIP)), endpoint(testWeb, 3, shared(80, ByClientIP))}, change: []Object{endpoint(testWeb, 2), endpoint(testWeb, 3, ports(TCP, 80, 0))}},
	{name: "shared in another way by all", before: []Object{endpoint(testWeb, 2, shared(80, ByClientIP)), endpoint(testWeb, 3, shared(80, ByClientIP))}, change: []Object{endpoint(testWeb, 2, shared(80, ByConnection)), endpoint(testWeb, 3, shared(80, ByConnection))}},
	{name: "shared in another way by one", before: []Object{endpoint(testWeb, 2, shared(80, ByClientIP)), endpoint(testWeb, 3, shared(80, ByClientIP))}, change: []Object{endpoint(testWeb, 3, shared(80, ByConnection))}, want: ErrConflict, says: []string{`endpoint "web3"`, "80/tcp is balanced by connection", `balanced by client-ip for endpoint "web2"`}},
	{name: "shared with one that does not", before: []Object{endpoint(testWeb, 2, ports(TCP, 80, 0))}, change: []Object{endpoint(testWeb, 3, shared(80, ByClientIP))}, want: ErrConflict, says: []string{`endpoint "web3"`, "80/tcp", `exclusive for endpoint "web2"`}},
	{name: "shared with one that has a range", before: []Object{endpoint(testWeb, 2, ports(TCP, 70, 90))}, change: []Object{endpoint(testWeb, 3, shared(80, ByClientIP))}, want: ErrConflict, says: []string{`endpoint "web3"`, `endpoint "web2"`}},
	{name: "exclusive where others share", before: []Object{endpoint(testWeb, 2, shared(80, ByClientIP))}, change: []Object{endpoint(testWeb, 3, ports(TCP, 80, 0))}, want: ErrConflict, says: []string{`endpoint "web3"`, "80/tcp is exclusive", `balanced by client-ip for endpoint "web2"`}},
	{name: "shared at one address and at all", before: []Object{endpoint(testWeb, 2, shared(80, ByClientIP))}, change: []Object{endpoint(testWeb, 3, at("198.51.100.1", shared(80, ByClientIP)))}, want: ErrConflict, says: []string{`endpoint "web3"`, "198.51.100.1:80/tcp", `endpoint "web2" at other addresses`}},
	{name: "shared at two addresses apart", before: []Object{endpoint(testWeb, 2, at("192.0.2.1", shared(80, ByClientIP)))}, change: []Object{endpoint(testWeb, 3, at("198.51.100.1", shared(80, ByConnection)))}},
	{name: "shared at a spare address", before: []Object{endpoint(testDB, 2, shared(80, ByClientIP))}, change: []Object{endpoint(testDB, 3, at("192.0.2.50", shared(80, ByClientIP)))}},
	{name: "shared with itself", change: []Object{endpoint(testWeb, 2, shared(80, ByClientIP), shared(80, ByClientIP))}, want: ErrConflict, says: []string{`endpoint "web2"`, "80/tcp"}},
	{name: "shared range", change: []Object{endpoint(testWeb, 2, PortMapping{Proto: TCP, HostPort: 80, HostPortEnd: 90, Port: 80, Balance: ByClientIP})}, want: ErrInvalid, says: []string{`endpoint "web2"`, "80-90/tcp", "one port"}},
	{name: "shared port to be chosen", change: []Object{endpoint(testWeb, 2, shared(0, ByClientIP))}, want: ErrInvalid, says: []string{`endpoint "web2"`, "with a number"}},
	{name: "shared at a loopback address", change: []Object{endpoint(testWeb, 2, at("127.0.0.1", shared(80, ByClientIP)))}, want: ErrInvalid, says: []string{`endpoint "web2"`, "127.0.0.1:80/tcp"}},
	{name: "shared in a routed network", change: []Object{with(testWeb, func(n *Network) { n.Egress = Routed() }), endpoint(testWeb, 2, shared(80, ByClientIP))}, want: ErrInvalid, says: []string{`endpoint "web2"`, "80/tcp", `network "web" is routed`}},
	{name: "shared in a way that there is not", change: []Object{endpoint(testWeb, 2, shared(80, "dice"))}, want: ErrInvalid, says: []string{`endpoint "web2"`, `"dice"`}},
	{name: "shared under another way out", before: []Object{endpoint(testWeb, 2, shared(80, ByClientIP)), endpoint(testWeb, 3, shared(80, ByClientIP))}, change: []Object{with(testWeb, func(n *Network) { n.Egress = Behind("x") })}},
	{name: "shared under another spare address", before: []Object{endpoint(testDB, 2, shared(80, ByClientIP)), endpoint(testDB, 3, shared(80, ByClientIP))}, change: []Object{with(edgeSpare, func(a *Address) { a.Addrs = []netip.Addr{netip.MustParseAddr("192.0.2.51")} })}},
	{name: "routed with the same ports outside", before: []Object{endpoint(testWeb, 2, ports(TCP, 80, 90))}, change: []Object{with(testWeb, func(n *Network) { n.Egress = Routed() })}},
}

// byRef are objects by what they are, the later ones in place of the earlier.
func byRef(lists ...[]Object) map[ref]Object {
	all := map[ref]Object{}
	for _, o := range slices.Concat(lists...) {
		all[o.ref()] = o
	}
	return all
}

// Each change at an edge is made or refused, by itself and in one Set with all the rest. What was refused leaves no trace;
// what was made can be taken back.
func TestEdges(t *testing.T) {
	for _, c := range edges {
		t.Run(c.name, func(t *testing.T) {
			check := func(how string, err error) {
				t.Helper()
				if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
					t.Errorf("%s: got error %v, want %v", how, err, c.want)
				}
				for _, says := range c.says {
					if !strings.Contains(fmt.Sprint(err), says) {
						t.Errorf("%s: got error %v, want one that says %s", how, err, says)
					}
				}
			}
			before, after := byRef(edgeBase(), c.before), byRef(edgeBase(), c.before, c.change)
			fresh := func(objects map[ref]Object, k kept) (*state, error) {
				s := newState(env{natZone: 1})
				return s, s.set(slices.Collect(maps.Values(objects)), k)
			}
			_, err := fresh(after, kept{})
			check("in one change with the rest", err)

			s, err := fresh(before, kept{})
			if err != nil {
				t.Fatal(err)
			}
			s.commit()
			was := flowTexts(s)
			err = s.set(c.change, kept{})
			check("by itself", err)
			if err != nil {
				s.rollback()
			} else {
				s.commit()
				want, err := fresh(after, kept{networks: s.numbers()})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(flowTexts(want), flowTexts(s)); diff != "" {
					t.Errorf("flows differ from those of a fresh start (-fresh +got):\n%s", diff)
				}
				var added []Object
				for r, o := range after {
					if before[r] == nil {
						added = append(added, o)
					}
				}
				if err := s.remove(added); err != nil {
					t.Fatalf("take it back: %v", err)
				}
				if err := s.set(slices.Collect(maps.Values(before)), kept{}); err != nil {
					t.Fatalf("take it back: %v", err)
				}
			}
			if diff := cmp.Diff(was, flowTexts(s)); diff != "" {
				t.Errorf("flows differ from those of before (-before +after):\n%s", diff)
			}
		})
	}
}
