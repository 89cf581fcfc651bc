// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import "net/netip"

// World is all that is declared.
type World struct {
	// Host are the host's addresses, other than the networks' gateways.
	Host []netip.Prefix
	// Uplink are the addresses that networks share by the uplink, at most one of a family; HasUplink says whether there is one.
	HasUplink bool
	Uplink    []netip.Addr
	// Spare are the spare addresses, by the name of what they are declared as.
	Spare     map[string][]netip.Addr
	Networks  map[string]Network
	Endpoints map[string]Endpoint
	Rules     []Rule
}

// Way is a network's way out in one family.
type Way struct {
	Mode Mode
	// Address names the spare addresses that Behind is behind.
	Address string
}

// Mode is a kind of way out.
type Mode string

// The kinds of ways out.
const (
	Internal Mode = "internal"
	Via      Mode = "via"
	Behind   Mode = "behind"
	Routed   Mode = "routed"
)

// Network is a network with its way out in IPv4 and in IPv6.
type Network struct {
	Gateways         []netip.Prefix
	V4, V6           Way
	ToHost, FromHost bool
	Isolated         bool
	// Multicast is about packets that are for more than one, which are no attempts.
	Multicast bool
}

// way is the way out of the family of an address.
func (n Network) way(a netip.Addr) Way {
	if a.Is4() {
		return n.V4
	}
	return n.V6
}

// Endpoint is an endpoint of a network.
type Endpoint struct {
	Network string
	Addrs   []netip.Addr
	Publish []Mapping
	Labels  map[string]string
	// DHCP and a Limit that is not reached, in kbit/s, change nothing for attempts.
	DHCP  bool
	Limit uint32
	// Mirrored says that somebody gets a copy of all that the endpoint sends and is sent.
	Mirrored bool
}

// Mapping publishes Ports ports from Outside on, at Addr or, if that is not valid, at all there are, as those from Port on.
type Mapping struct {
	Proto   string
	Addr    netip.Addr
	Outside uint16
	Ports   int
	Port    uint16
	Balance Balance
}

// Balance says by what connections to a port are spread over the endpoints that share it; none has it alone.
type Balance string

// The kinds of balance.
const (
	ByConnection Balance = "connection"
	ByClient     Balance = "client"
)

// Rule allows or denies. Without a party it is about anyone, without a service about everything.
type Rule struct {
	Name     string
	From, To []Selector
	Services []Service
	Deny     bool
	Priority uint8
}

// Selector selects by the one of its fields that is not empty.
type Selector struct {
	Endpoint      string
	Labels        map[string]string
	Network       string
	Within        netip.Prefix
	Host, Outside bool
}

// Service is a protocol with the ports First to Last, all of them if both are 0.
type Service struct {
	Proto       string
	First, Last uint16
}

// The kinds of parties.
const (
	Nobody  = ""
	TheHost = "host"
	// Outside is beyond the uplink, or wherever the host routes to.
	Outside = "outside"
	// Forwarded is a machine outside whose packets the host forwards into the bridge.
	Forwarded = "forwarded"
)

// Attempt is the first packet of a connection, of which Proto is tcp, udp, sctp or ping. From is one of the kinds of
// parties, else the name of an endpoint. The ports of a ping are 0.
type Attempt struct {
	From     string
	Proto    string
	Src, Dst netip.AddrPort
	// Chosen is the endpoint that a switch has chosen for it of those that share the port, if it is one that endpoints share.
	Chosen string
}

// Verdict is what becomes of an attempt: who gets it, Nobody if it is dropped, and with which addresses. A translated
// source may have another port, if its own is taken.
type Verdict struct {
	To         string
	Src, Dst   netip.AddrPort
	Translated bool
	// Why says which sentence of the documentation decides.
	Why string
}
