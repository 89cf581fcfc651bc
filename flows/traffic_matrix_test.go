// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/ovskit/ovskit/flows/internal/oracle"
	"github.com/ovskit/ovskit/internal/testbed"
	"github.com/ovskit/ovskit/internal/tier"
)

// values are a combination's, of each option.
func (o options) values() []string {
	return []string{
		string(o.v4), string(o.v6), fmt.Sprint(o.uplink), fmt.Sprint(o.isolated), fmt.Sprint(o.toHost), fmt.Sprint(o.fromHost), o.rules,
	}
}

// pair are the values of two options.
type pair struct {
	i, j int
	a, b string
}

func (o options) pairs() []pair {
	var all []pair
	values := o.values()
	for i, a := range values {
		for j, b := range values[:i] {
			all = append(all, pair{i, j, a, b})
		}
	}
	return all
}

// pairwise are some of the combinations that have every pair of values that any has: again and again the one with the most
// that are missing.
func pairwise(all []options) []options {
	missing := map[pair]bool{}
	for _, o := range all {
		for _, p := range o.pairs() {
			missing[p] = true
		}
	}
	var chosen []options
	for len(missing) > 0 {
		var best options
		most := 0
		for _, o := range all {
			n := 0
			for _, p := range o.pairs() {
				if missing[p] {
					n++
				}
			}
			if n > most {
				best, most = o, n
			}
		}
		for _, p := range best.pairs() {
			delete(missing, p)
		}
		chosen = append(chosen, best)
	}
	return chosen
}

// matrixPorts are the ports that anybody is connected to in a combination.
func matrixPorts(all []options) []uint16 {
	ports := map[uint16]bool{}
	for _, o := range all {
		w := o.world()
		for _, e := range w.Endpoints {
			for _, m := range e.Publish {
				for i := range uint16(m.Ports) {
					ports[m.Port+i] = true
				}
			}
		}
		for _, at := range o.attempts(w) {
			ports[at.Dst.Port()] = true
		}
	}
	delete(ports, 0)
	return slices.Sorted(maps.Keys(ports))
}

// shares are the shares of attempts that are made with sockets in each combination: one in so many. What the fake does is
// looked at elsewhere as well.
var shares = map[testbed.Kind]int{testbed.Real: 30, testbed.Fake: 200}

// In combinations of options with every pair of values the kernel's own sockets reach each other through Open vSwitch as the
// documentation says, and see each other's addresses as it says. The fake does the same. OVSKIT_MATRIX=all takes every
// combination.
func TestOptionMatrixTraffic(t *testing.T) {
	cells := pairwise(matrix())
	if os.Getenv("OVSKIT_MATRIX") == "all" {
		cells = matrix()
	}
	for _, kind := range []testbed.Kind{testbed.Fake, testbed.Real} {
		for _, uplink := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/uplink=%t", kind, uplink), func(t *testing.T) {
				if kind == testbed.Real {
					tier.Need(t, tier.System)
				}
				with := slices.DeleteFunc(slices.Clone(cells), func(o options) bool { return o.uplink != uplink })
				playMatrix(t, kind, uplink, with)
			})
		}
	}
}

// playMatrix makes attempts in combinations that have the uplink in common.
func playMatrix(t *testing.T, kind testbed.Kind, uplink bool, cells []options) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second*time.Duration(10+len(cells)))
	defer cancel()
	s := newScene(ctx, t, kind, uplink, matrixPorts(cells))
	made, delivered := 0, 0
	for cell, o := range cells {
		if err := s.declare(o.world()); err != nil {
			t.Fatalf("%s: %v", o, err)
		}
		var chosen []oracle.Attempt
		for i, at := range o.attempts(s.world) {
			if (i+31*cell)%shares[kind] == 0 && s.possible(at) {
				chosen = append(chosen, at)
			}
		}
		n, err := s.try(chosen)
		if err != nil {
			t.Fatalf("%s: %v", o, err)
		}
		made, delivered = made+len(chosen), delivered+n
	}
	if err := s.drift(); err != nil {
		t.Error(err)
	}
	if made < 10*len(cells) || delivered < made/10 || delivered > made*9/10 {
		t.Errorf("%d of %d attempts got through, which tests little", delivered, made)
	}
	t.Logf("%d attempts in %d combinations, of which %d got through", made, len(cells), delivered)
}
