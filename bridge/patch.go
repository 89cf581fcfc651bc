// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// The keys of Bridge.other_config that are settings of their own.
const (
	hwaddr     = "hwaddr"
	datapathID = "datapath-id"
)

// A patch is what is to become of the rows of a bridge. What it does not name
// stays as it is.
type patch struct {
	// bridge and own are columns of the bridge and of the interface of its own
	// port.
	bridge, own ovsdb.Row
	// otherConfig and externalIDs are keys of columns of the bridge; those with
	// nil are removed.
	otherConfig, externalIDs map[string]*string
	// controllers are all controllers; nil are whatever there are.
	controllers []*vswitch.Controller
	// exporters are some, by their column of the bridge.
	exporters []*exporter
	// exact says that external_ids of controllers and exporters are given whole.
	// Otherwise what they hold besides is kept.
	exact bool
}

func newPatch() *patch {
	return &patch{
		bridge: ovsdb.Row{}, own: ovsdb.Row{}, otherConfig: map[string]*string{}, externalIDs: map[string]*string{},
	}
}

// patch is what the config asks for.
func (c *Config) patch() *patch {
	p := newPatch()
	if c.Datapath != "" {
		p.bridge["datapath_type"] = c.Datapath
	}
	if c.FailMode != "" {
		p.bridge["fail_mode"] = vswitch.Optional(string(c.FailMode))
	}
	if c.Protocols != nil {
		p.bridge["protocols"] = c.Protocols
	}
	if c.FloodVLANs != nil {
		vlans := make([]int64, len(c.FloodVLANs))
		for i, v := range c.FloodVLANs {
			vlans[i] = int64(v)
		}
		p.bridge["flood_vlans"] = vlans
	}
	switch {
	case c.MTU == AutoMTU:
		p.own["mtu_request"] = (*int64)(nil)
	case c.MTU != 0:
		p.own["mtu_request"] = vswitch.Optional(int64(c.MTU))
	}
	c.patchKeys(p)
	if c.Controllers != nil {
		p.controllers = []*vswitch.Controller{}
		for i := range c.Controllers {
			p.controllers = append(p.controllers, c.Controllers[i].row())
		}
	}
	if c.NetFlow != nil {
		p.exporters = append(p.exporters, netFlowExporter(c.NetFlow))
	}
	if c.SFlow != nil {
		p.exporters = append(p.exporters, sFlowExporter(c.SFlow))
	}
	if c.IPFIX != nil {
		p.exporters = append(p.exporters, ipfixExporter(c.IPFIX))
	}
	for _, e := range p.exporters {
		e.uuid = "" // whatever a caller's row has
	}
	return p
}

// patchKeys adds what the config asks for in columns of keys, and what enables it.
func (c *Config) patchKeys(p *patch) {
	p.setOther(c.OtherConfig)
	if c.DatapathID != nil {
		text := ""
		if *c.DatapathID != 0 {
			text = fmt.Sprintf("%016x", *c.DatapathID)
		}
		p.setOther(map[string]string{datapathID: text})
	}
	if c.MAC != nil {
		p.setOther(map[string]string{hwaddr: c.MAC.String()})
	}
	if c.STP != nil {
		p.bridge["stp_enable"] = c.STP.Enable
		p.setOther(c.STP.otherConfig())
	}
	if c.RSTP != nil {
		p.bridge["rstp_enable"] = c.RSTP.Enable
		p.setOther(c.RSTP.otherConfig())
	}
	if c.MulticastSnooping != nil {
		p.bridge["mcast_snooping_enable"] = c.MulticastSnooping.Enable
		p.setOther(c.MulticastSnooping.otherConfig())
	}
	if c.MACTable != nil {
		p.setOther(c.MACTable.otherConfig())
	}
	for k, v := range c.ExternalIDs {
		p.externalIDs[k] = optional(v)
	}
}

// setOther adds keys of other_config; empty ones are to be removed.
func (p *patch) setOther(keys map[string]string) {
	for k, v := range keys {
		p.otherConfig[k] = optional(v)
	}
}

// changesRSTP reports whether a patch changes how RSTP works.
func (p *patch) changesRSTP() bool {
	if _, ok := p.bridge["rstp_enable"]; ok {
		return true
	}
	for key := range new(RSTP).otherConfig() {
		if _, ok := p.otherConfig[key]; ok {
			return true
		}
	}
	return false
}

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
		for _, column := range []string{"external_ids"} {
			columns[column] = merged(there.columns[column].(map[string]string), columns[column].(map[string]string))
		}
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

// withDefaults is the config of a bridge that is created.
func (c Config) withDefaults() Config {
	c.FailMode = cmp.Or(c.FailMode, Secure)
	if c.Protocols == nil {
		c.Protocols = []string{
			vswitch.BridgeProtocolsOpenFlow10, vswitch.BridgeProtocolsOpenFlow13,
			vswitch.BridgeProtocolsOpenFlow14, vswitch.BridgeProtocolsOpenFlow15,
		}
	}
	if c.MAC == nil {
		c.MAC = randomMAC()
	}
	return c
}
