// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/testbed"
	"github.com/ovskit/ovskit/internal/tier"
)

// defaultName is that of the demo's testbeds.
const defaultName = "demo"

// The values of Options.Switch.
const (
	Auto = "auto"
	Real = string(testbed.Real)
	Fake = string(testbed.Fake)
)

// The values of Options.Egress: how the networks reach the outside.
const (
	All     = "all"     // each in turn, with a network of its own
	Uplink  = "uplink"  // the NIC is a port of the bridge, and they share the host's addresses
	Address = "address" // the NIC stays outside of the bridge, and they share spare addresses of its link
	Routed  = "routed"  // as they are
)

// networkUp is the line of progress before the first probe.
const networkUp = "the network is up, asking the probes"

// ErrOptions is wrapped by errors that say what is wrong with Options.
var ErrOptions = errors.New("invalid options")

// Options say how to run the scenario. The zero value is good.
type Options struct {
	// Switch is Real, Fake, or Auto (and ""): a real one if it can be used, else the fake.
	Switch string
	// Egress is Uplink, Address, Routed, or All (and "").
	Egress string
	// Keep leaves a real switch and its network as they are when the probes have been asked; of All, those of Uplink.
	Keep bool
	// Logger gets what the packages log; nil discards it.
	Logger *slog.Logger
	// Progress is told what is going on, a line each; nil: nobody.
	Progress func(line string)

	// For tests of the probes: other names on the machine, other times, other intents, changes behind the intents' back.
	name     string
	within   time.Duration
	patience time.Duration
	alter    func([]flows.Object) []flows.Object
	tamper   func(ctx context.Context, s *scenario) error
}

// answerWithin is how long an answer that is wanted may take.
const answerWithin = 15 * time.Second

// patience is how long an attempt that should be blocked is let try before its traces are looked for. All attempts begin
// at the same time.
const patience = 500 * time.Millisecond

// Run builds the scenario, asks all probes and removes everything again. The error says that the scenario could not
// be built, or ctx's end; a probe that got something else than it wanted is in the report.
func Run(ctx context.Context, o Options) (*Report, error) {
	if o.name == "" {
		o.name = defaultName
	}
	if o.within == 0 {
		o.within = answerWithin
	}
	if o.patience == 0 {
		o.patience = patience
	}
	kind, why, err := choose(o)
	if err != nil {
		return nil, err
	}
	ways, err := ways(o.Egress)
	if err != nil {
		return nil, err
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	r := &Report{Switch: string(kind), Why: why}
	for _, egress := range ways {
		o.Progress(fmt.Sprintf("building a network with egress %q on a %s Open vSwitch: %s", egress, kind, why))
		if err := r.run(ctx, kind, egress, o); err != nil {
			return nil, fmt.Errorf("demo of egress %q on a %s switch: %w", egress, kind, err)
		}
	}
	r.OK = r.Passed() == len(r.Probes)
	return r, nil
}

// ways are the ways out that are asked for.
func ways(egress string) ([]string, error) {
	switch egress {
	case All, "":
		return []string{Uplink, Address, Routed}, nil
	case Uplink, Address, Routed:
		return []string{egress}, nil
	}
	return nil, fmt.Errorf("%w: no such egress: %q (one of all, uplink, address, routed)", ErrOptions, egress)
}

// choose picks the switch and says why.
func choose(o Options) (kind testbed.Kind, why string, err error) {
	obstacle := ""
	if o.Switch != Fake {
		obstacle = tier.Why(tier.System)
	}
	switch o.Switch {
	case Auto, "":
		if obstacle == "" {
			kind, why = testbed.Real, "Open vSwitch is installed and this is root"
		} else {
			kind, why = testbed.Fake, "a real one cannot be used: "+obstacle
		}
	case Real:
		if obstacle != "" {
			return "", "", fmt.Errorf("a real switch cannot be used: %s", obstacle)
		}
		kind, why = testbed.Real, "as asked for"
	case Fake:
		kind, why = testbed.Fake, "as asked for"
	default:
		return "", "", fmt.Errorf("%w: no such switch: %q (one of auto, real, fake)", ErrOptions, o.Switch)
	}
	switch {
	case o.Keep && o.Switch == Fake:
		return "", "", fmt.Errorf("%w: nothing of a fake switch can be kept: it ends with the program", ErrOptions)
	case o.Keep && kind == testbed.Fake:
		return "", "", fmt.Errorf("nothing of a fake switch can be kept, and %s", why)
	}
	return kind, why, nil
}

func (r *Report) run(ctx context.Context, kind testbed.Kind, egress string, o Options) (err error) {
	to := testbedOptions(egress)
	to.Kind, to.Name, to.Logger = kind, o.name, o.Logger
	to.Keep = o.Keep && (egress == Uplink || egress == o.Egress)
	tb, err := testbed.New(ctx, to)
	if err != nil {
		return err
	}
	var hints []string
	defer func() {
		if err == nil && to.Keep {
			r.Kept, err = tb.Keep()
			r.Kept = append(r.Kept, hints...)
			return
		}
		err = errors.Join(err, tb.Close())
	}()
	s := &scenario{tb: tb, egress: egress, within: o.within, patience: o.patience}
	defer s.close()
	if err := s.build(ctx, o.alter); err != nil {
		return err
	}
	if to.Keep {
		if err := s.record(ctx); err != nil {
			return err
		}
		hints = s.hints()
	}
	if o.tamper != nil {
		if err := o.tamper(ctx, s); err != nil {
			return err
		}
	}
	o.Progress(networkUp)
	return r.ask(ctx, s)
}

// ask asks all probes at the same time: they do not disturb each other, and each takes as long as it takes.
func (r *Report) ask(ctx context.Context, s *scenario) error {
	var watches []watch
	if s.egress != Routed {
		outside, err := s.watchOutside(ctx)
		if err != nil {
			return err
		}
		watches = append(watches, outside)
	}
	if s.tb.Kind() == testbed.Real {
		watches = append(watches, watchFilters(s.tb))
	}

	probes := s.probes()
	answers := make([]Probe, len(probes)+len(watches))
	add := func(i int, name, want, got string) {
		answers[i] = Probe{Name: s.egress + ": " + name, Want: want, Got: got, OK: got == want}
	}
	var wg sync.WaitGroup
	for i, p := range probes {
		wg.Add(1)
		go func() {
			defer wg.Done()
			add(i, p.name, p.want, p.run(ctx))
		}()
	}
	wg.Wait()
	for i, w := range watches {
		add(len(probes)+i, w.name, w.want, w.end())
	}
	r.Probes = append(r.Probes, answers...)
	return ctx.Err()
}

// RemoveKept removes what runs with Options.Keep have left, and says what that was.
func RemoveKept() (removed []string, err error) { return testbed.RemoveKept(defaultName) }
