// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"maps"
	"runtime"
	"slices"

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
	byKey := map[string]of.Flow{}
	for _, f := range held {
		byKey[f.Key()] = f
	}
	if err := s.set(objects, chosenBefore(byKey)); err != nil {
		return nil, nil, err
	}
	book := newBook()
	book.apply(book.edit(s.outputs()))
	return slices.Collect(maps.Values(book.flows)), slices.Collect(maps.Values(book.groups)), nil
}
