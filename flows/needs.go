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
	// ForwardsIn says that IPv4 packets for endpoints come in by other devices than the bridge's own port, of which one at
	// least has to forward: net/ipv4/conf/DEVICE/forwarding is 1.
	ForwardsIn bool
	// FreePorts are published ports that no program of the machine is reached at any more, if it has them.
	FreePorts []FreePort
}

// FreePort is a range of ports of the host that an endpoint publishes.
type FreePort struct {
	Endpoint string
	Proto    Proto
	// Addr is an address of the host; an unspecified one stands for all of its family.
	Addr        netip.Addr
	First, Last uint16
}

// Sysctl is a kernel parameter with its value. Elements of the key stand between slashes: "net/ipv4/ip_forward".
type Sysctl struct{ Key, Value string }

// freePorts are those that an endpoint of a network needs.
func (e Endpoint) freePorts(n Network) (ports []FreePort) {
	for _, m := range e.Publish {
		for _, f := range families {
			if _, has := e.addr(f); !has || m.HostPort == 0 || m.HostAddr.IsValid() && !f.has(m.HostAddr) {
				continue
			}
			if n.Egress.way(f).mode != viaUplink && !m.HostAddr.IsLoopback() {
				continue // they are not the host's
			}
			p := FreePort{e.Name, m.Proto, m.HostAddr, m.HostPort, max(m.HostPort, m.HostPortEnd)}
			if !p.Addr.IsValid() {
				p.Addr = netip.IPv4Unspecified()
				if f.v6 {
					p.Addr = netip.IPv6Unspecified()
				}
			}
			ports = append(ports, p)
		}
	}
	return ports
}

// Needs tells what the machine must have for the intents to come true.
func (i Intents) Needs() Needs {
	var n Needs
	need := func(key, value string) {
		if s := (Sysctl{key, value}); !slices.Contains(n.Sysctls, s) {
			n.Sysctls = append(n.Sysctls, s)
		}
	}
	networks, hasUplink := map[string]Network{}, false
	for _, o := range i.Objects {
		switch o := o.(type) {
		case Network:
			networks[o.Name] = o
		case Uplink:
			hasUplink = true
		}
	}
	for _, o := range i.Objects {
		switch o := o.(type) {
		case Endpoint:
			n.FreePorts = append(n.FreePorts, o.freePorts(networks[o.Network])...)
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
				if !f.v6 { // flows do not see the options of IPv4
					need("net/ipv4/conf/all/accept_source_route", "0")
				}
				switch w := o.Egress.way(f); {
				case w.mode == internal:
				case f.v6:
					need("net/ipv6/conf/all/forwarding", "1")
				default:
					need("net/ipv4/conf/"+i.Bridge+"/forwarding", "1")
					n.ForwardsIn = n.ForwardsIn || w.mode != viaUplink && !hasUplink
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
