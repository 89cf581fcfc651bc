// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import (
	"crypto/tls"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/clock"
	"github.com/ovskit/ovskit/fakeovs/internal/dbserver"
	"github.com/ovskit/ovskit/fakeovs/internal/ofswitch"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/fakeovs/internal/unixsock"
)

// Host is the machine that the switch runs on, as far as the switch sees it.
type Host interface {
	// HasDevice reports whether there is a network device that an interface of type "" or "system" can open.
	HasDevice(name string) bool
	// Deliver gets the frames that the switch sends to the interface of that name. No lock is held meanwhile.
	Deliver(name string, frame []byte)
}

// Options are the options of Start.
type Options struct {
	Database     *dbserver.Database // with the Open_vSwitch schema
	Disconnected bool               // the database cannot be reached until Connect
	Dir          string             // of sockets for controllers; "": there can be none
	// Listen makes the management socket of that name; nil makes it in Dir.
	Listen func(name string) (net.Listener, error)
	Host   Host
	// Failure says why the device of that name cannot be opened, "" if it can; nil is none that cannot. DevicesChanged tells
	// of a change.
	Failure func(name string) string
	// TLS is what connections to and from controllers are secured with; nil is nothing.
	TLS func() (server, client *tls.Config, err error)
	// DummySystem lets every interface of type "" or "system" be a dummy, as ovs-vswitchd --enable-dummy=override does.
	DummySystem bool
	Clock       *clock.Clock // nil is one of its own
	Logger      *slog.Logger // nil discards
}

// Daemon is a running switch.
type Daemon struct {
	o        Options
	log      *slog.Logger
	clock    *clock.Clock
	datapath *ofswitch.Datapath
	watch    *dbserver.Watch
	devices  chan struct{} // has an element when devices have come or gone
	timer    *clock.Timer  // runs tick when something is due
	stop     chan struct{}
	done     chan struct{}

	// working is held during a round and guards what follows.
	working   sync.Mutex
	connected bool // the database can be reached
	held      bool // by Hold
	closing   bool
	config    *config              // as of the last round
	lock      *dbserver.Lock       // nil while the database cannot be reached
	disabled  bool                 // another one has the lock
	dummies   int                  // how many dummies were ever opened
	datapaths map[string]*datapath // by type
	tunnels   map[string]bool      // by port.identity
	// timeouts are those of the zones of tracked connections that have some.
	timeouts  map[uint16]map[string]uint32
	installed bool // the database was told what is installed
	stats     statsTimer
	holding   bool      // flows are being restored: nothing is forwarded, and nobody connected to
	next      time.Time // when something is due, but for statistics; zero: nothing

	// mu guards what Input, Bridge and their like look at while the daemon works. Only a round, or the daemon's goroutine
	// at its end, changes it. It is never held across I/O.
	mu      sync.Mutex
	bridges map[string]*bridge
}

// Start starts a switch with empty flow tables. When it returns, what was in the database has been set up, unless it is
// disconnected.
func Start(o Options) *Daemon {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = clock.New()
	}
	d := &Daemon{
		o: o, log: o.Logger, clock: o.Clock,
		datapath:  ofswitch.NewDatapath(pipeline.DatapathOptions{Now: o.Clock.Now, Logger: o.Logger}),
		datapaths: map[string]*datapath{}, tunnels: map[string]bool{},
		watch:   o.Database.Watch(watchedTables...),
		devices: make(chan struct{}, 1),
		stop:    make(chan struct{}),
		done:    make(chan struct{}),
		bridges: map[string]*bridge{},
		holding: true,
	}
	if o.Listen == nil {
		d.o.Listen = func(name string) (net.Listener, error) { return unixsock.Listen(filepath.Join(o.Dir, name)) }
	}
	d.timer = d.clock.AfterFunc(tickInterval, d.due)
	if !o.Disconnected {
		d.Connect()
	}
	go d.run()
	return d
}

// Disconnect takes the database away. When it returns, the database is not read or written any more: the switch goes on
// as it is until Connect.
func (d *Daemon) Disconnect() {
	d.working.Lock()
	defer d.working.Unlock()
	d.connected = false
	d.release()
}

// Connect gives the database back. When it returns, the switch is as the database wants it, which has been told so.
func (d *Daemon) Connect() {
	d.working.Lock()
	defer d.working.Unlock()
	d.connected = true
	d.claim()
	if d.held || !d.owns() {
		return
	}
	d.round()
	d.tick()
	d.setTimer()
}

// Hold lets the switch be slow: when it returns, the database is not read or written, until Hold(false), which returns
// when the switch has made up for it.
func (d *Daemon) Hold(hold bool) {
	d.working.Lock()
	defer d.working.Unlock()
	d.held = hold
	if !hold && d.connected && d.owns() {
		d.round()
		d.tick()
		d.setTimer()
	}
}

// failure is why a device cannot be opened.
func (d *Daemon) failure(name string) string {
	if d.o.Failure == nil {
		return ""
	}
	return d.o.Failure(name)
}

// Close stops the switch: its connections are cut, its sockets removed. The database stays as it is.
func (d *Daemon) Close() {
	d.working.Lock()
	d.connected, d.closing = false, true // so that the timer does nothing any more, should it run just now
	d.timer.Stop()
	d.working.Unlock()
	close(d.stop)
	<-d.done
}

func (d *Daemon) run() {
	defer close(d.done)
	defer d.watch.Close()
	defer func() {
		d.working.Lock()
		defer d.working.Unlock()
		for _, b := range d.sortedBridges() {
			d.deleteBridge(b)
		}
		d.release()
	}()
	for {
		changed := configChanged
		select {
		case <-d.stop:
			return
		case _, ok := <-d.watch.C():
			if !ok {
				return
			}
		case <-d.devices:
			changed = devicesChanged
		}
		d.follow(changed)
	}
}

// change is what may have changed since the last round.
type change int

const (
	nothingChanged change = iota
	configChanged         // the database
	devicesChanged
)

// follow does a round, if something has changed, and what is due by the clock. If the database cannot be reached, the
// round when it can again makes up for it.
func (d *Daemon) follow(changed change) {
	d.working.Lock()
	defer d.working.Unlock()
	if !d.connected || d.held || !d.owns() {
		return
	}
	if changed == configChanged && d.config != nil && !alerts(d.config.tables, d.o.Database.Snapshot(watchedTables...)) {
		changed = nothingChanged
	}
	if changed != nothingChanged {
		d.round()
	}
	d.tick()
	d.setTimer()
}

// DevicesChanged tells the daemon that the host has got or lost a device.
func (d *Daemon) DevicesChanged() {
	select {
	case d.devices <- struct{}{}:
	default:
	}
}

// Bridge returns the switch of a bridge.
func (d *Daemon) Bridge(name string) (*ofswitch.Switch, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	b := d.bridges[name]
	if b == nil {
		return nil, false
	}
	return b.sw, true
}

// Port returns the number of a bridge's port by the name of its interface.
func (d *Daemon) Port(bridge, name string) (uint32, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if b := d.bridges[bridge]; b != nil && b.ports[name] != nil {
		return b.ports[name].no, true
	}
	return 0, false
}

// HasPort reports whether a bridge has a port with that number.
func (d *Daemon) HasPort(bridge string, no uint32) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	b := d.bridges[bridge]
	return b != nil && b.portByNumber(no) != nil
}

// find returns the open interface of a name and its bridge.
func (d *Daemon) find(name string) (*bridge, *port) {
	for _, b := range d.bridges {
		if p := b.ports[name]; p != nil {
			return b, p
		}
	}
	return nil, nil
}
