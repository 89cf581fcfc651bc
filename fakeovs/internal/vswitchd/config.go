// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import (
	"slices"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/dbserver"
)

var watchedTables = []string{
	"Open_vSwitch", "Bridge", "Port", "Interface", "Controller", "Mirror", "QoS", "Queue", "Flow_Table", "NetFlow", "sFlow",
	"IPFIX", "Flow_Sample_Collector_Set", "SSL", "AutoAttach", "Datapath", "CT_Zone", "CT_Timeout_Policy",
}

// config is what the database wants the switch to be.
type config struct {
	root    *dbserver.Row // nil in a database that nobody has initialised
	tables  dbserver.Snapshot
	bridges []*bridgeConfig // in the order of their names
}

type bridgeConfig struct {
	row          *dbserver.Row
	name         string
	datapathType string
	ports        []*portConfig // in the order in which ovs-vswitchd goes through them
	interfaces   []*interfaceConfig
	mirrors      []*dbserver.Row
	controllers  []*dbserver.Row
	// controlled says that a controller is to tell the bridge what it forwards.
	controlled bool
}

// portConfig is a port: one interface, or several of a bond.
type portConfig struct {
	row        *dbserver.Row // nil for a bridge's own port that is not in the database
	name       string
	interfaces []*interfaceConfig
}

type interfaceConfig struct {
	row       *dbserver.Row // nil for a bridge's own port that is not in the database
	port      *portConfig
	name      string
	kind      string // the type that is opened: "system" where the column is empty
	local     bool
	requested uint32 // port number; 0: none
	previous  uint32 // port number that it had; 0: none
}

func readConfig(db *dbserver.Database) *config {
	s := db.Snapshot(watchedTables...)
	c := &config{tables: s}
	for _, root := range s.Rows("Open_vSwitch") {
		c.root = root
		for _, row := range rows(s, "Bridge", root.Get("bridges")) {
			c.bridges = append(c.bridges, readBridge(s, row))
		}
	}
	slices.SortFunc(c.bridges, func(a, b *bridgeConfig) int { return strings.Compare(a.name, b.name) })
	return c
}

func readBridge(s dbserver.Snapshot, row *dbserver.Row) *bridgeConfig {
	b := &bridgeConfig{row: row, name: row.Get("name").String(), datapathType: row.Get("datapath_type").String()}
	if b.datapathType == "" {
		b.datapathType = "system"
	}
	hasLocal := false
	for _, p := range rows(s, "Port", row.Get("ports")) {
		pc := &portConfig{row: p, name: p.Get("name").String()}
		for _, i := range rows(s, "Interface", p.Get("interfaces")) {
			pc.interfaces = append(pc.interfaces, readInterface(i, pc, b))
		}
		hasLocal = hasLocal || pc.name == b.name
		b.ports = append(b.ports, pc)
	}
	if !hasLocal {
		pc := &portConfig{name: b.name}
		pc.interfaces = []*interfaceConfig{{port: pc, name: b.name, kind: "internal", local: true}}
		b.ports = append(b.ports, pc)
	}
	hashOrder(b.ports, func(p *portConfig) string { return p.name })
	for _, p := range b.ports {
		b.interfaces = append(b.interfaces, p.interfaces...)
	}
	b.mirrors = rows(s, "Mirror", row.Get("mirrors"))
	b.controllers = rows(s, "Controller", row.Get("controller"))
	b.controlled = slices.ContainsFunc(b.controllers, isPrimary)
	return b
}

// rows are the rows that a column refers to.
func rows(s dbserver.Snapshot, table string, references dbserver.Datum) []*dbserver.Row {
	var rows []*dbserver.Row
	for _, uuid := range references.Strings() {
		if row := s[table][uuid]; row != nil {
			rows = append(rows, row)
		}
	}
	return rows
}

// isPrimary reports whether a controller controls the bridge, as opposed to one that only serves somebody. Those are told
// by their type, else by which side connects.
func isPrimary(c *dbserver.Row) bool {
	if typ := c.Get("type").String(); typ != "" {
		return typ == "primary"
	}
	return isActive(c.Get("target").String())
}

// isActive reports whether a target is one to connect to.
func isActive(target string) bool {
	method, _, found := strings.Cut(target, ":")
	return found && slices.Contains([]string{"tcp", "ssl", "unix"}, method)
}

func readInterface(row *dbserver.Row, p *portConfig, b *bridgeConfig) *interfaceConfig {
	i := &interfaceConfig{row: row, port: p, name: row.Get("name").String(), kind: row.Get("type").String()}
	i.local = i.name == b.name
	switch {
	case i.local:
		i.kind = "internal"
	case i.kind == "":
		i.kind = "system"
	}
	i.requested = portNumber(row.Get("ofport_request"))
	i.previous = portNumber(row.Get("ofport"))
	return i
}

// option is an entry of Interface.options.
func (i *interfaceConfig) option(key string) (string, bool) {
	if i.row == nil {
		return "", false
	}
	return i.row.Get("options").Entry(key)
}

// optionMap are the entries of Interface.options.
func (i *interfaceConfig) optionMap() map[string]string {
	if i.row == nil {
		return nil
	}
	return i.row.Get("options").Map()
}

func portNumber(d dbserver.Datum) uint32 {
	n, ok := d.Integer()
	if !ok || n < 1 || n > maxPort {
		return 0
	}
	return uint32(n)
}
