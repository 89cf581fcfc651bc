// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"cmp"
	"crypto/rand"
	"maps"
	"net"
	"slices"

	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// hwaddr is the key of Bridge.other_config with the MAC address.
const hwaddr = "hwaddr"

// bridgeInsert is the place of the bridge's insert in what createOps returns.
const bridgeInsert = 2

// createOps makes the rows of a new bridge.
func createOps(c *Config, datapath string, mac net.HardwareAddr) []ovsdb.Operation {
	owner := map[string]string{mark.Owner: cmp.Or(c.Owner, mark.DefaultOwner)}
	ids := maps.Clone(owner)
	maps.Copy(ids, c.ExternalIDs)
	protocols := c.Protocols
	if protocols == nil {
		protocols = []string{"OpenFlow10", "OpenFlow13", "OpenFlow14", "OpenFlow15"}
	}
	iface := &vswitch.Interface{Name: c.Name, Type: "internal", ExternalIDs: owner}
	if c.MTU != 0 {
		iface.MTURequest = vswitch.Optional(int64(c.MTU))
	}
	return []ovsdb.Operation{
		ovsdb.Insert(vswitch.TableInterface, iface).Named("own_interface"),
		ovsdb.Insert(vswitch.TablePort, &vswitch.Port{
			Name:        c.Name,
			Interfaces:  []string{"own_interface"},
			ExternalIDs: owner,
		}).Named("own_port"),
		ovsdb.Insert(vswitch.TableBridge, &vswitch.Bridge{
			Name:         c.Name,
			Ports:        []string{"own_port"},
			DatapathType: datapath,
			FailMode:     vswitch.Optional(string(cmp.Or(c.FailMode, Secure))),
			Protocols:    protocols,
			OtherConfig:  map[string]string{hwaddr: mac.String()},
			ExternalIDs:  ids,
		}).Named("new_bridge"),
		vswitch.AddBridges("new_bridge"),
	}
}

// updateOps brings the rows of an existing bridge to what the config names, and
// makes the operations that take that back.
func updateOps(c *Config, row *vswitch.Bridge, iface *vswitch.Interface) (do, undo []ovsdb.Operation) {
	now, before := ovsdb.Row{}, ovsdb.Row{}
	if c.Datapath != "" && c.Datapath != row.DatapathType {
		now["datapath_type"], before["datapath_type"] = c.Datapath, row.DatapathType
		// ovs-vswitchd sets it again if it can make the new datapath.
		now["datapath_id"], before["datapath_id"] = (*string)(nil), (*string)(nil)
	}
	if c.FailMode != "" && (row.FailMode == nil || *row.FailMode != string(c.FailMode)) {
		now["fail_mode"], before["fail_mode"] = string(c.FailMode), row.FailMode
	}
	if c.Protocols != nil && !slices.Equal(slices.Sorted(slices.Values(c.Protocols)), row.Protocols) {
		now["protocols"], before["protocols"] = c.Protocols, row.Protocols
	}
	if len(now) > 0 {
		do = append(do, ovsdb.Update(vswitch.TableBridge, now, ovsdb.ByUUID(row.UUID)))
		undo = append(undo, ovsdb.Update(vswitch.TableBridge, before, ovsdb.ByUUID(row.UUID)))
	}
	mutate := func(column string, wanted, there map[string]string) {
		if set, reset := setKeys(column, wanted, there); set != nil {
			do = append(do, ovsdb.Mutate(vswitch.TableBridge, set, ovsdb.ByUUID(row.UUID)))
			undo = append(undo, ovsdb.Mutate(vswitch.TableBridge, reset, ovsdb.ByUUID(row.UUID)))
		}
	}
	mutate("external_ids", c.ExternalIDs, row.ExternalIDs)
	if c.MAC != nil {
		mutate("other_config", map[string]string{hwaddr: c.MAC.String()}, row.OtherConfig)
	}
	if c.MTU != 0 && iface != nil && (iface.MTURequest == nil || *iface.MTURequest != int64(c.MTU)) {
		do = append(do, ovsdb.Update(vswitch.TableInterface, ovsdb.Row{"mtu_request": int64(c.MTU)}, ovsdb.ByUUID(iface.UUID)))
		undo = append(undo, ovsdb.Update(vswitch.TableInterface, ovsdb.Row{"mtu_request": iface.MTURequest}, ovsdb.ByUUID(iface.UUID)))
	}
	return do, undo
}

// setKeys makes the mutations that set some keys of a map column, and those that
// take that back; nil if the keys are as wanted. Other keys are not touched,
// whoever changes them meanwhile.
func setKeys(column string, wanted, there map[string]string) (set, reset []ovsdb.Mutation) {
	var keys []string
	before, now := map[string]string{}, map[string]string{}
	for k, v := range wanted {
		old, ok := there[k]
		if ok && old == v {
			continue
		}
		keys = append(keys, k)
		now[k] = v
		if ok {
			before[k] = old
		}
	}
	if keys == nil {
		return nil, nil
	}
	// An insertion leaves keys that are there as they are.
	remove := ovsdb.Change(column, ovsdb.DeleteFrom, keys)
	return []ovsdb.Mutation{remove, ovsdb.Change(column, ovsdb.InsertInto, now)},
		[]ovsdb.Mutation{remove, ovsdb.Change(column, ovsdb.InsertInto, before)}
}

// randomMAC is a locally administered unicast address.
func randomMAC() net.HardwareAddr {
	mac := make(net.HardwareAddr, 6)
	rand.Read(mac)
	mac[0] = mac[0]&^1 | 2
	return mac
}
