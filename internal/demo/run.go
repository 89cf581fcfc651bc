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

// networkUp is the line of progress before the first probe.
const networkUp = "the network is up, asking the probes"

// ErrOptions is wrapped by errors that say what is wrong with Options.
var ErrOptions = errors.New("invalid options")

// Options say how to run the scenario. The zero value is good.
type Options struct {
	// Switch is Real, Fake, or Auto (and ""): a real one if it can be used, else the fake.
	Switch string
	// Keep leaves a real switch and its network as they are when the probes have been asked.
	Keep bool
	// Logger gets what the packages log; nil discards it.
	Logger *slog.Logger
	// Progress is told what is going on, a line each; nil: nobody.
	Progress func(line string)

	// For tests of the probes: other names on the machine, less time, other intents, changes behind the intents' back.
	name   string
	within time.Duration
	alter  func([]flows.Object) []flows.Object
	tamper func(ctx context.Context, s *scenario) error
}

// answerWithin is how long an answer that is wanted may take.
const answerWithin = 5 * time.Second

// patience is how long an attempt that should be blocked is let try before its traces are looked for.
func patience(kind testbed.Kind) time.Duration {
	if kind == testbed.Fake {
		return 100 * time.Millisecond
	}
	return 250 * time.Millisecond
}

// Run builds the scenario, asks all probes and removes everything again. The error says that the scenario could not
// be built, or ctx's end; a probe that got something else than it wanted is in the report.
func Run(ctx context.Context, o Options) (*Report, error) {
	if o.name == "" {
		o.name = defaultName
	}
	if o.within == 0 {
		o.within = answerWithin
	}
	kind, why, err := choose(o)
	if err != nil {
		return nil, err
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	o.Progress(fmt.Sprintf("building the network on a %s Open vSwitch: %s", kind, why))
	r := &Report{Switch: string(kind), Why: why}
	if err := r.run(ctx, kind, o); err != nil {
		return nil, fmt.Errorf("demo on a %s switch: %w", kind, err)
	}
	return r, nil
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

func (r *Report) run(ctx context.Context, kind testbed.Kind, o Options) (err error) {
	tb, err := testbed.New(ctx, testbed.Options{
		Kind:     kind,
		Name:     o.name,
		Gateways: gateways(),
		Keep:     o.Keep,
		Logger:   o.Logger,
	})
	if err != nil {
		return err
	}
	var hints []string
	defer func() {
		if err == nil && o.Keep {
			r.Kept, err = tb.Keep()
			r.Kept = append(r.Kept, hints...)
			return
		}
		err = errors.Join(err, tb.Close())
	}()
	s := &scenario{tb: tb, within: o.within, patience: patience(kind)}
	defer s.close()
	if err := s.build(ctx, o.alter); err != nil {
		return err
	}
	if o.Keep {
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
	outside, err := s.watchOutside(ctx)
	if err != nil {
		return err
	}
	watches := []watch{outside}
	if s.tb.Kind() == testbed.Real {
		watches = append(watches, watchFilters(s.tb))
	}

	probes := s.probes()
	r.Probes = make([]Probe, len(probes), len(probes)+len(watches))
	var wg sync.WaitGroup
	for i, p := range probes {
		wg.Add(1)
		go func() {
			defer wg.Done()
			got := p.run(ctx)
			r.Probes[i] = Probe{Name: p.name, Want: p.want, Got: got, OK: got == p.want}
		}()
	}
	wg.Wait()
	for _, w := range watches {
		got := w.end()
		r.Probes = append(r.Probes, Probe{Name: w.name, Want: w.want, Got: got, OK: got == w.want})
	}
	r.OK = r.Passed() == len(r.Probes)
	return ctx.Err()
}

// RemoveKept removes what runs with Options.Keep have left, and says what that was.
func RemoveKept() (removed []string, err error) { return testbed.RemoveKept(defaultName) }
