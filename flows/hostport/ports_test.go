// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package hostport_test

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/flows/hostport"
)

// TestReserved holds what a reserved port is to the host's programs.
func TestReserved(t *testing.T) {
	eachAddr(t, func(h *host, a netip.Addr) {
		p := h.open(h.ctx, hostport.Options{})
		tcp, udp := h.free(flows.TCP, a), h.free(flows.UDP, a)
		h.mustSet(p, "web", hostport.Mapping{Proto: flows.TCP, At: tcp}, hostport.Mapping{Proto: flows.UDP, At: udp},
			hostport.Mapping{Proto: flows.SCTP, At: tcp})
		for proto, at := range map[flows.Proto]netip.AddrPort{flows.TCP: tcp, flows.UDP: udp} {
			for _, at := range []netip.AddrPort{at, netip.AddrPortFrom(netip.IPv4Unspecified(), at.Port())} {
				if a.Is6() && at.Addr().Is4() {
					at = netip.AddrPortFrom(netip.IPv6Unspecified(), at.Port())
				}
				if c, _, err := h.listen(proto, at); !errors.Is(err, syscall.EADDRINUSE) {
					h.t.Errorf("a program that takes %s/%s gets %v", at, proto, err)
					if err == nil {
						c.Close()
					}
				}
			}
		}
		if _, err := h.dial("tcp", tcp); !errors.Is(err, syscall.ECONNREFUSED) {
			h.t.Errorf("who connects to a reserved port gets %v", err)
		}
		h.mustSet(p, "web")
		for proto, at := range map[flows.Proto]netip.AddrPort{flows.TCP: tcp, flows.UDP: udp} {
			c, _, err := h.listen(proto, at)
			if err != nil {
				h.t.Fatalf("a port that was given back: %v", err)
			}
			c.Close()
		}
	})
}

// TestTaken reports ports that the host has, and takes none then.
func TestTaken(t *testing.T) {
	eachAddr(t, func(h *host, a netip.Addr) {
		p := h.open(h.ctx, hostport.Options{})
		anywhere := netip.IPv4Unspecified()
		if a.Is6() {
			anywhere = netip.IPv6Unspecified()
		}
		_, to := h.endpoint(a)
		had := h.free(flows.TCP, a)
		h.mustSet(p, "web", hostport.Mapping{Proto: flows.TCP, At: had})
		for _, proto := range []flows.Proto{flows.TCP, flows.UDP} {
			for _, where := range []netip.Addr{a, anywhere} {
				c, at, err := h.listen(proto, netip.AddrPortFrom(where, 0))
				if err != nil {
					h.t.Fatal(err)
				}
				at = netip.AddrPortFrom(a, at.Port())
				other := h.free(proto, a)
				for _, to := range []netip.AddrPort{{}, to} {
					err = p.Set("web", []hostport.Mapping{{Proto: proto, At: other}, {Proto: proto, At: at, To: to}})
					if !errors.Is(err, hostport.ErrTaken) || !strings.Contains(err.Error(), at.String()) {
						h.t.Errorf("%s/%s, at which the host listens: %v", at, proto, err)
					}
				}
				c.Close()
				if c, _, err = h.listen(proto, other); err != nil {
					h.t.Errorf("the other port is kept: %v", err)
				} else {
					c.Close()
				}
				if c, _, err = h.listen(flows.TCP, had); !errors.Is(err, syscall.EADDRINUSE) {
					h.t.Errorf("who takes the port that the endpoint had gets %v", err)
					if err == nil {
						c.Close()
					}
				}
			}
		}
	})
}

// TestTakenByConnections takes ports on which connections of the host have ended, and not those on which they have not.
func TestTakenByConnections(t *testing.T) {
	eachAddr(t, func(h *host, a netip.Addr) {
		p := h.open(h.ctx, hostport.Options{})
		l, at := h.endpoint(a)
		client, server := h.connect(at, l)
		l.Close()
		own := netip.MustParseAddrPort(client.LocalAddr().String())
		if err := p.Set("web", []hostport.Mapping{{Proto: flows.TCP, At: own}}); !errors.Is(err, hostport.ErrTaken) {
			h.t.Errorf("a port of a connection of the host: %v", err)
		}
		server.Close() // first: its end stays for a while
		if _, err := io.ReadAll(client); err != nil {
			h.t.Fatal(err)
		}
		client.Close()
		h.mustSet(p, "web", hostport.Mapping{Proto: flows.TCP, At: at})
		if c, _, err := h.listen(flows.TCP, at); !errors.Is(err, syscall.EADDRINUSE) {
			h.t.Errorf("a program that takes the port gets %v", err)
			if err == nil {
				c.Close()
			}
		}
	})
}

// TestTakenIsAsked asks who has a port, and changes nothing by it.
func TestTakenIsAsked(t *testing.T) {
	eachAddr(t, func(h *host, a netip.Addr) {
		p := h.open(h.ctx, hostport.Options{})
		for _, proto := range []flows.Proto{flows.TCP, flows.UDP} {
			c, at, err := h.listen(proto, netip.AddrPortFrom(a, 0))
			if err != nil {
				h.t.Fatal(err)
			}
			if !p.Taken(proto, at) {
				h.t.Errorf("%s/%s, at which the host listens, is not taken", at, proto)
			}
			c.Close()
			for range 2 { // the first has given it back
				if p.Taken(proto, at) {
					h.t.Errorf("%s/%s is taken by nobody", at, proto)
				}
			}
			h.mustSet(p, "web", hostport.Mapping{Proto: proto, At: at})
			if !p.Taken(proto, at) {
				h.t.Errorf("%s/%s, which is reserved, is not taken", at, proto)
			}
		}
		at := h.free(flows.TCP, a)
		p.Close()
		if p.Taken(flows.TCP, at) {
			h.t.Error("who is closed says that a port is taken")
		}
	})
}

func TestMappings(t *testing.T) {
	addr, at := netip.MustParseAddr, netip.MustParseAddrPort
	own := []netip.Addr{addr("127.0.0.1"), addr("192.0.2.1"), addr("2001:db8::1")}
	four, six := addr("10.1.0.2"), addr("fd00:1::2")
	for _, test := range []struct {
		name      string
		published flows.PortMapping
		endpoint  []netip.Addr
		want      []hostport.Mapping
	}{
		{"reserved", flows.PortMapping{Proto: flows.TCP, HostPort: 8080, Port: 80}, nil, []hostport.Mapping{
			{Proto: flows.TCP, At: at("127.0.0.1:8080")}, {Proto: flows.TCP, At: at("192.0.2.1:8080")}, {Proto: flows.TCP, At: at("[2001:db8::1]:8080")},
		}},
		{"of both families", flows.PortMapping{Proto: flows.TCP, HostPort: 8080, Port: 80}, []netip.Addr{four, six}, []hostport.Mapping{
			{Proto: flows.TCP, At: at("127.0.0.1:8080"), To: at("10.1.0.2:80")}, {Proto: flows.TCP, At: at("192.0.2.1:8080"), To: at("10.1.0.2:80")},
			{Proto: flows.TCP, At: at("[2001:db8::1]:8080"), To: at("[fd00:1::2]:80")},
		}},
		{"a range at an address, of one family", flows.PortMapping{Proto: flows.UDP, HostAddr: addr("2001:db8::1"), HostPort: 65534, HostPortEnd: 65535, Port: 53}, []netip.Addr{four}, []hostport.Mapping{
			{Proto: flows.UDP, At: at("[2001:db8::1]:65534"), To: at("10.1.0.2:53")}, {Proto: flows.UDP, At: at("[2001:db8::1]:65535"), To: at("10.1.0.2:54")},
		}},
		{"at a loopback address", flows.PortMapping{Proto: flows.TCP, HostAddr: addr("127.0.0.9"), HostPort: 8080, Port: 80}, []netip.Addr{four}, []hostport.Mapping{
			{Proto: flows.TCP, At: at("127.0.0.9:8080"), To: at("10.1.0.2:80")},
		}},
		{"at a spare address", flows.PortMapping{Proto: flows.TCP, HostAddr: addr("192.0.2.50"), HostPort: 8080, Port: 80}, []netip.Addr{four}, nil},
		{"of a routed network", flows.PortMapping{Proto: flows.TCP, Port: 80}, []netip.Addr{four}, nil},
		{"sctp", flows.PortMapping{Proto: flows.SCTP, HostAddr: addr("192.0.2.1"), HostPort: 99, Port: 99}, []netip.Addr{four}, []hostport.Mapping{
			{Proto: flows.SCTP, At: at("192.0.2.1:99")},
		}},
	} {
		if got := hostport.Mappings([]flows.PortMapping{test.published}, own, test.endpoint); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

func TestSetRefuses(t *testing.T) {
	h := newHost(t)
	p := h.open(h.ctx, hostport.Options{})
	a := netip.MustParseAddr("127.0.0.1")
	at := h.free(flows.TCP, a)
	good := hostport.Mapping{Proto: flows.TCP, At: at}
	h.mustSet(p, "web", good)
	parse := netip.MustParseAddrPort
	for name, test := range map[string]struct {
		mappings []hostport.Mapping
		want     error
	}{
		"of another":  {[]hostport.Mapping{good}, hostport.ErrConflict},
		"mapped":      {[]hostport.Mapping{{Proto: flows.TCP, At: netip.AddrPortFrom(netip.AddrFrom16(a.As16()), at.Port())}}, hostport.ErrConflict},
		"twice":       {[]hostport.Mapping{{Proto: flows.UDP, At: at}, {Proto: flows.UDP, At: at}}, hostport.ErrInvalid},
		"icmp":        {[]hostport.Mapping{{Proto: 1, At: at}}, hostport.ErrInvalid},
		"empty":       {[]hostport.Mapping{{}}, hostport.ErrInvalid},
		"port 0":      {[]hostport.Mapping{{Proto: flows.TCP, At: parse("127.0.0.1:0")}}, hostport.ErrInvalid},
		"anywhere":    {[]hostport.Mapping{{Proto: flows.TCP, At: parse("0.0.0.0:80")}}, hostport.ErrInvalid},
		"link-local":  {[]hostport.Mapping{{Proto: flows.TCP, At: parse("[fe80::1%1]:80")}}, hostport.ErrInvalid},
		"to port 0":   {[]hostport.Mapping{{Proto: flows.UDP, At: at, To: parse("10.1.0.2:0")}}, hostport.ErrInvalid},
		"to itself":   {[]hostport.Mapping{{Proto: flows.UDP, At: at, To: at}}, hostport.ErrInvalid},
		"sctp":        {[]hostport.Mapping{{Proto: flows.SCTP, At: at, To: parse("10.1.0.2:80")}}, hostport.ErrInvalid},
		"not to have": {[]hostport.Mapping{{Proto: flows.TCP, At: parse("198.51.100.7:80")}}, syscall.EADDRNOTAVAIL},
	} {
		if err := p.Set("db", test.mappings); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
	if _, err := hostport.Open(h.ctx, hostport.Options{Streams: -1}); !errors.Is(err, hostport.ErrInvalid) {
		t.Errorf("a limit below zero: %v", err)
	}
	if _, err := hostport.Open(h.ctx, hostport.Options{Netns: "ovskit-none"}); err == nil {
		t.Error("a namespace that is not there is opened")
	}
}

// TestEnd ends ports with streams and clients under way, by Close and by the context.
func TestEnd(t *testing.T) {
	for _, way := range []string{"close", "context"} {
		t.Run(way, func(t *testing.T) {
			eachAddr(t, func(h *host, a netip.Addr) {
				ctx, cancel := context.WithCancel(h.ctx)
				defer cancel()
				p := h.open(ctx, hostport.Options{})
				l, to := h.endpoint(a)
				u, toUDP := h.endpointUDP(a)
				at, atUDP := h.free(flows.TCP, a), h.free(flows.UDP, a)
				h.mustSet(p, "web", hostport.Mapping{Proto: flows.TCP, At: at, To: to},
					hostport.Mapping{Proto: flows.UDP, At: atUDP, To: toUDP})
				client, server := h.connect(at, l)
				h.say(client, server, "hello")
				h.say(h.mustDial("udp", atUDP), u, "hello")
				if way == "context" {
					cancel()
				} else if err := p.Close(); err != nil {
					h.t.Fatal(err)
				}
				h.mustReset("the client", client)
				h.mustReset("the endpoint", server)
				if err := p.Close(); err != nil {
					h.t.Fatal(err)
				}
				if n := p.ClientCount(); n != 0 {
					h.t.Errorf("%d clients are left", n)
				}
				if err := p.Set("web", nil); !errors.Is(err, hostport.ErrClosed) {
					h.t.Errorf("Set when closed: %v", err)
				}
				for proto, at := range map[flows.Proto]netip.AddrPort{flows.TCP: at, flows.UDP: atUDP} {
					c, _, err := h.listen(proto, at)
					if err != nil {
						h.t.Fatal(err)
					}
					c.Close()
				}
			})
		})
	}
}
