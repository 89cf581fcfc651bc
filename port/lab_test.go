// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
)

// A lab is a node with a bridge br0.
type lab struct {
	*node.Node
	db    *vswitch.DB
	ports *port.Manager
}

func newLab(t *testing.T, mode bridge.FailMode) *lab {
	t.Helper()
	n := nodetest.New(t)
	l := &lab{Node: n, db: switchtest.Dial(t, n.OVS().DatabaseEndpoint())}
	_, err := bridge.Ensure(testContext(t), l.db, bridge.Config{
		Name: "br0", Datapath: nodetest.Datapath(), FailMode: mode, SwitchNetns: n.Host().Path(),
	})
	if err != nil {
		t.Fatal(err)
	}
	l.ports = l.manager(t, port.Options{})
	return l
}

// manager opens another manager of the node's ports.
func (l *lab) manager(t testing.TB, o port.Options) *port.Manager {
	t.Helper()
	o.SwitchNetns = l.Host().Path()
	m, err := port.Open(l.db, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// config is that of a veth port into a new namespace.
func (l *lab) config(t *testing.T, endpoint, addr string) (port.Config, *netns.NS) {
	t.Helper()
	ns := nodetest.Endpoint(t, l.Node, endpoint)
	return port.Config{
		Bridge: "br0", Name: endpoint, Netns: ns.Path(), Addrs: []netip.Prefix{netip.MustParsePrefix(addr)},
	}, ns
}

func (l *lab) attach(t *testing.T, c port.Config) *port.Port {
	t.Helper()
	return attach(t, l.ports, c)
}

func (l *lab) detach(t *testing.T, name string) {
	t.Helper()
	detach(t, l.ports, name)
}

// links lists the devices of a namespace.
func links(t *testing.T, ns *netns.NS) (names []string) {
	t.Helper()
	h := nodetest.Netlink(t, ns)
	defer h.Close()
	all, err := h.LinkList()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range all {
		names = append(names, l.Attrs().Name)
	}
	slices.Sort(names)
	return names
}

// ping sends echo requests until one is answered.
func ping(t *testing.T, from *netns.NS, to string, seconds string, options ...string) error {
	t.Helper()
	out, err := nodetest.Try(t, from, "ping "+strings.Join(append(options, "-c1", "-w"+seconds, "-i0.2", to), " "))
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// transfer sends data over TCP between namespaces and returns what came.
func transfer(t *testing.T, from, to *netns.NS, addr string, data []byte) ([]byte, error) {
	t.Helper()
	var listener net.Listener
	if err := to.Do(func() (err error) {
		listener, err = net.Listen("tcp", addr)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	sent := make(chan error, 1)
	var conn net.Conn
	if err := from.Do(func() (err error) {
		conn, err = net.DialTimeout("tcp", addr, 10*time.Second)
		return err
	}); err != nil {
		return nil, err
	}
	defer conn.Close()
	go func() {
		conn.SetDeadline(time.Now().Add(10 * time.Second))
		_, err := conn.Write(data)
		sent <- errors.Join(err, conn.(*net.TCPConn).CloseWrite())
	}()
	accepted, err := listener.Accept()
	if err != nil {
		return nil, err
	}
	defer accepted.Close()
	accepted.SetDeadline(time.Now().Add(10 * time.Second))
	got, err := io.ReadAll(accepted)
	return got, errors.Join(err, <-sent)
}

// udp opens a socket at an address of a namespace, and one in another namespace that
// sends there. The caller must close both.
func udp(t *testing.T, from, to *netns.NS, addr string) (sender net.Conn, listener net.PacketConn) {
	t.Helper()
	if err := to.Do(func() (err error) {
		listener, err = net.ListenPacket("udp4", addr)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := from.Do(func() (err error) {
		sender, err = net.Dial("udp4", addr)
		return err
	}); err != nil {
		listener.Close()
		t.Fatal(err)
	}
	return sender, listener
}

// expectUntouched fails unless only the bridge is there.
func (l *lab) expectUntouched(t *testing.T, hostLinks []string) {
	t.Helper()
	if got := links(t, l.Host()); !slices.Equal(got, hostLinks) {
		t.Errorf("devices of the host = %v, want %v", got, hostLinks)
	}
	if got := len(l.db.Ports()) + len(l.db.Interfaces()); got != 2 {
		t.Errorf("%d rows of ports and interfaces, want the 2 of the bridge's own port", got)
	}
}
