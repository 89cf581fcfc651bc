// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/fakeovs/internal/unixsock"
)

// Options are the options of a new Switch.
type Options struct {
	// Name is the bridge's name.
	Name string
	// DatapathID is what the switch answers to a features request.
	DatapathID uint64
	// Versions has the bit 1<<v for each version v of OpenFlow that controllers may speak. 0 is all that there are.
	Versions uint32
	// PortChanged is called when a port has changed, if it is not nil. The switch is not locked.
	PortChanged func(port uint32)
	// Held is called when a packet for a controller has to wait, so that Release is called, if it is not nil. It is called with
	// the switch locked.
	Held func()
	// Logger overrides the datapath's.
	Logger *slog.Logger
}

// Switch is one bridge, and the OpenFlow connections that program it.
type Switch struct {
	*pipeline.Bridge
	dp          *Datapath
	portChanged func(port uint32)
	held        func()
	name        string
	datapathID  atomic.Uint64
	log         *slog.Logger

	// monitoring is what flow monitors of all connections share. It belongs to whoever has locked the bridge.
	monitoring monitoring

	// connMu guards the OpenFlow connections and what follows here. It is locked after the bridge, and before a connection.
	connMu sync.Mutex
	conns  map[*conn]struct{}
	// connSerial is that of the last connection.
	connSerial uint64
	closed     bool
	// running are the goroutines of the connections.
	running sync.WaitGroup
	// versions are those that new connections may speak.
	versions uint32
	// generation is the last one a controller claimed a role with.
	generation    uint64
	hasGeneration bool
	desc          Description
}

// NewSwitch makes a bridge without ports and flows.
func (d *Datapath) NewSwitch(o Options) *Switch {
	if o.Logger == nil {
		o.Logger = d.log
	}
	s := &Switch{
		dp:          d,
		portChanged: o.PortChanged,
		held:        o.Held,
		name:        o.Name,
		log:         o.Logger.With("bridge", o.Name),
		conns:       make(map[*conn]struct{}),
	}
	s.Bridge = d.NewBridge(pipeline.BridgeOptions{Name: o.Name, Controllers: controllers{s}, Logger: o.Logger})
	s.datapathID.Store(o.DatapathID)
	s.SetVersions(o.Versions)
	return s
}

// Datapath returns what the switch shares with others.
func (s *Switch) Datapath() *Datapath { return s.dp }

// Serve accepts OpenFlow connections until l is closed, and returns nil then. It may be called for several listeners. Peers
// that are silent for a minute are sent an echo request.
func (s *Switch) Serve(l net.Listener) error {
	return s.ServeOn(l, func() Terms { return Terms{Probe: serviceProbe} })
}

// ServeOn is Serve on other terms, for which every new connection asks.
func (s *Switch) ServeOn(l net.Listener, terms func() Terms) error {
	if err := unixsock.Serve(l, func(nc net.Conn) { s.start(nc, true, terms()) }); err != nil {
		return fmt.Errorf("switch %s: accept a connection: %w", s.name, err)
	}
	return nil
}

// ServeConn serves an OpenFlow connection in the background, as Serve does those that it accepts.
func (s *Switch) ServeConn(nc net.Conn) { s.start(nc, true, Terms{Probe: serviceProbe}) }

// Close closes the OpenFlow connections and waits for their goroutines. Listeners are closed by their owner, before.
// It must not be called from a Receive function.
func (s *Switch) Close() error {
	s.connMu.Lock()
	s.closed = true
	for c := range s.conns {
		c.close()
	}
	s.connMu.Unlock()
	s.running.Wait()
	s.Bridge.Close()
	return nil
}

// Expire lets time pass: flows and bundles whose time is over are removed, and the controllers told. Whatever else is
// done with the switch does that too. Peers that have been silent for long are probed.
func (s *Switch) Expire() {
	s.Begin()
	now := s.Now()
	s.End()
	s.connMu.Lock()
	conns := s.sortedConns()
	s.connMu.Unlock()
	for _, c := range conns {
		c.expireBundles(now)
		c.sound(now)
	}
	s.Release()
	s.RunBonds()
}

// sortedConns are the connections in the order in which they were made.
func (s *Switch) sortedConns() []*conn {
	conns := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	slices.SortFunc(conns, func(a, b *conn) int { return int(a.serial) - int(b.serial) })
	return conns
}
