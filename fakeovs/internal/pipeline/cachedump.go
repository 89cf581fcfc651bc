// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/datapath"
	"github.com/ovskit/ovskit/fakeovs/internal/flowtext"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// CachedFlow is a flow of the datapath.
type CachedFlow struct {
	// Bridge is the one that the packets come in to.
	Bridge string
	// Key is the packet that the flow was made for, and Mask which of its bits count. The in_port is that of the datapath.
	Key, Mask packet.Key
	// Packets and Bytes are what came after that packet, the last of it Idle ago.
	Packets, Bytes uint64
	Idle           time.Duration

	actions  []datapath.Action
	slow     slowReason
	tcpFlags uint16
	vlans    int
}

// CachedFlows are the flows that Open vSwitch would have in the datapath now, in the order of their coming.
func (d *Datapath) CachedFlows() []CachedFlow {
	d.tables.Lock()
	defer d.tables.Unlock()
	now := d.now()
	type entry struct {
		*cachedFlow
		mask packet.Key
	}
	var kept []entry
	d.cache.keep(func(f *cachedFlow, mask *packet.Key) bool {
		if f.s.now != now {
			f.s.pass(now)
		}
		if f.idle(now) || !f.revalidate(d, mask) {
			return false
		}
		kept = append(kept, entry{f, *mask})
		return true
	})
	slices.SortFunc(kept, func(a, b entry) int { return cmp.Compare(a.serial, b.serial) })
	list := make([]CachedFlow, len(kept))
	for i, f := range kept {
		c := CachedFlow{
			Bridge: f.s.name, Key: f.key, Mask: f.mask, Packets: f.packets, Bytes: f.bytes,
			actions: f.actions, slow: f.slow, tcpFlags: f.tcpFlags, vlans: d.VLANLimit(),
		}
		if f.packets > 0 {
			c.Idle = now.Sub(f.used)
		}
		c.Key.SetUint(openflow.FieldInPort, uint64(f.s.ports[uint32(f.key.Uint(openflow.FieldInPort))].Datapath))
		list[i] = c
	}
	return list
}

// PurgeCache removes all flows from the datapath.
func (d *Datapath) PurgeCache() {
	d.tables.Lock()
	defer d.tables.Unlock()
	d.cache.keep(func(*cachedFlow, *packet.Key) bool { return false })
	clear(d.recirculations.known) // with its last flow an ID goes
}

// SetMegaflows says whether new flows leave out what does not matter.
func (d *Datapath) SetMegaflows(enabled bool) {
	d.tables.Lock()
	defer d.tables.Unlock()
	d.cache.exact = !enabled
	d.cache.keep(func(*cachedFlow, *packet.Key) bool { return false })
}

// Lookups are how many packets that came in to the bridge were found in the datapath, and how many were not. One that comes
// back counts each time.
func (s *Bridge) Lookups() (hits, misses uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hits, s.misses
}

// UFID is what the datapath knows the flow by.
func (f *CachedFlow) UFID() string {
	h := sha256.New()
	key := f.Key
	key.And(&f.Mask)
	_ = binary.Write(h, binary.BigEndian, key[:])
	_ = binary.Write(h, binary.BigEndian, f.Mask[:])
	b := h.Sum(nil)
	return fmt.Sprintf("ufid:%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// Match is the packets of the flow in the words of dpctl/dump-flows; with -m if it is verbose. The function gives ports
// their names; nil has their numbers.
func (f *CachedFlow) Match(verbose bool, port func(uint32) string) string {
	return flowtext.ODP{Verbose: verbose, Port: port, VLANs: f.vlans}.Format(&f.Key, &f.Mask)
}

// Stats are the flow's counters in the words of dpctl/dump-flows.
func (f *CachedFlow) Stats() string {
	var b strings.Builder
	fmt.Fprintf(&b, "packets:%d, bytes:%d, used:", f.Packets, f.Bytes)
	if f.Packets == 0 {
		b.WriteString("never")
	} else {
		fmt.Fprintf(&b, "%.3fs", float64(f.Idle.Milliseconds())/1000)
	}
	if f.tcpFlags != 0 {
		b.WriteString(", flags:")
		for _, flag := range tcpFlagLetters {
			if f.tcpFlags&flag.bit != 0 {
				b.WriteString(flag.letter)
			}
		}
	}
	return b.String()
}

var tcpFlagLetters = []struct {
	bit    uint16
	letter string
}{
	{0x002, "S"}, {0x001, "F"}, {0x008, "P"}, {0x004, "R"}, {0x020, "U"}, {0x010, "."}, {0x040, "E"}, {0x080, "C"},
	{0x100, "N"}, {0x200, "[200]"}, {0x400, "[400]"}, {0x800, "[800]"},
}

// Actions are what is done with the packets in the words of dpctl/dump-flows.
func (f *CachedFlow) Actions(port func(uint32) string) string {
	if f.slow != 0 {
		return "userspace(pid=0,slow_path(action))"
	}
	return datapath.Text(f.actions, port)
}
