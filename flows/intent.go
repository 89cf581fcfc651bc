// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"slices"
)

// Object is an intent: a [Host], an [Uplink], a [Network] or an [Endpoint].
type Object interface {
	ref() ref
	fmt.Stringer
}

// ref names an object: its kind and its name.
type ref struct {
	kind kind
	name string
}

type kind uint8

const (
	kindBase kind = iota // the flows that need no object
	kindHost
	kindUplink
	kindNetwork
	kindEndpoint
)

// Host is the machine the bridge is on, as seen from the bridge: what is behind its own port. A switch has one.
type Host struct {
	// MAC is the address of the bridge's own port.
	MAC net.HardwareAddr
	// Addrs are the host's IPv4 addresses, each with its subnet, other than the networks' gateways. All of the machine's
	// belong here, those of its other interfaces included: flows cannot see which addresses the host answers to, so
	// that what an endpoint sends to one that is not listed counts as traffic to the outside.
	Addrs []netip.Prefix
}

// has reports whether a is one of the host's addresses.
func (h Host) has(a netip.Addr) bool {
	return slices.ContainsFunc(h.Addrs, func(p netip.Prefix) bool { return p.Addr() == a })
}

// Uplink is the port that leads outside. A switch has at most one.
type Uplink struct {
	Name string
	// Port is the OpenFlow port number of the NIC.
	Port uint32
	// Addr is the host's IPv4 address that the networks share, one of [Host.Addrs].
	Addr netip.Addr
}

// HostAccess says who may begin a connection between a network's endpoints and the host. Zero: nobody.
type HostAccess uint8

// The directions of host access, to be or-ed.
const (
	// ToHost lets endpoints connect to the host: its addresses and their gateway.
	ToHost HostAccess = 1 << iota
	// FromHost lets the host connect to endpoints.
	FromHost
)

// Egress is a network's way out. The zero value is none: an internal network.
type Egress struct{ uplink string }

// Via is the way out through the uplink of that name, masqueraded as the uplink's address.
func Via(uplink string) Egress { return Egress{uplink: uplink} }

// Network is a set of endpoints that may talk with each other.
type Network struct {
	Name string
	// Subnet is the IPv4 prefix that the endpoints' addresses come from. Subnets of different networks do not overlap.
	Subnet netip.Prefix
	// Gateway is the host's address in the subnet.
	Gateway netip.Addr
	Egress  Egress
	Host    HostAccess
}

// Endpoint is one port of the bridge with what is attached to it.
type Endpoint struct {
	Name    string
	Network string
	// Port is the OpenFlow port number.
	Port uint32
	MAC  net.HardwareAddr
	// Addrs are the IPv4 addresses that the endpoint may use.
	Addrs []netip.Addr
	// Publish opens ports of the endpoint's first address to the outside.
	Publish []PortMapping
}

// Proto is a transport protocol, by its IANA number.
type Proto uint8

// The protocols that ports can be published of.
const (
	TCP Proto = 6
	UDP Proto = 17
)

func (p Proto) String() string {
	switch p {
	case TCP:
		return "tcp"
	case UDP:
		return "udp"
	}
	return fmt.Sprintf("protocol %d", uint8(p))
}

// PortMapping publishes a port of an endpoint at a port of the uplink's address.
type PortMapping struct {
	Proto Proto
	// HostPort is the port outside, on the uplink's address.
	HostPort uint16
	// Port is the port of the endpoint.
	Port uint16
}

func (m PortMapping) String() string { return fmt.Sprintf("%d/%s", m.HostPort, m.Proto) }

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
	case kindNetwork:
		return Network{Name: r.name}.String()
	case kindEndpoint:
		return Endpoint{Name: r.name}.String()
	}
	return "base"
}

func (Host) ref() ref       { return ref{kind: kindHost} }
func (u Uplink) ref() ref   { return ref{kindUplink, u.Name} }
func (n Network) ref() ref  { return ref{kindNetwork, n.Name} }
func (e Endpoint) ref() ref { return ref{kindEndpoint, e.Name} }

func (Host) String() string       { return "host" }
func (u Uplink) String() string   { return fmt.Sprintf("uplink %q", u.Name) }
func (n Network) String() string  { return fmt.Sprintf("network %q", n.Name) }
func (e Endpoint) String() string { return fmt.Sprintf("endpoint %q", e.Name) }
