// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"fmt"
	"maps"
	"slices"

	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// plan makes the operations that carry out the patch, and the patch that takes
// them back.
func (s *state) plan(p *patch) (do []ovsdb.Operation, back *patch) {
	back = newPatch()
	back.exact = true
	now := maps.Clone(p.bridge)
	if _, ok := now["datapath_id"]; !ok && now["datapath_type"] != nil && now["datapath_type"] != s.bridge.DatapathType {
		// ovs-vswitchd sets it again if it can make the new datapath.
		now["datapath_id"] = (*string)(nil)
	}
	rows, guarded := s.planControllers(p, now, back)
	for i, e := range p.exporters {
		rows = append(rows, s.planExporter(e, fmt.Sprintf("exporter_%d", i), p.exact, now, back)...)
		guarded = append(guarded, e.column)
	}
	if len(guarded) > 0 && s.exists {
		expected := ovsdb.Row{}
		for _, column := range guarded {
			expected[column] = s.column(column)
		}
		do = append(do, ovsdb.Wait(vswitch.TableBridge,
			ovsdb.WaitOptions{Rows: []ovsdb.Row{expected}}, ovsdb.ByUUID(s.bridge.UUID)))
	}
	do = append(do, rows...)
	for column, value := range now {
		if same(value, s.column(column)) {
			delete(now, column)
			continue
		}
		if column != "controller" && !isExporter(column) {
			back.bridge[column] = s.column(column)
		}
	}
	if len(now) > 0 {
		do = append(do, ovsdb.Update(vswitch.TableBridge, now, ovsdb.ByUUID(s.bridge.UUID)))
	}
	mutate := func(column string, wanted map[string]*string, there map[string]string, back map[string]*string) {
		if m := setKeys(column, wanted, there, back); m != nil {
			do = append(do, ovsdb.Mutate(vswitch.TableBridge, m, ovsdb.ByUUID(s.bridge.UUID)))
		}
	}
	mutate("other_config", p.otherConfig, s.bridge.OtherConfig, back.otherConfig)
	mutate("external_ids", p.externalIDs, s.bridge.ExternalIDs, back.externalIDs)
	if mtu, ok := p.own["mtu_request"]; ok && s.own != nil && !same(mtu, s.own.MTURequest) {
		do = append(do, ovsdb.Update(vswitch.TableInterface, ovsdb.Row{"mtu_request": mtu}, ovsdb.ByUUID(s.own.UUID)))
		back.own["mtu_request"] = s.own.MTURequest
	}
	return do, back
}

// planControllers makes the operations for rows of controllers, and sets what the
// bridge is to refer to.
func (s *state) planControllers(p *patch, now ovsdb.Row, back *patch) (do []ovsdb.Operation, guarded []string) {
	if p.controllers == nil {
		return nil, nil
	}
	refs := []string{}
	for i, want := range p.controllers {
		there := s.controller(want)
		columns := controllerColumns(want)
		switch {
		case there == nil:
			name := fmt.Sprintf("controller_%d", i)
			do = append(do, ovsdb.Insert(vswitch.TableController, columns).Named(name))
			refs = append(refs, name)
			continue
		case !p.exact:
			columns["external_ids"] = merged(there.ExternalIDs, want.ExternalIDs)
		}
		refs = append(refs, there.UUID)
		old := controllerColumns(there)
		for column, value := range columns {
			if same(value, old[column]) {
				delete(columns, column)
			}
		}
		if len(columns) > 0 {
			do = append(do, ovsdb.Update(vswitch.TableController, columns, ovsdb.ByUUID(there.UUID)))
		}
	}
	slices.Sort(refs)
	now["controller"] = refs
	back.controllers = append([]*vswitch.Controller{}, s.controllers...)
	return do, []string{"controller"}
}

// planExporter makes the operations for the row of an exporter, and sets what the
// bridge is to refer to.
func (s *state) planExporter(e *exporter, name string, exact bool, now ovsdb.Row, back *patch) (do []ovsdb.Operation) {
	there := s.exporters[e.column]
	old := there
	if old == nil {
		old = &exporter{table: e.table, column: e.column, columns: ovsdb.Row{"targets": []string{}}}
	}
	back.exporters = append(back.exporters, old)
	switch {
	case !e.exports():
		now[e.column] = (*string)(nil)
		return nil
	case e.uuid != "" && s.alive[e.uuid]:
		now[e.column] = vswitch.Optional(e.uuid)
		return nil
	}
	columns := maps.Clone(e.columns)
	if there != nil && !exact {
		const ids = "external_ids"
		columns[ids] = merged(there.columns[ids].(map[string]string), columns[ids].(map[string]string))
	}
	if there != nil && maps.EqualFunc(columns, there.columns, same) {
		return nil
	}
	now[e.column] = vswitch.Optional(name)
	return []ovsdb.Operation{ovsdb.Insert(e.table, columns).Named(name)}
}

// merged is what is there with what is wanted.
func merged(there, wanted map[string]string) map[string]string {
	m := maps.Clone(there)
	if m == nil {
		m = map[string]string{}
	}
	maps.Copy(m, wanted)
	return m
}

// setKeys makes the mutations that set some keys of a map column, nil if the keys
// are as wanted, and adds to back what takes that back. Other keys are not touched,
// whoever changes them meanwhile.
func setKeys(column string, wanted map[string]*string, there map[string]string, back map[string]*string) []ovsdb.Mutation {
	var keys []string
	now := map[string]string{}
	for k, v := range wanted {
		old, ok := there[k]
		if !ok && v == nil || ok && v != nil && *v == old {
			continue
		}
		keys = append(keys, k)
		back[k] = nil
		if ok {
			back[k] = vswitch.Optional(old)
		}
		if v != nil {
			now[k] = *v
		}
	}
	if keys == nil {
		return nil
	}
	slices.Sort(keys)
	// An insertion leaves keys that are there as they are.
	return []ovsdb.Mutation{ovsdb.Change(column, ovsdb.DeleteFrom, keys), ovsdb.Change(column, ovsdb.InsertInto, now)}
}
