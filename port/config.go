// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"unicode"

	"github.com/ovskit/ovskit/internal/linkconf"
	"github.com/ovskit/ovskit/internal/mark"
)

// A Kind is what a port is made of.
type Kind int

// The kinds of ports.
const (
	// Veth is a pair of devices: the port, and an interface in a namespace.
	Veth Kind = iota
	// Device is a device that exists already, or one that ovs-vswitchd makes
	// by itself from its Type.
	//
	// A device of the kernel, such as a NIC, is taken from the machine's own
	// IP stack as long as it is the port of a bridge with a datapath in user
	// space: that gets only copies of what arrives, and the kernel would go on
	// to answer ARP requests and to receive and forward packets past the
	// bridge's flows. The device's sysctl parameters arp_ignore, rp_filter,
	// forwarding and disable_ipv6 are changed for this, noted in
	// Interface.external_ids, and restored by Detach. The device loses its
	// IPv6 addresses. Those of IPv4 are to be moved to the bridge's own port
	// as well: where net.ipv4.conf.all.rp_filter is 2, packets to the MAC
	// address of a device that has one still reach the machine's own sockets.
	Device
)

func (k Kind) String() string {
	switch k {
	case Veth:
		return "veth"
	case Device:
		return "device"
	}
	return fmt.Sprintf("Kind(%d)", int(k))
}

// A Route is a route of the interface in the namespace.
type Route struct {
	// Dst is the destination.
	Dst netip.Prefix
	// Via is the next hop. The zero Addr means that Dst is on the link.
	Via netip.Addr
}

// A Config describes a port.
type Config struct {
	// Bridge is the name of the bridge, which must exist.
	Bridge string
	// Name is the name of the port and of its device on the switch's side,
	// 1 to 15 bytes without slash or space. A veth port has by default a
	// name that is derived from Netns and Ifname, and always the same for
	// the same two. [Get] and [Detach] ask for it.
	Name string
	// Kind is Veth by default.
	Kind Kind
	// Type is the interface's type of a Device port, "" for a device of the
	// kernel.
	Type string

	// Netns is the path or name of the namespace that a veth port leads to.
	Netns string
	// Ifname is the interface's name in the namespace; "eth0" by default.
	Ifname string
	// MAC is the MAC address at the far end: of the interface in the
	// namespace, random by default, or of what is behind a Device port, for
	// which it is only recorded.
	MAC net.HardwareAddr
	// Addrs are the addresses of the interface in the namespace. For a
	// Device port they are only returned in [Port].
	Addrs []netip.Prefix
	// Gateway is the next hop of the default route of its family; it must be
	// in the subnet of one of Addrs. The zero Addr means no default route.
	Gateway netip.Addr
	// Routes are further routes of the interface in the namespace.
	Routes []Route
	// MTU is that of both ends of a veth port; by default the kernel's.
	MTU int

	// SwitchNetns is the path or name of the namespace that the switch runs
	// in; empty is the current one, for Detach that of its caller. Paths
	// under /proc are of use only as long as the process lives.
	SwitchNetns string
	// ContainerID is recorded in Interface.external_ids as container_id, with
	// Ifname as container_iface, as ovs-docker(8) does.
	ContainerID string
	// ExternalIDs are set in Interface.external_ids.
	ExternalIDs map[string]string
	// Owner is recorded in external_ids as ovskit-owner; "ovskit" by default.
	Owner string
}

// label names the port for an error: by what was given of its name and place.
func (c *Config) label() string {
	if c.Name == "" && c.Kind == Veth && c.Netns != "" {
		return fmt.Sprintf("interface %q of network namespace %q", cmp.Or(c.Ifname, defaultIfname), c.Netns)
	}
	return fmt.Sprintf("port %q", c.Name)
}

const (
	maxName       = 15 // of a network device: IFNAMSIZ less the zero byte
	defaultIfname = "eth0"
)

// check reports what is wrong by itself, before anything is looked at, and
// fills in the defaults that depend on nothing else.
func (c *Config) check() error {
	if c.Name != "" || c.Kind != Veth {
		if err := checkName("name", c.Name); err != nil {
			return err
		}
	}
	if c.Bridge == "" {
		return errors.New("no bridge given")
	}
	if c.MAC != nil && (len(c.MAC) != 6 || c.MAC[0]&1 != 0 || c.MAC.String() == "00:00:00:00:00:00") {
		return fmt.Errorf("MAC address %q: not that of an Ethernet interface", c.MAC)
	}
	if c.Gateway.IsValid() && !c.link().Reaches(c.Gateway) {
		return fmt.Errorf("gateway %s: not a neighbour in the subnet of any address %v", c.Gateway, c.Addrs)
	}
	if err := c.link().Check(); err != nil {
		return err
	}
	switch c.Kind {
	case Veth:
		if c.Netns == "" {
			return errors.New("no network namespace given")
		}
		if c.Type != "" {
			return fmt.Errorf("interface type %q: a veth port has none", c.Type)
		}
		if c.Ifname == "" {
			c.Ifname = defaultIfname
		}
		return checkName("interface name", c.Ifname)
	case Device:
		if c.Netns != "" || c.Ifname != "" || c.Gateway.IsValid() || len(c.Routes) > 0 || c.MTU != 0 {
			return errors.New("namespace, interface name, gateway, routes and MTU are of no use for an existing device")
		}
		return nil
	}
	return fmt.Errorf("kind %s: not known", c.Kind)
}

// checkName reports a name that no device can have.
func checkName(what, name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%s is empty", what)
	case len(name) > maxName:
		return fmt.Errorf("%s %q: longer than %d bytes", what, name, maxName)
	case name == "." || name == ".." || strings.ContainsFunc(name, invalidInName):
		return fmt.Errorf("%s %q: not valid for a network device", what, name)
	}
	return nil
}

func invalidInName(r rune) bool {
	return r == '/' || r == ':' || r == unicode.ReplacementChar || unicode.IsSpace(r) || unicode.IsControl(r)
}

// derivedName is the name of a port that leads to an interface.
func derivedName(netnsPath, ifname string) string {
	sum := sha256.Sum256([]byte(netnsPath + "\x00" + ifname))
	return fmt.Sprintf("ovs%x", sum[:(maxName-len("ovs"))/2])
}

// owner is who the rows and devices belong to.
func (c *Config) owner() string { return cmp.Or(c.Owner, mark.DefaultOwner) }

// link is what the interface in the namespace is given.
func (c *Config) link() linkconf.Config {
	lc := linkconf.Config{Addrs: c.Addrs, MTU: c.MTU}
	if c.Gateway.IsValid() {
		lc.Routes = append(lc.Routes, linkconf.Route{Dst: defaultRoute(c.Gateway), Via: c.Gateway})
	}
	for _, r := range c.Routes {
		lc.Routes = append(lc.Routes, linkconf.Route(r))
	}
	return lc
}

func defaultRoute(gateway netip.Addr) netip.Prefix {
	if gateway.Is4() {
		return netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	}
	return netip.PrefixFrom(netip.IPv6Unspecified(), 0)
}
