// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/conntrack"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// maxPending is how many frames may wait for delivery. A loop between two ports that copies frames is cut there, as a
// full transmit queue would.
const maxPending = 4096

// DatapathOptions are the options of NewDatapath. The zero value works.
type DatapathOptions struct {
	// Now is the clock of timeouts and durations; nil is time.Now.
	Now func() time.Time
	// Logger says what the bridges of this datapath do; nil discards it.
	Logger *slog.Logger
	// Memory is how many bytes flows, groups, meters, flow monitors and open bundles may take; 0 is what a million ordinary
	// flows need and some more.
	Memory int64
}

// Datapath is what the bridges of one switch process share.
type Datapath struct {
	now   func() time.Time
	log   *slog.Logger
	conns *conntrack.Tracker
	held  atomic.Bool
	// vlans is how many VLAN tags of a packet are looked at.
	vlans atomic.Int32
	// memory is what controllers may take of it.
	memory *Budget

	// tables guards the bridges and what follows on it here.
	tables         sync.Mutex
	ports          map[*Port]struct{}
	recirculations recirculations
	pauses         pauses
	cache          cache
	drops          map[string]uint64 // by the names of the events
	meters         map[uint32]*meter // by their numbers in the datapath
	// spare are translations that are over, of which at most as many were ever under way at once.
	spare []*translation

	mu         sync.Mutex
	pending    []delivery
	delivering bool
}

// NewDatapath makes a datapath without bridges.
func NewDatapath(o DatapathOptions) *Datapath {
	d := &Datapath{
		now: o.Now, log: o.Logger, ports: make(map[*Port]struct{}), recirculations: newRecirculations(),
		pauses: newPauses(), meters: make(map[uint32]*meter), memory: newBudget(o.Memory), drops: newDrops(),
	}
	if d.now == nil {
		d.now = time.Now
	}
	d.now = milliseconds(d.now)
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	d.conns = conntrack.New(d.now, 0)
	d.vlans.Store(1)
	return d
}

// Now is the time by the datapath's clock.
func (d *Datapath) Now() time.Time { return d.now() }

// Hold lets frames that come in be dropped by the ports, as while flows are being restored; a packet-out goes on its way.
func (d *Datapath) Hold(hold bool) { d.held.Store(hold) }

// SetVLANLimit sets how many VLAN tags of a packet are looked at (ovs-vswitchd.conf.db(5), "vlan-limit"): less than 1 is as
// many as can be.
func (d *Datapath) SetVLANLimit(n int) {
	if n < 1 || n > packet.MaxVLANs {
		n = packet.MaxVLANs
	}
	if d.vlans.Swap(int32(n)) != int32(n) {
		d.PurgeCache()
	}
}

// VLANLimit is how many VLAN tags of a packet are looked at.
func (d *Datapath) VLANLimit() int { return int(d.vlans.Load()) }

// parse takes a frame, which is the packet's from then on.
func (d *Datapath) parse(frame []byte) *packet.Packet {
	p := new(packet.Packet)
	p.Init(frame, openflow.PacketEthernet, d.VLANLimit())
	return p
}

// delivery is a frame on its way out of a port.
type delivery struct {
	receive func(frame []byte)
	frame   []byte
}

// deliver hands frames to their receivers. A receiver may send frames in turn: those are queued and handed over by
// the delivery that is under way, so the stack does not grow with the number of hops.
func (d *Datapath) deliver(frames []delivery) {
	d.mu.Lock()
	if room := maxPending - len(d.pending); len(frames) > room {
		d.log.Warn("delivery queue is full, frames dropped", "frames", len(frames)-room)
		frames = frames[:room]
	}
	d.pending = append(d.pending, frames...)
	if d.delivering {
		d.mu.Unlock()
		return
	}
	d.delivering = true
	defer func() {
		d.delivering = false
		d.mu.Unlock()
	}()
	for len(d.pending) > 0 {
		batch := d.pending
		d.pending = nil
		d.handOver(batch)
	}
}

// handOver calls the receivers with mu unlocked. One may end its goroutine, as testing.T.FailNow does.
func (d *Datapath) handOver(batch []delivery) {
	d.mu.Unlock()
	defer d.mu.Lock()
	for _, f := range batch {
		f.receive(f.frame)
	}
}

// Tracker returns the connections of all bridges.
func (d *Datapath) Tracker() *conntrack.Tracker { return d.conns }

// milliseconds is a clock that shows whole milliseconds of another one, since now.
func milliseconds(now func() time.Time) func() time.Time {
	start := now()
	return func() time.Time { return start.Add(now().Sub(start).Truncate(time.Millisecond)) }
}
