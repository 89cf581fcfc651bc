// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	of "github.com/ovskit/ovskit/openflow"
)

var (
	hostMAC  = mac(0xff)
	hostAddr = netip.MustParseAddr("192.0.2.1")
	testHost = Host{MAC: hostMAC, Addrs: []netip.Prefix{netip.PrefixFrom(hostAddr, 24)}}
	testUp   = Uplink{Name: "eth0", Port: 1, Addr: hostAddr}
	testWeb  = Network{
		Name: "web", Subnet: netip.MustParsePrefix("10.1.0.0/24"), Gateway: netip.MustParseAddr("10.1.0.1"),
		Egress: Via("eth0"), Host: ToHost | FromHost,
	}
	testDB = Network{
		Name: "db", Subnet: netip.MustParsePrefix("10.2.0.0/24"), Gateway: netip.MustParseAddr("10.2.0.1"),
	}
)

func mac(last byte) net.HardwareAddr { return net.HardwareAddr{2, 0, 0, 0, 0, last} }

// endpoint is endpoint number n of a network.
func endpoint(nw Network, n byte, publish ...PortMapping) Endpoint {
	a := nw.Subnet.Addr().As4()
	a[3] = n
	return Endpoint{
		Name: fmt.Sprintf("%s%d", nw.Name, n), Network: nw.Name, Port: uint32(a[1])<<8 | uint32(n),
		MAC: net.HardwareAddr{2, 0, 0, 0, a[1], n}, Addrs: []netip.Addr{netip.AddrFrom4(a)}, Publish: publish,
	}
}

func with[T any](v T, change func(*T)) T {
	change(&v)
	return v
}

func TestSetRefuses(t *testing.T) {
	web2 := endpoint(testWeb, 2, PortMapping{Proto: TCP, HostPort: 8080, Port: 80})
	tests := []struct {
		name string
		set  Object
		want error
		says string
	}{
		{"host without MAC", Host{}, ErrInvalid, `MAC ""`},
		{"host with IPv6", with(testHost, func(h *Host) { h.Addrs = []netip.Prefix{netip.MustParsePrefix("fd00::1/64")} }), ErrInvalid, "fd00::1"},
		{"host loses the uplink's address", Host{MAC: hostMAC}, ErrInvalid, "192.0.2.1"},
		{"host inside a subnet", with(testHost, func(h *Host) {
			h.Addrs = append(h.Addrs[:1:1], netip.MustParsePrefix("10.1.0.50/24"))
		}), ErrConflict, `network "web"`},
		{"host with a broadcast address", with(testHost, func(h *Host) {
			h.Addrs = []netip.Prefix{netip.MustParsePrefix("192.0.2.255/24")}
		}), ErrInvalid, "192.0.2.255"},
		{"host with an endpoint's MAC", with(testHost, func(h *Host) { h.MAC = web2.MAC }), ErrConflict, `endpoint "web2"`},
		{"second uplink", Uplink{Name: "eth1", Port: 9, Addr: hostAddr}, ErrConflict, `uplink "eth0"`},
		{"uplink's address is not the host's", with(testUp, func(u *Uplink) { u.Addr = testWeb.Gateway }), ErrInvalid, "10.1.0.1"},
		{"uplink's port is an endpoint's", with(testUp, func(u *Uplink) { u.Port = web2.Port }), ErrConflict, `endpoint "web2"`},
		{"network without name", with(testWeb, func(n *Network) { n.Name = "" }), ErrInvalid, "no name"},
		{"IPv6 subnet", with(testWeb, func(n *Network) { n.Subnet = netip.MustParsePrefix("fd00::/64") }), ErrInvalid, "fd00::/64"},
		{"subnet with host bits", with(testWeb, func(n *Network) { n.Subnet = netip.MustParsePrefix("10.1.0.1/24") }), ErrInvalid, "10.1.0.0/24"},
		{"gateway elsewhere", with(testWeb, func(n *Network) { n.Gateway = hostAddr }), ErrInvalid, "192.0.2.1"},
		{"gateway is the subnet's first", with(testWeb, func(n *Network) { n.Gateway = n.Subnet.Addr() }), ErrInvalid, "10.1.0.0"},
		{"loopback subnet", with(testWeb, func(n *Network) {
			n.Subnet, n.Gateway = netip.MustParsePrefix("127.0.1.0/24"), netip.MustParseAddr("127.0.1.1")
		}), ErrInvalid, "127.0.0.0/8"},
		{"unknown uplink", with(testWeb, func(n *Network) { n.Egress = Via("eth7") }), ErrNotFound, `"eth7"`},
		{"overlapping subnet", with(testDB, func(n *Network) {
			n.Name, n.Subnet, n.Gateway = "x", netip.MustParsePrefix("10.1.0.128/25"), netip.MustParseAddr("10.1.0.129")
		}), ErrConflict, `network "web"`},
		{"subnet with the host in it", with(testDB, func(n *Network) {
			n.Name, n.Subnet, n.Gateway = "x", netip.MustParsePrefix("192.0.2.0/24"), netip.MustParseAddr("192.0.2.9")
		}), ErrConflict, "192.0.2.1"},
		{"gateway is an endpoint's", with(testWeb, func(n *Network) { n.Gateway = web2.Addrs[0] }), ErrConflict, `endpoint "web2"`},
		{"subnet leaves an endpoint out", with(testWeb, func(n *Network) {
			n.Subnet, n.Gateway = netip.MustParsePrefix("10.9.0.0/24"), netip.MustParseAddr("10.9.0.1")
		}), ErrInvalid, `endpoint "web2"`},
		{"way out goes with a port published", with(testWeb, func(n *Network) { n.Egress = Egress{} }), ErrInvalid, "8080/tcp"},
		{"endpoint without network", with(web2, func(e *Endpoint) { e.Network = "nowhere" }), ErrNotFound, `"nowhere"`},
		{"endpoint without address", with(web2, func(e *Endpoint) { e.Addrs = nil }), ErrInvalid, "no address"},
		{"multicast MAC", with(web2, func(e *Endpoint) { e.MAC = net.HardwareAddr{1, 0, 0, 0, 0, 1} }), ErrInvalid, "01:00:00:00:00:01"},
		{"address outside the subnet", with(web2, func(e *Endpoint) { e.Addrs = []netip.Addr{hostAddr} }), ErrInvalid, "10.1.0.0/24"},
		{"address of the gateway", with(web2, func(e *Endpoint) { e.Addrs = []netip.Addr{testWeb.Gateway} }), ErrConflict, `network "web"`},
		{"broadcast address", with(endpoint(testWeb, 3), func(e *Endpoint) {
			e.Addrs = []netip.Addr{netip.MustParseAddr("10.1.0.255")}
		}), ErrInvalid, "10.1.0.255"},
		{"zero MAC", with(web2, func(e *Endpoint) { e.MAC = make(net.HardwareAddr, 6) }), ErrInvalid, "00:00:00:00:00:00"},
		{"MAC of the host", with(web2, func(e *Endpoint) { e.MAC = hostMAC }), ErrConflict, "host's"},
		{"MAC taken", with(endpoint(testWeb, 3), func(e *Endpoint) { e.MAC = web2.MAC }), ErrConflict, `endpoint "web2"`},
		{"address taken", with(endpoint(testWeb, 3), func(e *Endpoint) { e.Addrs = web2.Addrs }), ErrConflict, `endpoint "web2"`},
		{"port taken", with(endpoint(testWeb, 3), func(e *Endpoint) { e.Port = web2.Port }), ErrConflict, `endpoint "web2"`},
		{"port of the uplink", with(web2, func(e *Endpoint) { e.Port = testUp.Port }), ErrConflict, `uplink "eth0"`},
		{"reserved port", with(web2, func(e *Endpoint) { e.Port = of.PortLocal }), ErrInvalid, "0xfffffffe"},
		{"published twice by two", endpoint(testWeb, 3, web2.Publish...), ErrConflict, `endpoint "web2"`},
		{"published twice by one", endpoint(testWeb, 3, PortMapping{UDP, 53, 53}, PortMapping{UDP, 53, 54}), ErrConflict, "53/udp"},
		{"published port 0", endpoint(testWeb, 3, PortMapping{TCP, 0, 80}), ErrInvalid, "0/tcp"},
		{"published protocol", endpoint(testWeb, 3, PortMapping{47, 1, 1}), ErrInvalid, "protocol 47"},
		{"published by an internal network", endpoint(testDB, 3, PortMapping{TCP, 81, 80}), ErrInvalid, `network "db"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newState(env{uplinkZone: 1})
			if err := s.set([]Object{web2, testDB, testWeb, testUp, testHost}, nil); err != nil {
				t.Fatal(err)
			}
			s.commit()
			before := flowTexts(s)
			err := s.set([]Object{endpoint(testDB, 77), tt.set}, nil)
			if !errors.Is(err, tt.want) || !strings.Contains(fmt.Sprint(err), tt.says) {
				t.Errorf("got error %v, want one that is %q and says %q", err, tt.want, tt.says)
			}
			s.rollback()
			if diff := cmp.Diff(before, flowTexts(s)); diff != "" {
				t.Errorf("refused change left traces (-before +after):\n%s", diff)
			}
			if len(s.dirty) > 0 {
				t.Errorf("refused change left dirty objects: %v", s.dirty)
			}
		})
	}
}

func TestDeleteRefusesWhatIsUsed(t *testing.T) {
	for _, tt := range []struct {
		object Object
		by     string
	}{
		{testHost, "uplink"}, {testUp, `network "web"`}, {testWeb, "web2"},
	} {
		s := newState(env{uplinkZone: 1})
		if err := s.set([]Object{endpoint(testWeb, 2), testWeb, testUp, testHost}, nil); err != nil {
			t.Fatal(err)
		}
		if err := s.remove([]Object{tt.object}); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), tt.by) {
			t.Errorf("delete %s: got %v, want %v by %s", tt.object, err, ErrInUse, tt.by)
		}
	}
}

func TestEndpointsSwapAddresses(t *testing.T) {
	s := newState(env{uplinkZone: 1})
	a, b := endpoint(testWeb, 2), endpoint(testWeb, 3)
	if err := s.set([]Object{a, b, testWeb, testUp, testHost}, nil); err != nil {
		t.Fatal(err)
	}
	a.Addrs, b.Addrs = b.Addrs, a.Addrs
	if err := s.set([]Object{a, b}, nil); err != nil {
		t.Errorf("swap of two endpoints' addresses in one change: %v", err)
	}
}

func TestNetworksSwapSubnets(t *testing.T) {
	s := newState(env{uplinkZone: 1})
	a, b := testWeb, testDB
	if err := s.set([]Object{a, b, testUp, testHost}, nil); err != nil {
		t.Fatal(err)
	}
	a.Subnet, a.Gateway, b.Subnet, b.Gateway = b.Subnet, b.Gateway, a.Subnet, a.Gateway
	if err := s.set([]Object{a, b}, nil); err != nil {
		t.Errorf("swap of two networks' subnets in one change: %v", err)
	}
}

// What was established in a network that is gone must not be so in another.
func TestZonesAreNotReused(t *testing.T) {
	s := newState(env{uplinkZone: 1})
	if err := s.set([]Object{testHost, testUp, testWeb}, nil); err != nil {
		t.Fatal(err)
	}
	was := s.networks["web"].id
	if err := s.remove([]Object{testWeb}); err != nil {
		t.Fatal(err)
	}
	if err := s.set([]Object{testDB}, nil); err != nil {
		t.Fatal(err)
	}
	if got := s.networks["db"].id; got == was {
		t.Errorf("network db got the number %d, which was that of web", got)
	}
}

// One endpoint more costs that endpoint's flows and nothing else.
func TestEndpointTouchesOnlyItself(t *testing.T) {
	s := newState(env{uplinkZone: 1})
	if err := s.set([]Object{endpoint(testWeb, 2), testWeb, testUp, testHost}, nil); err != nil {
		t.Fatal(err)
	}
	s.commit()
	if err := s.set([]Object{endpoint(testWeb, 3)}, nil); err != nil {
		t.Fatal(err)
	}
	want := map[ref]bool{{kindEndpoint, "web3"}: true}
	if !maps.Equal(s.dirty, want) {
		t.Errorf("got dirty objects %v, want %v", s.dirty, want)
	}
}

func TestNetworkKeepsItsNumber(t *testing.T) {
	number := map[uint64]uint16{objectCookie(testDB.ref()): 2}
	s := newState(env{uplinkZone: 1})
	if err := s.set([]Object{testHost, testUp, testWeb}, number); err != nil {
		t.Fatal(err)
	}
	if err := s.set([]Object{testDB}, number); err != nil {
		t.Fatal(err)
	}
	s2 := newState(env{uplinkZone: 2})
	if err := s2.set([]Object{testHost, testDB}, number); err != nil {
		t.Fatal(err)
	}
	if got := s2.networks["db"].id; got <= 2 {
		t.Errorf("got number %d of before, which is the uplink's zone now", got)
	}
	got := map[string]uint16{"web": s.networks["web"].id, "db": s.networks["db"].id}
	if want := map[string]uint16{"web": 3, "db": 2}; !maps.Equal(got, want) {
		t.Errorf("got numbers %v, want %v: 2 was the number of db before", got, want)
	}
}

// Whatever is set, deleted, refused and undone, in whatever order: the state compiles to the flows of a fresh one that
// was told only what is left, and no two flows have the same place.
func TestStateEqualsFresh(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newState(env{uplinkZone: 1})
		have := map[ref]Object{}
		for _, o := range []Object{testHost, testUp, testWeb, testDB} {
			if err := s.set([]Object{o}, nil); err != nil {
				t.Fatal(err)
			}
			have[o.ref()] = o
		}
		s.commit()
		nets := []Network{testWeb, testDB, with(testWeb, func(n *Network) { n.Host = 0 }), with(testDB, func(n *Network) { n.Egress = Via("eth0") })}
		object := rapid.Custom(func(t *rapid.T) Object {
			switch rapid.IntRange(0, 6).Draw(t, "kind") {
			case 0:
				return with(testHost, func(h *Host) { h.MAC = mac(rapid.Byte().Draw(t, "mac")) })
			case 1:
				return with(testUp, func(u *Uplink) { u.Port = rapid.Uint32Range(1, 3).Draw(t, "port") })
			case 2:
				return rapid.SampledFrom(nets).Draw(t, "network")
			}
			e := endpoint(rapid.SampledFrom(nets).Draw(t, "of"), rapid.ByteRange(2, 5).Draw(t, "n"))
			e.Port = rapid.Uint32Range(2, 9).Draw(t, "port")
			for p := range rapid.Uint16Range(0, 2).Draw(t, "published") {
				e.Publish = append(e.Publish, PortMapping{TCP, 80 + p, 80})
			}
			return e
		})
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				objects := rapid.SliceOfN(object, 1, 3).Draw(t, "objects")
				if err := s.set(objects, nil); err != nil {
					s.rollback()
					return
				}
				s.commit()
				for _, o := range objects {
					have[o.ref()] = o
				}
			},
			"delete": func(t *rapid.T) {
				o := object.Draw(t, "object")
				if err := s.remove([]Object{o}); err != nil {
					s.rollback()
					return
				}
				s.commit()
				delete(have, o.ref())
			},
			"": func(t *rapid.T) {
				fresh := newState(env{uplinkZone: 1})
				numbers := map[uint64]uint16{}
				for _, n := range s.networks {
					numbers[objectCookie(n.ref())] = n.id
				}
				var left []Object
				for _, o := range have {
					left = append(left, o)
				}
				if err := fresh.set(left, numbers); err != nil {
					t.Fatalf("what is left is refused by a fresh state: %v", err)
				}
				if !maps.EqualFunc(allFlows(s), allFlows(fresh), of.Flow.Equal) {
					t.Fatalf("flows differ from a fresh compile (-fresh +got):\n%s", cmp.Diff(flowTexts(fresh), flowTexts(s)))
				}
			},
		})
	})
}

// flowTexts are the flows of all that is declared as text, by key.
func flowTexts(s *state) map[string]string {
	texts := map[string]string{}
	for key, f := range allFlows(s) {
		texts[key] = f.String()
	}
	return texts
}

// allFlows are the flows of all that is declared, by key. Should two have the same key, the second gets another.
func allFlows(s *state) map[string]of.Flow {
	all := []ref{{kind: kindBase}, {kind: kindHost}}
	if s.uplink != nil {
		all = append(all, s.uplink.ref())
	}
	for _, n := range s.networks {
		all = append(all, n.ref())
	}
	for _, e := range s.endpoints {
		all = append(all, e.ref())
	}
	flows := map[string]of.Flow{}
	for _, r := range all {
		for _, f := range s.compile(r) {
			key := f.Key()
			if _, twice := flows[key]; twice {
				key += " of " + r.String()
			}
			flows[key] = f
		}
	}
	return flows
}
