// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"net"
	"net/netip"

	"github.com/ovskit/ovskit/internal/linkconf"
)

// A Route is a route of the interface in the namespace.
type Route struct {
	// Dst is the destination.
	Dst netip.Prefix `json:"dst"`
	// Via is the next hop. The zero Addr means that Dst is on the link.
	Via netip.Addr `json:"via,omitzero"`
}

// A Config describes a port.
type Config struct {
	// Bridge is the name of the bridge, which must exist.
	Bridge string `json:"-"`
	// Name is the name of the port and of its device on the switch's side,
	// 1 to 15 bytes without slash or space. A veth port and an internal port
	// in a namespace have by default a name that is derived from Netns and
	// Ifname, and always the same for the same two. [Manager.Get] and
	// [Manager.Detach] ask for it.
	Name string `json:"-"`
	// Kind is Veth by default.
	Kind Kind `json:"-"`
	// Type is the interface's type of a Device port, "" for a device of the
	// kernel; of a Veth port it can be "afxdp".
	Type string `json:"type,omitempty"`
	// Options are Interface.options beside those that other fields set.
	Options map[string]string `json:"options,omitempty"`
	// Tunnel says where a Tunnel port leads.
	Tunnel *TunnelConfig `json:"tunnel,omitempty"`
	// Patch says where a Patch port leads.
	Patch *PatchConfig `json:"patch,omitempty"`
	// OFPort asks for an OpenFlow port number, 1 to 65279; 0 leaves it to the
	// switch. One that another port of the bridge has is refused with
	// [ErrExists]. Which it has got is in [Port].
	OFPort uint32 `json:"ofport,omitempty"`

	// Netns is the network namespace of the interface of a Veth or Internal
	// port: its name, its path, or "pid:" and the number of a process in it.
	Netns string `json:"netns,omitempty"`
	// HandOver leaves the interface of a Veth or Internal port in the
	// switch's namespace, for somebody else to move it and to give it its
	// addresses and routes. It is down. Its name is Ifname.
	HandOver bool `json:"handOver,omitempty"`
	// Ifname is the interface's name in the namespace; "eth0" by default. That
	// of an Internal port is Name.
	Ifname string `json:"ifname,omitempty"`
	// MAC is the MAC address at the far end: of the interface in the
	// namespace, random by default, or of what is behind a Device port, for
	// which it is only recorded.
	MAC net.HardwareAddr `json:"-"`
	// Addrs are the addresses of the interface in the namespace. For a
	// Device port they are only returned in [Port].
	Addrs []netip.Prefix `json:"addrs,omitempty"`
	// Gateway is the next hop of the default route of its family; it must be
	// in the subnet of one of Addrs. The zero Addr means no default route.
	Gateway netip.Addr `json:"gateway,omitzero"`
	// Routes are further routes of the interface in the namespace.
	Routes []Route `json:"routes,omitempty"`
	// MTU is that of both ends of a veth port, or of an internal port; by
	// default the kernel's or the switch's.
	MTU int `json:"mtu,omitempty"`
	// Sysctls are parameters of the namespace that are set after the
	// interface is there, by their names below net, such as
	// "net.ipv4.conf.eth0.arp_notify". They stay when the port goes.
	Sysctls map[string]string `json:"sysctls,omitempty"`

	// VLAN says which VLANs pass the port and how they are tagged.
	VLAN VLAN `json:"vlan,omitzero"`
	// Policing limits what the switch takes from the port.
	Policing Policing `json:"policing,omitzero"`
	// QoS shapes what the switch sends to the port; nil leaves it unshaped.
	QoS *QoS `json:"qos,omitempty"`

	// ContainerID is recorded in Interface.external_ids as container_id, with
	// Ifname as container_iface, as ovs-docker(8) does.
	ContainerID string `json:"-"`
	// ExternalIDs are set in Interface.external_ids. Keys that begin with
	// "ovskit-" and those that other fields set are refused.
	ExternalIDs map[string]string `json:"externalIDs,omitempty"`
}

const (
	maxName       = 15 // of a network device: IFNAMSIZ less the zero byte
	defaultIfname = "eth0"
	maxOFPort     = 0xfeff // OFPP_MAX of OpenFlow 1.0, which the switch keeps to
)

// label names the port for an error: by what was given of its name and place.
func (c *Config) label() string {
	if c.Name == "" && c.inNamespace() {
		return fmt.Sprintf("interface %q of network namespace %q", cmp.Or(c.Ifname, defaultIfname), c.Netns)
	}
	return fmt.Sprintf("port %q", c.Name)
}

// hasInterface reports whether the port has an interface besides its device on
// the switch's side, or that device is one.
func (c *Config) hasInterface() bool { return c.Kind == Veth || c.Kind == Internal }

// inNamespace reports whether the interface is put into a namespace and
// configured there.
func (c *Config) inNamespace() bool { return c.hasInterface() && c.Netns != "" }

// derivedName is the name of a port that leads to an interface.
func derivedName(netnsPath, ifname string) string {
	sum := sha256.Sum256([]byte(netnsPath + "\x00" + ifname))
	return fmt.Sprintf("ovs%x", sum[:(maxName-len("ovs"))/2])
}

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
