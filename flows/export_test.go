// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import of "github.com/ovskit/ovskit/openflow"

// CompileOn is Compile for a switch that holds flows already, whose choices of numbers and ports stay.
func CompileOn(o Options, held []of.Flow, objects ...Object) ([]of.Flow, error) {
	s := newState(o.env())
	byKey := map[string]of.Flow{}
	for _, f := range held {
		byKey[f.Key()] = f
	}
	if err := s.set(objects, chosenBefore(byKey)); err != nil {
		return nil, err
	}
	var all []of.Flow
	for _, flows := range s.compileDirty() {
		all = append(all, flows...)
	}
	return all, nil
}
