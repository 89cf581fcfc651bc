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

// CompileOn is Compile for a switch that holds flows already, whose choices of numbers and ports stay, with the groups.
func CompileOn(o Options, held []of.Flow, objects ...Object) ([]of.Flow, []of.Group, error) {
	s := newState(o.env())
	byKey := map[string]*of.Flow{}
	for _, f := range held {
		byKey[f.Key()] = &f
	}
	if err := s.set(objects, chosenBefore(byKey)); err != nil {
		return nil, nil, err
	}
	book := newBook()
	book.apply(book.edit(s.outputs()))
	var flows []of.Flow
	for _, f := range book.flows {
		flows = append(flows, *f)
	}
	var groups []of.Group
	for _, g := range book.groups {
		groups = append(groups, *g)
	}
	return flows, groups, nil
}
