// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"encoding/binary"
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/openflow"
)

// bundleOf is where a message of a bundle has its number, and the table of the flow that it adds.
const (
	bundleOf      = 16
	bundleTableOf = 48
)

// filling is a lab with nothing declared yet, and objects that come to more flows than a bundle has.
func filling(t *testing.T) (l *lab, f *fakeovs.Faults, objects []flows.Object) {
	l = newLab(t)
	f = l.ovs.Faults()
	l.sw.Close()
	l.client.Close()
	l.ovs.RestartSwitch()
	l.open()
	crowd := guest(1)
	crowd.Publish = []flows.PortMapping{{Proto: flows.TCP, HostPort: 20000, HostPortEnd: 24999, Port: 1}}
	return l, f, append(l.objects(), crowd)
}

// What fills a switch comes in several bundles, and nothing gets in before the last.
func TestFill(t *testing.T) {
	l, f, objects := filling(t)
	var mu sync.Mutex
	var bundles []map[uint8]int // of each the flows by table
	ids := map[uint32]bool{}
	watch := experimenter(onf, bundleAdd, nil)
	isAdd := watch.Match
	watch.Match = func(m []byte) bool {
		if isAdd(m) {
			mu.Lock()
			defer mu.Unlock()
			if id := binary.BigEndian.Uint32(m[bundleOf:]); !ids[id] {
				ids[id] = true
				bundles = append(bundles, map[uint8]int{})
			}
			bundles[len(bundles)-1][m[bundleTableOf]]++
		}
		return false
	}
	f.Add(watch)
	since := func() []map[uint8]int {
		mu.Lock()
		defer mu.Unlock()
		seen := bundles
		bundles = nil
		clear(ids)
		return seen
	}
	check := func(when string) {
		t.Helper()
		bundles := since()
		if len(bundles) < 3 {
			t.Errorf("%s: got %d bundles, want several", when, len(bundles))
		}
		for i, tables := range bundles {
			if last := i == len(bundles)-1; (tables[0] > 0) != last || last && len(tables) > 1 {
				t.Errorf("%s: bundle %d of %d has flows of tables %v", when, i+1, len(bundles), tables)
			}
		}
	}
	l.mustSet(objects...)
	check("first start")
	l.holdsOnly(objects...)
	packets := packet("udp", l.web2, l.web3, 1000, 53)
	l.send(l.web2, packets, delivery{l.web3, packets})

	l.ovs.RestartSwitch()
	if _, err := l.sw.Prune(l.ctx); err != nil { // the switch is up to date once there is a connection
		t.Fatal(err)
	}
	l.look()
	check("replay")
	l.holdsOnly(objects...)

	// Where packets get in, a change is one bundle, however large.
	if err := l.sw.Delete(l.ctx, guest(1)); err != nil {
		t.Fatal(err)
	}
	since()
	l.mustSet(objects...)
	if n := len(since()); n != 1 {
		t.Errorf("got %d bundles for a change of what is in use, want 1", n)
	}
}

// The switch refuses one of the bundles that fill it: those before it are taken back.
func TestFillIsRefused(t *testing.T) {
	l, f, objects := filling(t)
	before := l.table()
	refuse := experimenter(onf, bundleAdd, nil)
	refuse.Skip, refuse.Times, refuse.Do = 3000, 1, fakeovs.Answer{Code: openflow.ErrTableFull}
	f.Add(refuse)
	if err := l.sw.Set(l.ctx, objects...); !errors.Is(err, openflow.ErrTableFull) || errors.Is(err, openflow.ErrOutcomeUnknown) {
		t.Fatalf("got error %v, want %v", err, openflow.ErrTableFull)
	}
	if diff := cmp.Diff(before, l.table()); diff != "" {
		t.Errorf("a refused change left traces (-before +after):\n%s", diff)
	}
	l.mustSet(objects...)
	l.holdsOnly(objects...)
}

// The connection ends between the bundles that fill a switch: the next one has the rest.
func TestFillIsInterrupted(t *testing.T) {
	l, f, objects := filling(t)
	cut := commits()
	cut.Skip, cut.Times, cut.Do = 1, 1, fakeovs.Cut{}
	interrupted := f.Add(cut)
	l.mustSet(objects...)
	if n := interrupted.Count(); n != 1 {
		t.Fatalf("the connection was cut %d times, want once", n)
	}
	l.holdsOnly(objects...)
}
