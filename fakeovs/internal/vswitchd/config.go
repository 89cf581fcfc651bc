// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import (
	"encoding/binary"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/dbserver"
)

var watchedTables = []string{"Open_vSwitch", "Bridge", "Port", "Interface"}

// config is what the database wants the switch to be.
type config struct {
	root    *dbserver.Row // nil in a database that nobody has initialised
	bridges []*bridgeConfig
}

type bridgeConfig struct {
	row          *dbserver.Row
	name         string
	datapathType string
	mac          net.HardwareAddr
	datapathID   uint64
	normal       bool // without flows of its own it forwards like a plain switch
	interfaces   []*interfaceConfig
}

type interfaceConfig struct {
	row       *dbserver.Row // nil for a bridge's own port that is not in the database
	name      string
	kind      string // the type that is opened: "system" where the column is empty
	local     bool
	mac       net.HardwareAddr
	mtu       int64
	requested uint32 // port number; 0: none
	previous  uint32 // port number that it had; 0: none
	options   func(key string) string
}

func readConfig(db *dbserver.Database) *config {
	s := db.Snapshot(watchedTables...)
	c := &config{}
	for _, root := range s.Rows("Open_vSwitch") {
		c.root = root
		for _, uuid := range root.Get("bridges").Strings() {
			if row := s["Bridge"][uuid]; row != nil {
				c.bridges = append(c.bridges, readBridge(s, row))
			}
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
	b.mac = hardwareAddr(b.name)
	if mac, err := net.ParseMAC(row.Get("other_config").Lookup("hwaddr")); err == nil && len(mac) == 6 && mac[0]&1 == 0 {
		b.mac = mac
	}
	b.datapathID = binary.BigEndian.Uint64(append([]byte{0, 0}, b.mac...))
	if id := strings.TrimPrefix(row.Get("other_config").Lookup("datapath-id"), "0x"); id != "" {
		if n, err := strconv.ParseUint(id, 16, 64); err == nil && n != 0 {
			b.datapathID = n
		}
	}
	// With a controller configured it is for that to say what is forwarded.
	b.normal = row.Get("fail_mode").String() != "secure" && row.Get("controller").Len() == 0

	hasLocal := false
	for _, uuid := range row.Get("ports").Strings() {
		p := s["Port"][uuid]
		if p == nil {
			continue
		}
		for _, uuid := range p.Get("interfaces").Strings() {
			if row := s["Interface"][uuid]; row != nil {
				i := readInterface(row, b)
				hasLocal = hasLocal || i.local
				b.interfaces = append(b.interfaces, i)
			}
		}
	}
	if !hasLocal {
		b.interfaces = append(b.interfaces, &interfaceConfig{
			name: b.name, kind: "internal", local: true, mac: b.mac, mtu: defaultMTU,
			options: func(string) string { return "" },
		})
	}
	slices.SortFunc(b.interfaces, func(a, b *interfaceConfig) int { return strings.Compare(a.name, b.name) })
	return b
}

const defaultMTU = 1500

func readInterface(row *dbserver.Row, b *bridgeConfig) *interfaceConfig {
	i := &interfaceConfig{
		row: row, name: row.Get("name").String(), kind: row.Get("type").String(),
		mtu: defaultMTU, options: row.Get("options").Lookup,
	}
	i.local = i.name == b.name
	i.mac = hardwareAddr(i.name)
	switch {
	case i.local:
		i.kind, i.mac = "internal", b.mac
	case i.kind == "":
		i.kind = "system"
	}
	if mac, err := net.ParseMAC(row.Get("mac").String()); err == nil && len(mac) == 6 && mac[0]&1 == 0 &&
		i.kind == "internal" && !i.local {
		i.mac = mac
	}
	if mtu, ok := row.Get("mtu_request").Integer(); ok {
		i.mtu = mtu
	}
	i.requested = portNumber(row.Get("ofport_request"))
	i.previous = portNumber(row.Get("ofport"))
	return i
}

// maxPort is the largest number of a port that is not reserved.
const maxPort = 0xfeff

func portNumber(d dbserver.Datum) uint32 {
	n, ok := d.Integer()
	if !ok || n < 1 || n > maxPort {
		return 0
	}
	return uint32(n)
}
