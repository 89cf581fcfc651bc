// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
)

// BridgeOptions are the options of a new Bridge.
type BridgeOptions struct {
	// Name is the bridge's name.
	Name string
	// Controllers are told what happens on the bridge; nil if there are none.
	Controllers Controllers
	// Logger overrides the datapath's.
	Logger *slog.Logger
}

// Bridge is one bridge, as packets and flow mods see it.
type Bridge struct {
	dp          *Datapath
	name        string
	log         *slog.Logger
	controllers Controllers

	// mu guards everything that packets and flow mods see. The bridges of a datapath share it, since packets cross from one
	// to another.
	mu    *sync.Mutex
	flows flowTables
	ports map[uint32]*Port
	// portNos are the port numbers in order; ordered are the ports in the order of their coming.
	portNos []uint32
	ordered []*Port
	macs    *macTable
	// groups are the members of multicast groups; nil where they are not heeded.
	groups *memberTable
	// links are what NORMAL sends packets to, in the order in which they came.
	links     []*link
	linkNames map[string]*link
	mirrors   [maxMirrors]*mirror
	// hits and misses are the look-ups in the datapath for packets that came in here.
	hits, misses uint64
	// failOpen is the flow of a switch whose controllers cannot be reached; nil where they can, or do not matter.
	failOpen *Flow
	// internal are flows of the switch itself.
	internal internalFlows
	// mirroring says that there are mirrors.
	mirroring bool
	// limits are the features of the datapath that translations are kept from, to some amount.
	limits      map[Feature]int
	forwardBPDU bool
	// frags is how fragments are handled, as in a SwitchConfig.
	frags uint16
	// now is the time of the operation that holds mu.
	now time.Time
}

// NewBridge makes a bridge without ports and flows.
func (d *Datapath) NewBridge(o BridgeOptions) *Bridge {
	if o.Logger == nil {
		o.Logger = d.log
	}
	if o.Controllers == nil {
		o.Controllers = nobody{}
	}
	s := &Bridge{
		dp:          d,
		mu:          &d.tables,
		name:        o.Name,
		log:         o.Logger.With("bridge", o.Name),
		controllers: o.Controllers,
		flows:       flowTables{seed: rand.Uint64() | 1, memory: d.memory},
		ports:       make(map[uint32]*Port),
		macs:        newMACTable(),
		linkNames:   make(map[string]*link),
	}
	s.flows.options.Store(new(packet.Options))
	s.addInternalFlows()
	return s
}

// Close takes what the bridge has in the datapath out of that.
func (s *Bridge) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dp.cache.keep(func(f *cachedFlow, _ *packet.Key) bool { return f.s != s })
	for _, m := range s.flows.meters {
		delete(s.dp.meters, m.number)
	}
	s.flows.discharge()
}

// Begin locks the bridge for an operation, and lets time pass for it.
func (s *Bridge) Begin() {
	s.mu.Lock()
	s.pass(s.dp.now())
}

// pass lets time pass. The bridge is locked.
func (s *Bridge) pass(now time.Time) {
	s.now = now
	gone := s.flows.expired(now)
	for i := range gone {
		s.finished(gone[i : i+1])
	}
}

// End unlocks the bridge.
func (s *Bridge) End() { s.mu.Unlock() }

// Now is the time of the operation. The bridge is locked.
func (s *Bridge) Now() time.Time { return s.now }
