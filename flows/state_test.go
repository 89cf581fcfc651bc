// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
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
	testUp   = Uplink{Name: "eth0", Port: 1, Addrs: []netip.Addr{hostAddr}}
	testWeb  = Network{
		Name: "web", Gateways: []netip.Prefix{netip.MustParsePrefix("10.1.0.1/24")},
		Egress: Via("eth0"), Host: ToHost | FromHost,
	}
	testDB = Network{
		Name: "db", Gateways: []netip.Prefix{netip.MustParsePrefix("10.2.0.1/24")},
	}
)

func mac(last byte) net.HardwareAddr { return net.HardwareAddr{2, 0, 0, 0, 0, last} }

// endpoint is endpoint number n of a network.
func endpoint(nw Network, n byte, publish ...PortMapping) Endpoint {
	a := nw.Gateways[0].Addr().As4()
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

// gateways is a network with other gateways.
func gateways(n Network, gateways ...string) Network {
	n.Gateways = nil
	for _, g := range gateways {
		n.Gateways = append(n.Gateways, netip.MustParsePrefix(g))
	}
	return n
}

func named(n Network, name string) Network {
	n.Name = name
	return n
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
		{"host with a link-local address", with(testHost, func(h *Host) { h.Addrs = []netip.Prefix{netip.MustParsePrefix("fe80::1/64")} }), ErrInvalid, "fe80::1"},
		{"host loses the uplink's address", Host{MAC: hostMAC}, ErrInvalid, "192.0.2.1"},
		{"host inside a subnet", with(testHost, func(h *Host) {
			h.Addrs = append(h.Addrs[:1:1], netip.MustParsePrefix("10.1.0.50/24"))
		}), ErrConflict, `network "web"`},
		{"host with a broadcast address", with(testHost, func(h *Host) {
			h.Addrs = []netip.Prefix{netip.MustParsePrefix("192.0.2.255/24")}
		}), ErrInvalid, "192.0.2.255"},
		{"host with an endpoint's MAC", with(testHost, func(h *Host) { h.MAC = web2.MAC }), ErrConflict, `endpoint "web2"`},
		{"second uplink", Uplink{Name: "eth1", Port: 9, Addrs: []netip.Addr{hostAddr}}, ErrConflict, `uplink "eth0"`},
		{"uplink's address is not the host's", with(testUp, func(u *Uplink) { u.Addrs = []netip.Addr{testWeb.Gateways[0].Addr()} }), ErrInvalid, "10.1.0.1"},
		{"uplink's port is an endpoint's", with(testUp, func(u *Uplink) { u.Port = web2.Port }), ErrConflict, `endpoint "web2"`},
		{"network without name", with(testWeb, func(n *Network) { n.Name = "" }), ErrInvalid, "no name"},
		{"network without gateway", with(testWeb, func(n *Network) { n.Gateways = nil }), ErrInvalid, "no gateway"},
		{"two gateways of a family", with(testWeb, func(n *Network) { n.Gateways = append(n.Gateways[:1:1], testDB.Gateways...) }), ErrInvalid, "10.2.0.1/24"},
		{"IPv6 without an address to share", gateways(testWeb, "fd00::1/64"), ErrInvalid, `uplink "eth0" has no IPv6`},
		{"link-local gateway", gateways(testDB, "fe80::1/64"), ErrInvalid, "fe80::1"},
		{"gateway is the subnet's first", gateways(testWeb, "10.1.0.0/24"), ErrInvalid, "10.1.0.0"},
		{"loopback subnet", gateways(testWeb, "127.0.1.1/24"), ErrInvalid, "127.0.0.0/8"},
		{"unknown uplink", with(testWeb, func(n *Network) { n.Egress = Via("eth7") }), ErrNotFound, `"eth7"`},
		{"unknown address", with(testWeb, func(n *Network) { n.Egress = Behind("x") }), ErrNotFound, `address "x"`},
		{"overlapping subnet", named(gateways(testDB, "10.1.0.129/25"), "x"), ErrConflict, `network "web"`},
		{"subnet with the host in it", named(gateways(testDB, "192.0.2.9/24"), "x"), ErrConflict, "192.0.2.1"},
		{"gateway is an endpoint's", with(testWeb, func(n *Network) {
			n.Gateways = []netip.Prefix{netip.PrefixFrom(web2.Addrs[0], 24)}
		}), ErrConflict, `endpoint "web2"`},
		{"subnet leaves an endpoint out", gateways(testWeb, "10.9.0.1/24"), ErrInvalid, `endpoint "web2"`},
		{"spare address in a subnet", Address{Name: "x", Addrs: []netip.Addr{netip.MustParseAddr("10.1.0.77")}}, ErrConflict, `network "web"`},
		{"spare address is the host's", Address{Name: "x", Addrs: []netip.Addr{hostAddr}}, ErrConflict, "host"},
		{"spare address without one", Address{Name: "x"}, ErrInvalid, "no address"},
		{"two spare addresses of a family", Address{Name: "x", Addrs: []netip.Addr{hostAddr.Next(), hostAddr.Next().Next()}}, ErrInvalid, "both IPv4"},
		{"rule without name", Rule{}, ErrInvalid, "no name"},
		{"rule for nobody", Rule{Name: "r", From: []Selector{{}}}, ErrInvalid, "selects nobody"},
		{"rule with host bits", Rule{Name: "r", To: []Selector{Within(netip.MustParsePrefix("10.0.0.1/8"))}}, ErrInvalid, "10.0.0.1/8"},
		{"rule with ICMP ports", Rule{Name: "r", Services: []Service{{Proto: ICMP, FirstPort: 1}}}, ErrInvalid, "icmp/1"},
		{"rule with a range backwards", Rule{Name: "r", Services: []Service{{TCP, 9, 8}}}, ErrInvalid, "tcp/9-8"},
		{"label with an equals sign", with(web2, func(e *Endpoint) { e.Labels = map[string]string{"a=b": "c"} }), ErrInvalid, "a=b"},
		{"way out goes with a port published", with(testWeb, func(n *Network) { n.Egress = Egress{} }), ErrInvalid, "8080/tcp"},
		{"endpoint without network", with(web2, func(e *Endpoint) { e.Network = "nowhere" }), ErrNotFound, `"nowhere"`},
		{"endpoint without address", with(web2, func(e *Endpoint) { e.Addrs = nil }), ErrInvalid, "no address"},
		{"multicast MAC", with(web2, func(e *Endpoint) { e.MAC = net.HardwareAddr{1, 0, 0, 0, 0, 1} }), ErrInvalid, "01:00:00:00:00:01"},
		{"address outside the subnet", with(web2, func(e *Endpoint) { e.Addrs = []netip.Addr{hostAddr} }), ErrInvalid, "10.1.0.0/24"},
		{"address of the gateway", with(web2, func(e *Endpoint) { e.Addrs = []netip.Addr{testWeb.Gateways[0].Addr()} }), ErrConflict, `network "web"`},
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
		{"mirror to an endpoint", with(endpoint(testWeb, 3), func(e *Endpoint) { e.MirrorTo = web2.Port }), ErrConflict, `endpoint "web2"`},
		{"mirror to itself", with(endpoint(testWeb, 3), func(e *Endpoint) { e.MirrorTo = e.Port }), ErrConflict, `endpoint "web3"`},
		{"mirror to no port", with(endpoint(testWeb, 3), func(e *Endpoint) { e.MirrorTo = of.PortLocal }), ErrInvalid, "0xfffffffe"},
		{"limit of nothing", with(endpoint(testWeb, 3), func(e *Endpoint) { e.Limit = &Limit{} }), ErrInvalid, "limit"},
		{"multicast of isolated endpoints", with(testWeb, func(n *Network) { n.Isolated, n.Multicast = true, true }), ErrInvalid, "multicast"},
		{"published twice by two", endpoint(testWeb, 3, web2.Publish...), ErrConflict, `endpoint "web2"`},
		{"published twice by one", endpoint(testWeb, 3, PortMapping{Proto: UDP, HostPort: 53, Port: 53}, PortMapping{Proto: UDP, HostPort: 53, Port: 54}), ErrConflict, "53/udp"},
		{"published port 0", endpoint(testWeb, 3, PortMapping{Proto: TCP, HostPort: 8081}), ErrInvalid, "8081/tcp"},
		{"published range without a beginning", endpoint(testWeb, 3, PortMapping{Proto: TCP, HostPortEnd: 9, Port: 80}), ErrInvalid, "begins at no port"},
		{"published range backwards", endpoint(testWeb, 3, PortMapping{Proto: TCP, HostPort: 9, HostPortEnd: 8, Port: 80}), ErrInvalid, "9-8/tcp"},
		{"published range over another", endpoint(testWeb, 3, PortMapping{Proto: TCP, HostPort: 8000, HostPortEnd: 9000, Port: 80}), ErrConflict, "8000-9000/tcp"},
		{"published range past the last port", endpoint(testWeb, 3, PortMapping{Proto: TCP, HostPort: 1, HostPortEnd: 100, Port: 65500}), ErrInvalid, "65599"},
		{"published protocol", endpoint(testWeb, 3, PortMapping{Proto: 47, HostPort: 1, Port: 1}), ErrInvalid, "protocol 47"},
		{"published by an internal network", endpoint(testDB, 3, PortMapping{Proto: TCP, HostPort: 81, Port: 80}), ErrInvalid, `network "db"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newState(env{natZone: 1})
			if err := s.set([]Object{web2, testDB, testWeb, testUp, testHost}, kept{}); err != nil {
				t.Fatal(err)
			}
			s.commit()
			before := flowTexts(s)
			err := s.set([]Object{endpoint(testDB, 77), tt.set}, kept{})
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
		s := newState(env{natZone: 1})
		if err := s.set([]Object{endpoint(testWeb, 2), testWeb, testUp, testHost}, kept{}); err != nil {
			t.Fatal(err)
		}
		if err := s.remove([]Object{tt.object}); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), tt.by) {
			t.Errorf("delete %s: got %v, want %v by %s", tt.object, err, ErrInUse, tt.by)
		}
	}
	// Together with what uses it, everything goes.
	s := newState(env{natZone: 1})
	all := []Object{testHost, testUp, testWeb, endpoint(testWeb, 2)}
	if err := errors.Join(s.set(all, kept{}), s.remove(all)); err != nil {
		t.Errorf("delete all in one change: %v", err)
	}
	if left := s.objects(); len(left) > 0 {
		t.Errorf("left after all is deleted: %v", left)
	}
}

func TestEndpointsSwapAddresses(t *testing.T) {
	s := newState(env{natZone: 1})
	a, b := endpoint(testWeb, 2), endpoint(testWeb, 3)
	if err := s.set([]Object{a, b, testWeb, testUp, testHost}, kept{}); err != nil {
		t.Fatal(err)
	}
	a.Addrs, b.Addrs = b.Addrs, a.Addrs
	if err := s.set([]Object{a, b}, kept{}); err != nil {
		t.Errorf("swap of two endpoints' addresses in one change: %v", err)
	}
}

func TestNetworksSwapSubnets(t *testing.T) {
	s := newState(env{natZone: 1})
	a, b := testWeb, testDB
	if err := s.set([]Object{a, b, testUp, testHost}, kept{}); err != nil {
		t.Fatal(err)
	}
	a.Gateways, b.Gateways = b.Gateways, a.Gateways
	if err := s.set([]Object{a, b}, kept{}); err != nil {
		t.Errorf("swap of two networks' subnets in one change: %v", err)
	}
}

// What was established in a network that is gone must not be so in another.
func TestZonesAreNotReused(t *testing.T) {
	s := newState(env{natZone: 1})
	if err := s.set([]Object{testHost, testUp, testWeb}, kept{}); err != nil {
		t.Fatal(err)
	}
	was := s.networks["web"].id
	if err := s.remove([]Object{testWeb}); err != nil {
		t.Fatal(err)
	}
	if err := s.set([]Object{testDB}, kept{}); err != nil {
		t.Fatal(err)
	}
	if got := s.networks["db"].id; got == was {
		t.Errorf("network db got the number %d, which was that of web", got)
	}
}

// When all numbers were taken once, that of the network that went last is still the last to be taken again.
func TestZonesGoRound(t *testing.T) {
	const first, last = 65532, 65535
	s := newState(env{natZone: first - 2})
	if err := s.set([]Object{testHost, testDB}, kept{}); err != nil {
		t.Fatal(err)
	}
	if got := s.networks["db"].id; got != first {
		t.Fatalf("the first network got the number %d, want %d", got, first)
	}
	var numbers []uint16
	for range 6 {
		if err := s.set([]Object{testUp, testWeb}, kept{}); err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, s.networks["web"].id)
		if err := s.remove([]Object{testWeb}); err != nil {
			t.Fatal(err)
		}
	}
	if want := []uint16{first + 1, first + 2, last, first + 1, first + 2, last}; !slices.Equal(numbers, want) {
		t.Errorf("got numbers %v, want %v", numbers, want)
	}
	var networks []Object
	for i := range 4 {
		networks = append(networks, named(gateways(testDB, fmt.Sprintf("10.%d.0.1/24", 10+i)), fmt.Sprint(i)))
	}
	if err := s.set(networks, kept{}); !errors.Is(err, ErrConflict) || !strings.Contains(err.Error(), "no conntrack zone") {
		t.Errorf("five networks with four zones: got error %v, want %v", err, ErrConflict)
	}
}

// One endpoint more costs that endpoint's flows and nothing else.
func TestEndpointTouchesOnlyItself(t *testing.T) {
	s := newState(env{natZone: 1})
	if err := s.set([]Object{endpoint(testWeb, 2), testWeb, testUp, testHost}, kept{}); err != nil {
		t.Fatal(err)
	}
	s.commit()
	if err := s.set([]Object{endpoint(testWeb, 3)}, kept{}); err != nil {
		t.Fatal(err)
	}
	want := map[ref]bool{{kindEndpoint, "web3"}: true}
	if !maps.Equal(s.dirty, want) {
		t.Errorf("got dirty objects %v, want %v", s.dirty, want)
	}
}

// What comes and goes leaves nothing behind, whatever its name, labels and selectors, refused changes included.
func TestStateDoesNotGrow(t *testing.T) {
	s := newState(env{natZone: 1})
	if err := s.set([]Object{testHost, testUp, testWeb}, kept{}); err != nil {
		t.Fatal(err)
	}
	s.commit()
	for i := range 10 {
		e := endpoint(testWeb, 2)
		e.Name, e.Labels = fmt.Sprint("e", i), map[string]string{"id": fmt.Sprint(i)}
		r := Rule{Name: fmt.Sprint("r", i), From: []Selector{Labelled(e.Labels)}, To: []Selector{EndpointNamed(e.Name)}}
		if err := s.set([]Object{e, r, endpoint(testDB, 2)}, kept{}); !errors.Is(err, ErrNotFound) {
			t.Fatal(err)
		}
		s.rollback()
		if err := s.set([]Object{e, r}, kept{}); err != nil {
			t.Fatal(err)
		}
		s.commit()
		if err := s.remove([]Object{e, r}); err != nil {
			t.Fatal(err)
		}
		s.commit()
	}
	if n := len(s.members) + len(s.selecting) + len(s.endpoints) + len(s.ports) + len(s.rules) + len(s.ruleIDs); n != 1 { // the uplink's port
		t.Errorf("%d entries are left: members %v, selecting %v", n, s.members, s.selecting)
	}
}

func TestNetworkKeepsItsNumber(t *testing.T) {
	number := kept{networks: map[uint64]uint16{objectCookie(testDB.ref()): 3}}
	s := newState(env{natZone: 1})
	if err := s.set([]Object{testHost, testUp, testWeb}, number); err != nil {
		t.Fatal(err)
	}
	if err := s.set([]Object{testDB}, number); err != nil {
		t.Fatal(err)
	}
	s2 := newState(env{natZone: 2})
	if err := s2.set([]Object{testHost, testDB}, number); err != nil {
		t.Fatal(err)
	}
	if got := s2.networks["db"].id; got <= 3 {
		t.Errorf("got number %d of before, which is the uplink's zone now", got)
	}
	got := map[string]uint16{"web": s.networks["web"].id, "db": s.networks["db"].id}
	if want := map[string]uint16{"web": 4, "db": 3}; !maps.Equal(got, want) {
		t.Errorf("got numbers %v, want %v: 3 was the number of db before", got, want)
	}
}

// Whatever is set, deleted, refused and undone, in whatever order: the state compiles to the flows of a fresh one that
// was told only what is left, and no two flows have the same place.
func TestStateEqualsFresh(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newState(env{natZone: 1})
		have := map[ref]Object{}
		x := Address{Name: "x", Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.50")}}
		for _, o := range []Object{testHost, testUp, x, testWeb, testDB} {
			if err := s.set([]Object{o}, kept{}); err != nil {
				t.Fatal(err)
			}
			have[o.ref()] = o
		}
		b := newBook()
		commit := func() {
			b.apply(b.edit(s.outputs()))
			s.commit()
		}
		commit()
		nets := []Network{testWeb, testDB, with(testWeb, func(n *Network) { n.Host = 0 }), with(testDB, func(n *Network) { n.Egress = Via("eth0") }),
			with(testWeb, func(n *Network) { n.Egress = Behind("x") }), with(testDB, func(n *Network) { n.Egress = Routed() }),
			with(testWeb, func(n *Network) { n.Isolated = true }), with(testDB, func(n *Network) { n.Multicast = true }),
			gateways(testWeb, "10.1.0.254/24"), gateways(testDB, "10.2.0.254/16")}
		selectors := []Selector{
			EndpointNamed("web2"), EndpointNamed("db3"), Labelled(map[string]string{"a": "1"}), Labelled(map[string]string{"a": "1", "b": "2"}),
			InNetwork("web"), InNetwork("db"), TheHost(), Outside(), Within(netip.MustParsePrefix("10.1.0.0/16")),
		}
		services := []Service{{Proto: ICMP}, {TCP, 80, 0}, {TCP, 80, 99}, {Proto: UDP}}
		object := rapid.Custom(func(t *rapid.T) Object {
			switch rapid.IntRange(0, 9).Draw(t, "kind") {
			case 0:
				return with(testHost, func(h *Host) {
					h.MAC = mac(rapid.Byte().Draw(t, "mac"))
					if rapid.Bool().Draw(t, "second address") {
						h.Addrs = append(slices.Clip(h.Addrs), netip.MustParsePrefix("198.51.100.1/24"))
					}
				})
			case 1:
				return with(testUp, func(u *Uplink) { u.Port = rapid.Uint32Range(1, 3).Draw(t, "port") })
			case 2:
				return rapid.SampledFrom(nets).Draw(t, "network")
			case 3, 4:
				return Rule{
					Name: rapid.SampledFrom([]string{"r", "s", "t"}).Draw(t, "rule"),
					From: rapid.SliceOfN(rapid.SampledFrom(selectors), 0, 2).Draw(t, "from"),
					To:   rapid.SliceOfN(rapid.SampledFrom(selectors), 0, 2).Draw(t, "to"), Deny: rapid.Bool().Draw(t, "deny"),
					Services: rapid.SliceOfN(rapid.SampledFrom(services), 0, 2).Draw(t, "services"),
					Priority: rapid.Uint8Range(0, 1).Draw(t, "priority"),
				}
			case 5:
				return with(x, func(a *Address) {
					a.Addrs = []netip.Addr{rapid.SampledFrom([]netip.Addr{hostAddr.Next(), x.Addrs[0]}).Draw(t, "spare")}
				})
			}
			e := endpoint(rapid.SampledFrom(nets).Draw(t, "of"), rapid.ByteRange(2, 5).Draw(t, "n"))
			e.Port = rapid.Uint32Range(2, 9).Draw(t, "port")
			if rapid.Bool().Draw(t, "mirrored") {
				e.MirrorTo = rapid.Uint32Range(8, 12).Draw(t, "mirror")
			}
			e.DHCP = rapid.Bool().Draw(t, "dhcp")
			if rapid.Bool().Draw(t, "limited") {
				e.Limit = &Limit{Kbps: rapid.Uint32Range(1, 2).Draw(t, "rate")}
			}
			if rapid.Bool().Draw(t, "labelled") {
				e.Labels = map[string]string{"a": "1", "b": rapid.SampledFrom([]string{"1", "2"}).Draw(t, "b")}
			}
			for p := range rapid.Uint16Range(0, 2).Draw(t, "published") {
				e.Publish = append(e.Publish, PortMapping{Proto: TCP, HostPort: 80 + p, Port: 80})
			}
			if rapid.Bool().Draw(t, "shares") {
				e.Publish = append(e.Publish, shared(90, rapid.SampledFrom([]Balance{ByConnection, ByClientIP, ByClientIP}).Draw(t, "balance")))
			}
			return e
		})
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				objects := rapid.SliceOfN(object, 1, 3).Draw(t, "objects")
				if err := s.set(objects, kept{}); err != nil {
					s.rollback()
					return
				}
				commit()
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
				commit()
				delete(have, o.ref())
			},
			"refuse": func(t *rapid.T) { // by the switch
				_ = s.set(rapid.SliceOfN(object, 1, 3).Draw(t, "objects"), kept{})
				s.rollback()
			},
			"": func(t *rapid.T) {
				fresh := newState(env{natZone: 1})
				var left []Object
				for _, o := range have {
					left = append(left, o)
				}
				if err := fresh.set(left, kept{networks: s.numbers()}); err != nil {
					t.Fatalf("what is left is refused by a fresh state: %v", err)
				}
				// What was compiled by and by is what is compiled at once.
				objects := fresh.outputs()
				all := newBook()
				all.apply(all.edit(objects))
				if !maps.EqualFunc(all.flows, b.flows, func(f, g *of.Flow) bool { return f.Equal(*g) }) {
					t.Fatalf("flows differ from a fresh compile (-fresh +got):\n%s", cmp.Diff(texts(all.flows), texts(b.flows)))
				}
				if want, got := others(all), others(b); !slices.Equal(want, got) {
					t.Fatalf("groups, meters or claims differ from a fresh compile (-fresh +got):\n%s", cmp.Diff(want, got))
				}
				giver := map[string]ref{}
				for r, out := range objects {
					for _, e := range out.flows {
						if by, twice := giver[e.key]; twice && !isClause(&e.flow) {
							t.Fatalf("%s and %s both have the flow %s", by, r, e.flow)
						}
						giver[e.key] = r
					}
				}
			},
		})
	})
}

// numbers are those of the networks by cookie.
func (s *state) numbers() map[uint64]uint16 {
	numbers := map[uint64]uint16{}
	for _, n := range s.networks {
		numbers[objectCookie(n.ref())] = n.id
	}
	return numbers
}

// others are the groups and meters of a book and the claims of its objects, as sorted text.
func others(b book) (texts []string) {
	for _, g := range b.groups {
		texts = append(texts, g.String())
	}
	for _, m := range b.meters {
		texts = append(texts, m.String())
	}
	for r, out := range b.objects {
		for _, c := range out.claims {
			texts = append(texts, fmt.Sprint(r, " claims ", c.zone, c.addr, c.shared, c.proto, c.at, c.to))
		}
	}
	slices.Sort(texts)
	return texts
}

// flowTexts are the flows of all that is declared as text, by key.
func flowTexts(s *state) map[string]string {
	objects := map[ref]output{}
	for _, r := range s.refs() {
		objects[r] = s.output(r)
	}
	b := newBook()
	b.apply(b.edit(objects))
	all := texts(b.flows)
	for id, g := range b.groups {
		all[fmt.Sprintf("group %d", id)] = g.String()
	}
	return all
}

func texts(flows map[string]*of.Flow) map[string]string {
	texts := map[string]string{}
	for key, f := range flows {
		texts[key] = f.String()
	}
	return texts
}
