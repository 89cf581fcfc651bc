// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"reflect"

	"github.com/ovskit/ovskit/openflow"
)

// maxFeatureTables is how many tables a request in parts may have: more are refused for naming one twice.
const maxFeatureTables = 256

// tableFeatures answers a request for what the tables can do. A request with tables changes it: Open vSwitch lets
// controllers set the names of tables, and claim less than there is.
func (c *conn) tableFeatures(m openflow.TableFeaturesRequest, xid uint32) error {
	if room := maxFeatureTables - len(c.features); len(m.Tables) > room {
		m.Tables = m.Tables[:room]
	}
	if m.More || len(c.features) > 0 {
		weight := weight(reflect.ValueOf(m.Tables))
		if !c.s.dp.memory.take(weight) {
			c.dropFeatures()
			return c.s.dp.memory.full(openflow.ErrMultipartOverflow)
		}
		c.featuresWeight += weight
	}
	c.features = append(c.features, m.Tables...)
	if m.More {
		return nil
	}
	tables := c.features
	c.dropFeatures()
	if len(tables) > 0 {
		if err := c.setTableFeatures(tables); err != nil {
			return err
		}
	}
	c.sendTableFeatures(xid)
	return nil
}

// dropFeatures forgets the parts of a request.
func (c *conn) dropFeatures() {
	c.s.dp.memory.giveBack(c.featuresWeight)
	c.features, c.featuresWeight = nil, 0
}

func (c *conn) setTableFeatures(tables []openflow.TableFeatures) error {
	s := c.s
	s.begin()
	defer s.end()
	wanted := make(map[uint8]*openflow.TableFeatures)
	for i := range tables {
		t := &tables[i]
		if wanted[t.Table] != nil {
			return openflow.ErrDupTable
		}
		wanted[t.Table] = t
	}
	if wanted[visibleTables] != nil {
		return openflow.ErrFeaturesPermission
	}
	switch tables[0].Command {
	case openflow.TableFeaturesModify:
	case openflow.TableFeaturesReplace:
		for i := range uint8(visibleTables) {
			if wanted[i] == nil {
				return openflow.ErrFeaturesPermission
			}
		}
	default:
		return openflow.ErrFeaturesPermission
	}
	current := s.tableFeatures(c.version)
	for i := range current {
		t := wanted[uint8(i)]
		if t == nil {
			continue
		}
		config := &s.flows.config[i]
		if t.MaxEntries != current[i].MaxEntries || config.options.Name != "" && t.Name != config.options.Name {
			return openflow.ErrFeaturesPermission
		}
		if t.Abilities != nil && !within(t.Abilities, current[i].Abilities) {
			return openflow.ErrFeaturesPermission
		}
	}
	for i, t := range wanted {
		if int(i) < visibleTables {
			s.flows.config[i].rename(t.Name)
		}
	}
	return nil
}

// within reports whether abilities are no more than others.
func within(a, all *openflow.TableAbilities) bool {
	return subset(a.Match, all.Match, sameHeader) && subset(a.Wildcards, all.Wildcards, sameHeader) &&
		flowsWithin(&a.Hit, &all.Hit) && flowsWithin(&a.Miss, &all.Miss)
}

func flowsWithin(a, all *openflow.FlowAbilities) bool {
	return subset(a.Instructions, all.Instructions, sameType) &&
		subset(a.Next, all.Next, func(x, y uint8) bool { return x == y }) &&
		subset(a.Write, all.Write, sameType) && subset(a.Apply, all.Apply, sameType) &&
		subset(a.WriteSet, all.WriteSet, sameHeader) && subset(a.ApplySet, all.ApplySet, sameHeader)
}

// sameHeader reports whether a field that is wanted is one that there is.
func sameHeader(want, have openflow.FieldHeader) bool {
	return want.Field == have.Field && (have.Masked || !want.Masked)
}

func sameType(want, have openflow.TypeNumber) bool { return want.Type == have.Type }

func subset[T any](list, all []T, same func(want, have T) bool) bool {
	for _, want := range list {
		found := false
		for _, have := range all {
			found = found || same(want, have)
		}
		if !found {
			return false
		}
	}
	return true
}
