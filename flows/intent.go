// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
)

// Object is an intent: a [Host], an [Uplink], an [Address], a [Network], a [Rule] or an [Endpoint].
type Object interface {
	ref() ref
	fmt.Stringer
}

// Host is the machine the bridge is on, as seen from the bridge: what is behind its own port. A switch has one.
type Host struct {
	// MAC is the address of the bridge's own port.
	MAC net.HardwareAddr `json:"mac"`
	// Addrs are the host's IPv4 and IPv6 addresses, each with its subnet, other than the networks' gateways and link-local
	// ones. All of the machine's belong here, those of its other interfaces included: flows cannot see which addresses
	// the host answers to, so that what an endpoint sends to one that is not listed counts as traffic to the outside.
	Addrs []netip.Prefix `json:"addrs,omitempty"`
}

// has reports whether a is one of the host's addresses.
func (h Host) has(a netip.Addr) bool {
	return slices.ContainsFunc(h.Addrs, func(p netip.Prefix) bool { return p.Addr() == a })
}

// own are the host's addresses of a family, the usual loopback one included.
func (h Host) own(v6 bool) []netip.Addr {
	own := []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	if v6 {
		own[0] = netip.IPv6Loopback()
	}
	for _, p := range h.Addrs {
		if p.Addr().Is6() == v6 {
			own = append(own, p.Addr())
		}
	}
	return own
}

// Uplink is the port that leads outside. A switch has at most one.
type Uplink struct {
	Name string `json:"name"`
	// Port is the OpenFlow port number of the NIC.
	Port uint32 `json:"port"`
	// Addrs are the host's addresses that networks share, out of [Host.Addrs]: at most one of each family. A network whose
	// way out is the uplink needs one of each family that it has.
	Addrs []netip.Addr `json:"addrs,omitempty"`
}

// Address is a spare address, or one of each family, that nobody else has: the host routes it to the bridge's own port
// and answers for it on its link, and networks share it. It needs no NIC on the bridge.
type Address struct {
	Name string `json:"name"`
	// Addrs are the addresses, at most one of each family.
	Addrs []netip.Addr `json:"addrs,omitempty"`
}

// HostAccess says who may begin a connection between a network's endpoints and the host. Zero: nobody.
type HostAccess uint8

// The directions of host access, to be or-ed.
const (
	// ToHost lets endpoints connect to the host: its addresses and their gateway.
	ToHost HostAccess = 1 << iota
	// FromHost lets the host connect to endpoints, from the same.
	FromHost
)

// Network is a set of endpoints that may talk with each other.
type Network struct {
	Name string `json:"name"`
	// Gateways are the host's addresses in the network, each with the subnet that endpoints' addresses come from, such as
	// 10.1.0.1/24 and fd00:1::1/64: one of each family, or of one of them. Subnets of different networks do not overlap.
	Gateways []netip.Prefix `json:"gateways,omitempty"`
	// Egress is the way out; zero is none.
	Egress Egress `json:"egress,omitzero"`
	// Host says who of the endpoints and the host may connect to the other; zero is nobody.
	Host HostAccess `json:"host,omitempty"`
	// Isolated endpoints do not talk with each other, but for what a [Rule] allows.
	Isolated bool `json:"isolated,omitempty"`
	// Multicast lets what an endpoint sends to broadcast and multicast addresses through to all others of the network, on
	// the path of rules or not. The network is not isolated then. A change of one of its endpoints costs a message with all
	// of their ports.
	Multicast bool `json:"multicast,omitempty"`
}

// gateway is the gateway of a family with its subnet.
func (n Network) gateway(f *family) (netip.Prefix, bool) { return pick(f, n.Gateways) }

// Endpoint is one port of the bridge with what is attached to it.
type Endpoint struct {
	Name    string `json:"name"`
	Network string `json:"network"`
	// Port is the OpenFlow port number.
	Port uint32           `json:"port"`
	MAC  net.HardwareAddr `json:"mac"`
	// Addrs are the addresses that the endpoint may use. Of IPv6, link-local ones may be used for neighbour discovery alone.
	Addrs []netip.Addr `json:"addrs,omitempty"`
	// Publish opens ports of the endpoint's first address of each family to the outside.
	Publish []PortMapping `json:"publish,omitempty"`
	// Labels are what a [Rule] may select the endpoint by.
	Labels map[string]string `json:"labels,omitempty"`
	// DHCP lets the endpoint speak with a DHCP server on the host (RFC 2131) to have its declared IPv4 address told, and
	// renewed. The server has to answer to the endpoint's MAC, as it does unless asked to broadcast. It should be bound to the
	// device of the bridge (SO_BINDTODEVICE): with the userspace datapath the host's kernel gives what has no source address and
	// goes to 255.255.255.255 to any other socket at the device of an endpoint as well, past the flows.
	DHCP bool `json:"dhcp,omitempty"`
	// Limit is how much the endpoint may send; nil is no limit.
	Limit *Limit `json:"limit,omitempty"`
	// MirrorTo is the OpenFlow port that gets a copy of what the endpoint sends, and of what it is sent; 0 is none. Of what is
	// for many, of neighbours' MACs and of DHCP, it gets what the endpoint sends alone.
	MirrorTo uint32 `json:"mirrorTo,omitempty"`
}

// Limit is a rate, which a meter keeps: what exceeds it is dropped.
type Limit struct {
	// Kbps is in 1,000 bits a second.
	Kbps uint32 `json:"kbps"`
	// BurstKbits is how much may come at once beyond the rate, in 1,000 bits; zero is what comes in a second.
	BurstKbits uint32 `json:"burstKbits,omitempty"`
}

// addr is the endpoint's first address of a family.
func (e Endpoint) addr(f *family) (netip.Addr, bool) {
	for _, a := range e.Addrs {
		if f.has(a) {
			return a, true
		}
	}
	return netip.Addr{}, false
}

// clone is the endpoint with nothing that the caller can change.
func (e Endpoint) clone() Endpoint {
	e.MAC, e.Addrs, e.Publish = slices.Clone(e.MAC), slices.Clone(e.Addrs), slices.Clone(e.Publish)
	e.Labels = maps.Clone(e.Labels)
	if e.Limit != nil {
		limit := *e.Limit
		e.Limit = &limit
	}
	return e
}

// clones are the objects with nothing that the caller can change.
func clones(objects []Object) []Object {
	objects = slices.Clone(objects)
	for i, o := range objects {
		switch o := o.(type) {
		case Host:
			o.MAC, o.Addrs = slices.Clone(o.MAC), slices.Clone(o.Addrs)
			objects[i] = o
		case Uplink:
			o.Addrs = slices.Clone(o.Addrs)
			objects[i] = o
		case Address:
			o.Addrs = slices.Clone(o.Addrs)
			objects[i] = o
		case Network:
			o.Gateways = slices.Clone(o.Gateways)
			objects[i] = o
		case Rule:
			objects[i] = o.clone()
		case Endpoint:
			objects[i] = o.clone()
		}
	}
	return objects
}

// ref names an object: its kind and its name.
type ref struct {
	kind kind
	name string
}

type kind uint8

// The kinds, what others refer to first.
const (
	kindBase kind = iota // the flows that need no object
	kindHost
	kindUplink
	kindAddress
	kindNetwork
	kindRule
	kindEndpoint
	kindShared   // the flows that several objects have in common
	kindFormer   // a rule of an earlier run, by its number
	kindBalanced // a port outside that endpoints share
)

// compare orders objects so that what others refer to comes first.
func (r ref) compare(o ref) int {
	return cmp.Or(cmp.Compare(r.kind, o.kind), cmp.Compare(r.name, o.name))
}

// String names the object as errors do.
func (r ref) String() string {
	switch r.kind {
	case kindHost:
		return Host{}.String()
	case kindUplink:
		return Uplink{Name: r.name}.String()
	case kindAddress:
		return Address{Name: r.name}.String()
	case kindNetwork:
		return Network{Name: r.name}.String()
	case kindRule:
		return Rule{Name: r.name}.String()
	case kindEndpoint:
		return Endpoint{Name: r.name}.String()
	case kindBalanced:
		return "published port " + r.name
	case kindShared:
		return "rules"
	}
	return "base"
}

func (Host) ref() ref       { return ref{kind: kindHost} }
func (u Uplink) ref() ref   { return ref{kindUplink, u.Name} }
func (a Address) ref() ref  { return ref{kindAddress, a.Name} }
func (n Network) ref() ref  { return ref{kindNetwork, n.Name} }
func (r Rule) ref() ref     { return ref{kindRule, r.Name} }
func (e Endpoint) ref() ref { return ref{kindEndpoint, e.Name} }

func (Host) String() string       { return "host" }
func (u Uplink) String() string   { return fmt.Sprintf("uplink %q", u.Name) }
func (a Address) String() string  { return fmt.Sprintf("address %q", a.Name) }
func (n Network) String() string  { return fmt.Sprintf("network %q", n.Name) }
func (r Rule) String() string     { return fmt.Sprintf("rule %q", r.Name) }
func (e Endpoint) String() string { return fmt.Sprintf("endpoint %q", e.Name) }
