// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import (
	"fmt"
	"hash/fnv"
	"net"
	"slices"
)

// datapathTypes are the values of Bridge.datapath_type that work; here they are all the same.
var datapathTypes = []string{"dummy", "netdev", "system"}

// The interface types that open, by what they need.
var (
	plainTypes  = []string{"dummy", "internal", "tap"}
	deviceTypes = []string{"afxdp", "afxdp-nonpmd", "system"}
	tunnelTypes = []string{
		"bareudp", "erspan", "geneve", "gre", "gtpu", "ip6erspan", "ip6gre", "lisp", "stt", "vxlan",
	}
)

const patchType = "patch"

func interfaceTypes() []string {
	types := []string{patchType}
	for _, t := range [][]string{plainTypes, deviceTypes, tunnelTypes} {
		types = append(types, t...)
	}
	return types
}

// hardwareAddr derives a stable, locally administered Ethernet address from a name.
func hardwareAddr(name string) net.HardwareAddr {
	h := fnv.New64a()
	h.Write([]byte(name))
	mac := net.HardwareAddr(h.Sum(nil)[:6])
	mac[0] = mac[0]&^1 | 2
	return mac
}

// HWAddr is the Ethernet address that an interface of that name gets unless the database says otherwise.
func HWAddr(name string) net.HardwareAddr { return hardwareAddr(name) }

// open says why an interface cannot be opened, in the words of ovs-vswitchd.
func (i *interfaceConfig) open(h Host) error {
	switch {
	case slices.Contains(plainTypes, i.kind):
		return nil
	case slices.Contains(deviceTypes, i.kind):
		if !h.HasDevice(i.name) {
			return fmt.Errorf("could not open network device %s (No such device)", i.name)
		}
		return nil
	case slices.Contains(tunnelTypes, i.kind):
		if remote := i.options("remote_ip"); remote != "flow" && net.ParseIP(remote) == nil && i.kind != "bareudp" {
			return fmt.Errorf("%s: %s type requires valid 'remote_ip' argument", i.name, i.kind)
		}
		return nil
	case i.kind == patchType:
		switch i.options("peer") {
		case "":
			return fmt.Errorf("%s: patch type requires valid 'peer' argument", i.name)
		case i.name:
			return fmt.Errorf("%s: patch peer must not be self", i.name)
		}
		return nil
	default:
		return fmt.Errorf("could not open network device %s (Address family not supported by protocol)", i.name)
	}
}

// hasMTU reports whether the switch knows the MTU of an interface.
func (i *interfaceConfig) hasMTU() bool {
	return !slices.Contains(tunnelTypes, i.kind) && i.kind != patchType
}
