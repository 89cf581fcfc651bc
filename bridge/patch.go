// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"cmp"
	"fmt"

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
