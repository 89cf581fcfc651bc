// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package hostport_test

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/flows/hostport"
)

// hear reads what the endpoint gets, and from where.
func hear(t *testing.T, c *net.UDPConn, want string) netip.AddrPort {
	t.Helper()
	buf := make([]byte, 100)
	n, from, err := c.ReadFromUDPAddrPort(buf)
	if err != nil || string(buf[:n]) != want {
		t.Fatalf("the endpoint gets %q, %v, want %q", buf[:n], err, want)
	}
	return from
}

// TestDatagrams gives each client the answers that are for it.
func TestDatagrams(t *testing.T) {
	eachAddr(t, func(h *host, a netip.Addr) {
		p := h.open(h.ctx, hostport.Options{})
		endpoint, to := h.endpointUDP(a)
		at := h.free(flows.UDP, a)
		// What was sent to a port that is only reserved does not turn up later.
		h.mustSet(p, "web", hostport.Mapping{Proto: flows.UDP, At: at})
		first, second := h.mustDial("udp", at), h.mustDial("udp", at)
		first.Write([]byte("too early"))
		h.mustSet(p, "web", hostport.Mapping{Proto: flows.UDP, At: at, To: to})

		first.Write([]byte("first"))
		fromFirst := hear(h.t, endpoint, "first")
		second.Write([]byte("second"))
		fromSecond := hear(h.t, endpoint, "second")
		endpoint.WriteToUDPAddrPort([]byte("to the second"), fromSecond)
		endpoint.WriteToUDPAddrPort([]byte("to the first"), fromFirst)
		for want, c := range map[string]net.Conn{"to the first": first, "to the second": second} {
			buf := make([]byte, 100)
			if n, err := c.Read(buf); err != nil || string(buf[:n]) != want {
				h.t.Errorf("got %q, %v, want %q", buf[:n], err, want)
			}
		}
		first.Write(nil)
		if again := hear(h.t, endpoint, ""); again != fromFirst {
			h.t.Errorf("the first client is seen as %s and then as %s", fromFirst, again)
		}
		large := string(randomBytes(60000))
		h.say(first, endpoint, large)
	})
}

// TestDatagramLimit forgets the client that has been silent for longest.
func TestDatagramLimit(t *testing.T) {
	h := newHost(t)
	a := netip.MustParseAddr("127.0.0.1")
	p := h.open(h.ctx, hostport.Options{Clients: 2})
	endpoint, to := h.endpointUDP(a)
	at := h.free(flows.UDP, a)
	h.mustSet(p, "web", hostport.Mapping{Proto: flows.UDP, At: at, To: to})
	from := map[string]netip.AddrPort{}
	conns := map[string]net.Conn{}
	for _, name := range []string{"first", "second", "first", "third"} {
		if conns[name] == nil {
			conns[name] = h.mustDial("udp", at)
		}
		conns[name].Write([]byte(name))
		from[name] = hear(t, endpoint, name)
	}
	if n := p.ClientCount(); n != 2 {
		t.Errorf("there are %d clients, want 2", n)
	}
	for _, name := range []string{"first", "third"} {
		endpoint.WriteToUDPAddrPort([]byte(name), from[name])
		buf := make([]byte, 10)
		if n, err := conns[name].Read(buf); err != nil || string(buf[:n]) != name {
			t.Errorf("the %s gets %q, %v", name, buf[:n], err)
		}
	}
}

// TestDatagramIdle forgets clients that are silent.
func TestDatagramIdle(t *testing.T) {
	h := newHost(t)
	a := netip.MustParseAddr("127.0.0.1")
	p := h.open(h.ctx, hostport.Options{ClientIdle: time.Millisecond})
	endpoint, to := h.endpointUDP(a)
	at := h.free(flows.UDP, a)
	h.mustSet(p, "web", hostport.Mapping{Proto: flows.UDP, At: at, To: to})
	client := h.mustDial("udp", at)
	for _, text := range []string{"once", "again"} {
		client.Write([]byte(text))
		hear(t, endpoint, text)
		for tick := time.NewTicker(time.Millisecond); p.ClientCount() != 0; {
			select {
			case <-tick.C:
			case <-h.ctx.Done():
				t.Fatal("a silent client is not forgotten")
			}
		}
	}
}

// TestDatagramsToNobody goes on when the endpoint listens only later.
func TestDatagramsToNobody(t *testing.T) {
	eachAddr(t, func(h *host, a netip.Addr) {
		p := h.open(h.ctx, hostport.Options{})
		at, to := h.free(flows.UDP, a), h.free(flows.UDP, a)
		h.mustSet(p, "web", hostport.Mapping{Proto: flows.UDP, At: at, To: to})
		client := h.mustDial("udp", at)
		client.Write([]byte("too early"))
		client.Write([]byte("too early"))
		for tick := time.NewTicker(time.Millisecond); p.ClientCount() != 1; {
			select {
			case <-tick.C:
			case <-h.ctx.Done():
				h.t.Fatal("there is no client")
			}
		}
		c, _, err := h.listen(flows.UDP, to)
		if err != nil {
			h.t.Fatal(err)
		}
		defer c.Close()
		endpoint := c.(*net.UDPConn)
		h.limit(endpoint)
		client.Write([]byte("hello"))
		buf := make([]byte, 100)
		for string(buf[:5]) != "hello" { // the others may have been under way still
			if _, _, err := endpoint.ReadFromUDPAddrPort(buf); err != nil {
				h.t.Fatal(err)
			}
		}
	})
}
