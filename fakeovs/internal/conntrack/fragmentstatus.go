// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/ovskit/ovskit/openflow"
)

// FragmentSettings are those of reassembly for one version of IP.
type FragmentSettings struct {
	Enabled bool
	// MinSize is the least number of bytes from the network header on that a fragment has, unless it is the last.
	MinSize uint32
}

// FragmentCounts are how many fragments of one version of IP have met which fate.
type FragmentCounts struct {
	Accepted, Completed, Expired, TooSmall, Overlapped, Purged uint64
}

// SetFragmentsEnabled turns reassembly of IPv4 or IPv6 on or off (dpctl/ipf-set-enabled, ipf-set-disabled). Where it is
// off fragments are invalid.
func (t *Tracker) SetFragmentsEnabled(v6, enabled bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.frags.settings[familyOf(v6)].Enabled = enabled
}

// SetMinFragment sets the least size of fragments, at least 400 (dpctl/ipf-set-min-frag).
func (t *Tracker) SetMinFragment(v6 bool, size uint32) error {
	if size < minFragmentSize {
		return fmt.Errorf("minimum fragment size %d: it is less than %d", size, minFragmentSize)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.frags.settings[familyOf(v6)].MinSize = size
	return nil
}

// SetMaxFragments sets how many fragments may wait, at most 5000 (dpctl/ipf-set-max-nfrags).
func (t *Tracker) SetMaxFragments(n uint32) error {
	if n > maxHeldLimit {
		return fmt.Errorf("%d fragments: that is more than %d", n, maxHeldLimit)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.frags.max = n
	return nil
}

// FragmentStatus is what dpctl/ipf-get-status prints, if verbose with the packets that are being reassembled.
func (t *Tracker) FragmentStatus(verbose bool) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tick()
	r := &t.frags
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, "        "+format+"\n", args...) }
	line("Fragmentation Module Status")
	line("---------------------------")
	line("v4 enabled: %d", flag(r.settings[0].Enabled))
	line("v6 enabled: %d", flag(r.settings[1].Enabled))
	line("max num frags (v4/v6): %d", r.max)
	line("num frag: %d", r.held)
	for i, family := range [...]string{"v4", "v6"} {
		c := &r.counts[i]
		line("min %s frag size: %d", family, r.settings[i].MinSize)
		line("%s frags accepted: %d", family, c.Accepted)
		line("%s frags completed: %d", family, c.Completed)
		line("%s frags expired: %d", family, c.Expired)
		line("%s frags too small: %d", family, c.TooSmall)
		line("%s frags overlapped: %d", family, c.Overlapped)
		line("%s frags purged: %d", family, c.Purged)
	}
	if verbose {
		b.WriteString("\n        Fragment Lists:\n\n")
		lines := make([]string, 0, len(r.lists))
		for _, l := range r.lists {
			lines = append(lines, l.String())
		}
		slices.Sort(lines)
		for _, l := range lines {
			fmt.Fprintln(&b, l)
		}
	}
	return b.String()
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// String is the list as Open vSwitch shows it.
func (l *fragmentList) String() string {
	k := &l.key
	src, dst := netip.AddrFrom16(k.src), netip.AddrFrom16(k.dst)
	typ := openflow.EthTypeIPv6
	if !k.v6 {
		src, dst = netip.AddrFrom4([4]byte(k.src[:4])), netip.AddrFrom4([4]byte(k.dst[:4]))
		typ = openflow.EthTypeIPv4
	}
	return fmt.Sprintf("(src=%s,dst=%s,recirc_id=%d,ip_id=%d,dl_type=0x%x,zone=%d,nw_proto=%d,num_fragments=%d,state=%s)",
		addrText(src), addrText(dst), k.recircID, k.id, typ, k.zone, k.proto, len(l.fragments), l.state)
}

// String is the state in the words of Open vSwitch.
func (s fragmentState) String() string {
	switch {
	case s&failed != 0:
		return "reassemble fail"
	case s&complete != 0:
		return "complete"
	}
	return [...]string{0: "other frag", seenFirst: "first frag", seenLast: "last frag", seenFirst | seenLast: "first/last frag"}[s]
}
