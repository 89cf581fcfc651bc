// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"net"
	"net/netip"

	"github.com/ovskit/ovskit/internal/linkconf"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// A FailMode says what a bridge does without a controller and without flows.
type FailMode string

// The fail modes, ovs-vswitchd.conf.db(5).
const (
	// Secure forwards only what flows say.
	Secure FailMode = "secure"
	// Standalone makes the bridge an ordinary learning switch.
	Standalone FailMode = "standalone"
)

// AutoMTU as the MTU of a Config takes back the request for one.
const AutoMTU = -1

// A Route is a route through the bridge's own port.
type Route struct {
	// Dst is the destination; 0.0.0.0/0 and ::/0 are default routes.
	Dst netip.Prefix
	// Via is the next hop, in the subnet of one of the Addrs that are given with it.
	// The zero Addr means that Dst is on the link.
	Via netip.Addr
}

// A Config describes a bridge. Only Name is required.
//
// A field that is zero is not given: it has its default in a bridge that is
// created, and stays as it is in one that exists. To ask for none, give a slice
// that is empty but not nil, or a pointer to the zero value of a struct.
type Config struct {
	// Name is the name of the bridge and of its own port: 1 to 15 bytes,
	// without slash or space.
	Name string
	// Datapath is the datapath's type, one of Open_vSwitch.datapath_types:
	// "system" is the kernel's, "netdev" the one in user space. By default
	// a bridge gets the kernel's if the kernel has it.
	Datapath string
	// DatapathID is what OpenFlow identifies the bridge by. By default, which a
	// pointer to 0 goes back to, it is made of the MAC address.
	DatapathID *uint64
	// FailMode is Secure by default.
	FailMode FailMode
	// Protocols are the versions of OpenFlow to be spoken, such as
	// "OpenFlow13". The default is 1.0, for tools that assume it, and 1.3
	// to 1.5. Empty but not nil are those that ovs-vswitchd has by default.
	Protocols []string
	// Controllers are all OpenFlow controllers of the bridge. A controller that
	// has the target of one of these is changed, others are removed.
	Controllers []Controller
	// MAC is the MAC address of the bridge's own port. By default it is
	// random and kept in the database, so that it survives restarts and does
	// not change when ports come and go. Empty but not nil lets it change.
	MAC net.HardwareAddr
	// MTU is that of the bridge's own port. By default, which AutoMTU goes back
	// to, ovs-vswitchd follows the other ports.
	MTU int
	// STP and RSTP are the spanning tree protocols, of which one can be enabled:
	// where RSTP is, STP has no effect.
	STP  *STP
	RSTP *RSTP
	// MulticastSnooping is off by default.
	MulticastSnooping *MulticastSnooping
	// MACTable bounds what the bridge learns.
	MACTable *MACTable
	// FloodVLANs are VLANs on which nothing is learned and everything flooded,
	// 0 to 4095.
	FloodVLANs []int
	// NetFlow, SFlow and IPFIX are where the bridge sends what it sees, as rows
	// of the tables of these names, ovs-vswitchd.conf.db(5). The UUID does not
	// matter. One without targets is none. Keys of external_ids that somebody
	// else has set in the row before are kept.
	NetFlow *vswitch.NetFlow
	SFlow   *vswitch.SFlow
	IPFIX   *vswitch.IPFIX
	// Addrs are added to the bridge's own port, which is then set up.
	Addrs []netip.Prefix
	// Routes are added through the bridge's own port, which is then set up.
	Routes []Route
	// SwitchNetns is the path or name of the network namespace that the
	// switch runs in; empty is the current one.
	SwitchNetns string
	// RunDir is the directory with the switch's management sockets. By
	// default it is the one of the database's socket.
	RunDir string
	// OtherConfig is set in Bridge.other_config, for what there is no field for.
	// An empty value removes the key. Other keys stay.
	OtherConfig map[string]string
	// ExternalIDs are set in Bridge.external_ids. An empty value removes the
	// key. Other keys stay.
	ExternalIDs map[string]string
	// Owner is recorded in external_ids of the rows of a bridge that is
	// created, as ovskit-owner; "ovskit" by default.
	Owner string
}

// A part is a group of settings of a Config that were given.
type part struct {
	name  string
	check func() error
}

// parts returns the groups of settings that were given.
func (c *Config) parts() (parts []part) {
	add := func(given bool, name string, check func() error) {
		if given {
			parts = append(parts, part{name, check})
		}
	}
	add(c.STP != nil, "STP", func() error { return c.STP.check() })
	add(c.RSTP != nil, "RSTP", func() error { return c.RSTP.check() })
	add(c.MulticastSnooping != nil, "multicast snooping", func() error { return c.MulticastSnooping.check() })
	add(c.MACTable != nil, "MAC table", func() error { return c.MACTable.check() })
	add(c.NetFlow != nil, "NetFlow", func() error { return checkNetFlow(c.NetFlow) })
	add(c.SFlow != nil, "sFlow", func() error { return checkSFlow(c.SFlow) })
	add(c.IPFIX != nil, "IPFIX", func() error { return checkIPFIX(c.IPFIX) })
	return parts
}

// link is what the bridge's own port is given.
func (c *Config) link() linkconf.Config {
	lc := linkconf.Config{Addrs: c.Addrs, MTU: c.MTU}
	for _, r := range c.Routes {
		lc.Routes = append(lc.Routes, linkconf.Route(r))
	}
	return lc
}
