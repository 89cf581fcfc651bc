// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package hostport_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/flows/hostport"
	"github.com/ovskit/ovskit/internal/netns"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// host is a network stack with ports: a namespace of its own, or without the right to make one that of the process.
type host struct {
	t     *testing.T
	ctx   context.Context
	netns string
	ns    *netns.NS
}

func newHost(t *testing.T) *host {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	h := &host{t: t, ctx: ctx}
	if os.Geteuid() == 0 {
		h.ns = newNamespace(t, "host")
		h.netns = h.ns.Path()
	}
	return h
}

// newNamespace makes a namespace whose loopback device is up.
func newNamespace(t *testing.T, suffix string) *netns.NS {
	t.Helper()
	ns, err := netns.New(fmt.Sprintf("ovskit-hostport-%d-%s", os.Getpid(), suffix))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ns.Delete(); err != nil {
			t.Error(err)
		}
	})
	links, err := ns.Netlink()
	if err != nil {
		t.Fatal(err)
	}
	defer links.Close()
	lo, err := links.LinkByName("lo")
	if err == nil {
		err = links.LinkSetUp(lo)
	}
	if err != nil {
		t.Fatal(err)
	}
	return ns
}

// open opens ports on the host until the test ends.
func (h *host) open(ctx context.Context, o hostport.Options) *hostport.Ports {
	h.t.Helper()
	o.Netns = h.netns
	p, err := hostport.Open(ctx, o)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { p.Close() })
	return p
}

func (h *host) do(fn func() error) error {
	if h.ns == nil {
		return fn()
	}
	return h.ns.Do(fn)
}

// free is a port of an address that nobody has, of a protocol.
func (h *host) free(proto flows.Proto, a netip.Addr) netip.AddrPort {
	h.t.Helper()
	c, at, err := h.listen(proto, netip.AddrPortFrom(a, 0))
	if err != nil {
		h.t.Fatal(err)
	}
	c.Close()
	return at
}

// listen listens as a program of the host does.
func (h *host) listen(proto flows.Proto, at netip.AddrPort) (c io.Closer, _ netip.AddrPort, err error) {
	var local net.Addr
	err = h.do(func() error {
		if proto == flows.UDP {
			pc, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
			if err == nil {
				c, local = pc, pc.LocalAddr()
			}
			return err
		}
		l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(at))
		if err == nil {
			c, local = l, l.Addr()
		}
		return err
	})
	if err != nil {
		return nil, at, err
	}
	return c, netip.MustParseAddrPort(local.String()), nil
}

// endpoint listens at a new port, until the test ends.
func (h *host) endpoint(a netip.Addr) (*net.TCPListener, netip.AddrPort) {
	h.t.Helper()
	c, at, err := h.listen(flows.TCP, netip.AddrPortFrom(a, 0))
	if err != nil {
		h.t.Fatal(err)
	}
	l := c.(*net.TCPListener)
	h.t.Cleanup(func() { l.Close() })
	return l, at
}

// endpointUDP is endpoint for UDP.
func (h *host) endpointUDP(a netip.Addr) (*net.UDPConn, netip.AddrPort) {
	h.t.Helper()
	c, at, err := h.listen(flows.UDP, netip.AddrPortFrom(a, 0))
	if err != nil {
		h.t.Fatal(err)
	}
	pc := c.(*net.UDPConn)
	h.t.Cleanup(func() { pc.Close() })
	h.limit(pc)
	return pc, at
}

// dial connects as a program of the host does.
func (h *host) dial(network string, at netip.AddrPort) (c net.Conn, err error) {
	err = h.do(func() (err error) {
		c, err = new(net.Dialer).DialContext(h.ctx, network, at.String())
		return err
	})
	if err == nil {
		h.t.Cleanup(func() { c.Close() })
		h.limit(c)
	}
	return c, err
}

func (h *host) mustDial(network string, at netip.AddrPort) net.Conn {
	h.t.Helper()
	c, err := h.dial(network, at)
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

// limit has what waits on a connection end with the test's time.
func (h *host) limit(c interface{ SetDeadline(time.Time) error }) {
	deadline, _ := h.ctx.Deadline()
	c.SetDeadline(deadline)
}

// connect makes a stream by way of a port; both ends are returned.
func (h *host) connect(at netip.AddrPort, endpoint *net.TCPListener) (client, server *net.TCPConn) {
	h.t.Helper()
	c := h.mustDial("tcp", at)
	h.limit(endpoint)
	s, err := endpoint.AcceptTCP()
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { s.Close() })
	h.limit(s)
	return c.(*net.TCPConn), s
}

// mustReset waits for a connection to be reset.
func (h *host) mustReset(who string, c net.Conn) {
	h.t.Helper()
	n, err := c.Read(make([]byte, 1))
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, io.EOF) {
		h.t.Errorf("%s reads %d bytes and %v, want a reset", who, n, err)
	}
}

// mustTurnAway connects and is reset, perhaps before it has noticed that it is connected.
func (h *host) mustTurnAway(who string, at netip.AddrPort) {
	h.t.Helper()
	c, err := h.dial("tcp", at)
	switch {
	case err == nil:
		h.mustReset(who, c)
	case !errors.Is(err, syscall.ECONNRESET):
		h.t.Errorf("%s gets %v, want a reset", who, err)
	}
}

// say sends on one connection what is to be read on the other.
func (h *host) say(from io.Writer, to io.Reader, what string) {
	h.t.Helper()
	if _, err := io.WriteString(from, what); err != nil {
		h.t.Fatal(err)
	}
	got := make([]byte, len(what))
	if _, err := io.ReadFull(to, got); err != nil || string(got) != what {
		h.t.Fatalf("got %q, %v, want %q", got, err, what)
	}
}

func (h *host) mustSet(p *hostport.Ports, endpoint string, mappings ...hostport.Mapping) {
	h.t.Helper()
	if err := p.Set(endpoint, mappings); err != nil {
		h.t.Fatal(err)
	}
}

// eachAddr runs a test for each loopback address.
func eachAddr(t *testing.T, test func(h *host, a netip.Addr)) {
	for _, a := range []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.IPv6Loopback()} {
		t.Run(a.String(), func(t *testing.T) {
			h := newHost(t)
			if h.ns == nil && a.Is6() {
				t.Skip("the process's namespace may have no IPv6")
			}
			test(h, a)
		})
	}
}
