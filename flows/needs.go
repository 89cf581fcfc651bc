// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"net/netip"
	"slices"
)

// Needs are what intents take for granted of the machine that the bridge is on.
type Needs struct {
	// HostAddrs are on some device of the machine. All others that it has are taken for the outside.
	HostAddrs []netip.Prefix
	// BridgeAddrs are on the bridge's own port: the networks' gateways, and what networks share by an uplink.
	BridgeAddrs []netip.Addr
	// BridgeRoutes are spare addresses, which are routed to the bridge's own port.
	BridgeRoutes []netip.Addr
	// Sysctls are kernel parameters.
	Sysctls []Sysctl
}

// Sysctl is a kernel parameter with its value. Elements of the key stand between slashes: "net/ipv4/ip_forward".
type Sysctl struct{ Key, Value string }

// Needs tells what the machine must have for the intents to come true.
func (i Intents) Needs() Needs {
	var n Needs
	need := func(key, value string) {
		if s := (Sysctl{key, value}); !slices.Contains(n.Sysctls, s) {
			n.Sysctls = append(n.Sysctls, s)
		}
	}
	for _, o := range i.Objects {
		switch o := o.(type) {
		case Host:
			n.HostAddrs = append(n.HostAddrs, o.Addrs...)
		case Uplink:
			n.BridgeAddrs = append(n.BridgeAddrs, o.Addrs...)
		case Address:
			n.BridgeRoutes = append(n.BridgeRoutes, o.Addrs...)
		case Network:
			for _, g := range o.Gateways {
				n.BridgeAddrs = append(n.BridgeAddrs, g.Addr())
				f := familyOf(g.Addr())
				switch w := o.Egress.way(f); {
				case w.mode == internal:
				case f.v6:
					need("net/ipv6/conf/all/forwarding", "1")
				default:
					need("net/ipv4/conf/"+i.Bridge+"/forwarding", "1")
					if w.mode != routed {
						// What comes in at the bridge's port may leave by it.
						need("net/ipv4/conf/all/send_redirects", "0")
						need("net/ipv4/conf/"+i.Bridge+"/send_redirects", "0")
					}
				}
			}
		}
	}
	return n
}
