// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"runtime"

	of "github.com/ovskit/ovskit/openflow"
)

// AwaitWaiting returns when so many changes wait for their turn.
func (s *Switch) AwaitWaiting(n int) {
	for {
		s.queue.mu.Lock()
		waiting := len(s.queue.waiting)
		s.queue.mu.Unlock()
		if waiting == n {
			return
		}
		runtime.Gosched()
	}
}

// Contents are all that a switch holds of an owner.
type Contents struct {
	Flows  []of.Flow
	Groups []of.Group
	Meters []of.MeterConfig
}

// CompileOn is Compile for a switch that holds flows already, whose choices of numbers and ports stay, with groups and
// meters.
func CompileOn(o Options, held []of.Flow, objects ...Object) (d Contents, err error) {
	s := newState(o.env())
	byKey := map[string]*of.Flow{}
	for _, f := range held {
		byKey[f.Key()] = &f
	}
	if err := s.set(objects, chosenBefore(byKey)); err != nil {
		return d, err
	}
	book := newBook()
	book.apply(book.edit(s.outputs()))
	for _, f := range book.flows {
		d.Flows = append(d.Flows, *f)
	}
	for _, g := range book.groups {
		d.Groups = append(d.Groups, *g)
	}
	for _, m := range book.meters {
		d.Meters = append(d.Meters, *m)
	}
	return d, nil
}
