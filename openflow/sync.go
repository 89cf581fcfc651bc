// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Sync makes the switch hold what it should in the scope of the state, and says what it did. With nothing to do it sends
// nothing but questions. An error leaves the switch as it was; where it wraps ErrOutcomeUnknown, flows and groups are as they
// were or as they should be, and some of the meters may be either. The next Sync, on this connection or another, goes on
// from what it finds.
func (c *Conn) Sync(ctx context.Context, want *Desired) (*Plan, error) {
	p, err := c.Diff(ctx, want)
	if err == nil {
		err = c.Carry(ctx, p)
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Carry makes the changes of a plan: groups and flows in one bundle, in which what is new comes before what goes and
// groups before the flows that use them. It is all of them or, with an error, none: see [Conn.Bundle]. Meters, of which
// Open vSwitch takes none in bundles, are added and replaced before it, put back if it fails, and deleted behind it: an
// error of that wraps ErrOutcomeUnknown, with the flows and groups as they should be.
func (c *Conn) Carry(ctx context.Context, p *Plan) error {
	undo, err := c.carryMeters(ctx, p)
	if err != nil {
		return err
	}
	if err := c.Bundle(ctx, p.bundle()...); err != nil {
		// With an unknown outcome the new flows may be there, and need their meters.
		if !errors.Is(err, ErrOutcomeUnknown) {
			err = errors.Join(err, c.undoMeters(ctx, undo))
		}
		return err
	}
	var gone []Modification
	for _, m := range p.Meters.Delete {
		gone = append(gone, MeterMod{Command: MeterDelete, MeterConfig: m})
	}
	if err := c.Apply(ctx, gone...); err != nil {
		return fmt.Errorf("delete meters that nothing uses any more: %w", outcomeUnknown(err))
	}
	return nil
}

// mostOfCookie is a mask that tells cookies apart but for their highest bit. With all bits Open vSwitch looks for the flow among
// those that have the cookie, one after the other, in place of looking at its match.
const mostOfCookie = 1<<63 - 1

// bundle is the changes of groups and flows in their order.
func (p *Plan) bundle() []Modification {
	var mods []Modification
	for _, g := range p.Groups.Add {
		mods = append(mods, GroupMod{Command: GroupAdd, Group: g})
	}
	for _, g := range p.Groups.Replace {
		mods = append(mods, GroupMod{Command: GroupModify, Group: g})
	}
	mods = slices.Grow(mods, len(p.Flows.Add)+len(p.Flows.Replace)+len(p.Flows.Delete)+len(p.Groups.Delete))
	for _, flows := range [2][]Flow{p.Flows.Add, p.Flows.Replace} {
		for _, f := range flows {
			mods = append(mods, Add(f))
		}
	}
	for _, f := range p.Flows.Delete {
		m := DeleteStrict(f)
		m.Cookie, m.CookieMask = f.Cookie, mostOfCookie // what somebody has put in its place since stays
		mods = append(mods, m)
	}
	for _, g := range p.Groups.Delete {
		mods = append(mods, GroupMod{Command: GroupDelete, Group: Group{ID: g.ID}})
	}
	return mods
}

// carryMeters adds and replaces meters, and returns what undoes that. If one is refused, none is changed.
func (c *Conn) carryMeters(ctx context.Context, p *Plan) (undo []Modification, err error) {
	before := map[uint32]MeterConfig{}
	if len(p.Meters.Replace) > 0 {
		there, err := c.Meters(ctx)
		if err != nil {
			return nil, err
		}
		for _, m := range there {
			before[m.ID] = m
		}
	}
	change := func(command MeterCommand, m MeterConfig, back ...Modification) error {
		err := c.Apply(ctx, MeterMod{Command: command, MeterConfig: m})
		if err == nil || errors.Is(err, ErrOutcomeUnknown) {
			undo = append(undo, back...)
		}
		if err != nil {
			err = errors.Join(err, c.undoMeters(ctx, undo))
		}
		return err
	}
	for _, m := range p.Meters.Add {
		if err := change(MeterAdd, m, MeterMod{Command: MeterDelete, MeterConfig: m}); err != nil {
			return nil, err
		}
	}
	for _, m := range p.Meters.Replace {
		var back []Modification
		if old, there := before[m.ID]; there {
			back = []Modification{MeterMod{Command: MeterModify, MeterConfig: old}}
		}
		if err := change(MeterModify, m, back...); err != nil {
			return nil, err
		}
	}
	return undo, nil
}

// undoTimeout is how long undoing may take where the context has ended.
const undoTimeout = 5 * time.Second

// undoMeters puts meters back as they were.
func (c *Conn) undoMeters(ctx context.Context, undo []Modification) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	var errs []error
	for _, m := range undo {
		// One whose adding has an unknown outcome may not be there.
		if err := c.Apply(ctx, m); err != nil && !errors.Is(err, ErrUnknownMeter) {
			errs = append(errs, fmt.Errorf("put meters back as they were: %w", outcomeUnknown(err)))
		}
	}
	return errors.Join(errs...)
}
