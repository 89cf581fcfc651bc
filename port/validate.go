// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/internal/netns"
)

// Check reports what is wrong with a config by itself, as [Manager.Attach] does before
// it looks at anything.
func (c Config) Check() error { return c.check() }

// check is Check that fills in the defaults that depend on nothing else.
func (c *Config) check() error {
	if c.Name != "" || !c.inNamespace() {
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
	if c.OFPort > maxOFPort {
		return fmt.Errorf("OpenFlow port number %d: not between 1 and %d", c.OFPort, maxOFPort)
	}
	for _, check := range []func() error{
		c.checkDescriptions, c.link().Check, c.VLAN.check, c.Policing.check, c.QoS.check, c.checkExternalIDs, c.checkKind,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// checkDescriptions reports a kind of port without its description, or with another's.
func (c *Config) checkDescriptions() error {
	if (c.Tunnel != nil) != (c.Kind == Tunnel) {
		return fmt.Errorf("a %s port and a description of a tunnel do not belong together", c.Kind)
	}
	if (c.Patch != nil) != (c.Kind == Patch) {
		return fmt.Errorf("a %s port and a description of a patch do not belong together", c.Kind)
	}
	return nil
}

// checkExternalIDs reports keys that say what is whose, and those that other fields
// set: whoever takes them from a later config would take them from the port.
func (c *Config) checkExternalIDs() error {
	for key := range c.ExternalIDs {
		switch {
		case strings.HasPrefix(key, mark.Prefix):
			return fmt.Errorf("external_ids:%s: keys that begin with %q are not the caller's", key, mark.Prefix)
		case key == mark.AttachedMAC, key == mark.ContainerID, key == mark.ContainerIface:
			return fmt.Errorf("external_ids:%s: the MAC address, the container's id and the interface's name set it", key)
		}
	}
	return nil
}

// checkKind reports what does not go with the kind of port.
func (c *Config) checkKind() error {
	switch c.Kind {
	case Veth, Internal:
		return c.checkInterface()
	case Device, Tunnel, Patch:
		if c.Netns != "" || c.HandOver || c.Ifname != "" || c.Gateway.IsValid() || len(c.Routes) > 0 || c.MTU != 0 || len(c.Sysctls) > 0 {
			return fmt.Errorf("namespace, interface name, gateway, routes, MTU and sysctls are of no use for a %s port, "+
				"which has no interface of its own", c.Kind)
		}
	default:
		return fmt.Errorf("kind %s: not known", c.Kind)
	}
	switch {
	case c.Kind == Device && (c.Type == "patch" || c.Type == "internal"):
		return fmt.Errorf("interface type %q: there is a kind of port for it", c.Type)
	case c.Kind == Tunnel:
		return c.Tunnel.check(c)
	case c.Kind == Patch:
		return c.Patch.check(c)
	}
	return nil
}

// checkInterface reports what is wrong with the interface of a Veth or Internal
// port, and names it.
func (c *Config) checkInterface() error {
	if c.Type != "" && (c.Kind != Veth || !strings.HasPrefix(c.Type, "afxdp")) {
		return fmt.Errorf("interface type %q: not one of a %s port", c.Type, c.Kind)
	}
	if c.Netns != "" && c.HandOver {
		return fmt.Errorf("network namespace %q: an interface that is handed over is moved by somebody else", c.Netns)
	}
	if c.Netns == "" && !c.HandOver && c.Kind == Veth {
		return errors.New("no network namespace given")
	}
	if c.HandOver && (len(c.Addrs) > 0 || c.Gateway.IsValid() || len(c.Routes) > 0 || len(c.Sysctls) > 0) {
		return errors.New("addresses, routes and sysctls of an interface that is handed over are set by somebody else")
	}
	for key := range c.Sysctls {
		if err := netns.CheckSysctl(key); err != nil {
			return err
		}
	}
	if c.Kind == Internal {
		if c.Ifname != "" && c.Ifname != c.Name {
			return fmt.Errorf("interface name %q: an internal port has the port's name %q, by which Open vSwitch finds it "+
				"when it starts again", c.Ifname, c.Name)
		}
		c.Ifname = c.Name
		return nil
	}
	if c.Ifname == "" {
		c.Ifname = defaultIfname
	}
	return checkName("interface name", c.Ifname)
}

// checkName reports a name that no device can have.
func checkName(what, name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%s is empty", what)
	case len(name) > maxName:
		return fmt.Errorf("%s %q: longer than %d bytes", what, name, maxName)
	case slices.Contains(reservedNames[:], name) || strings.ContainsFunc(name, invalidInName):
		return fmt.Errorf("%s %q: not valid for a network device", what, name)
	}
	return nil
}

// reservedNames are directories in place of those of devices, below /proc/sys/net.
var reservedNames = [...]string{".", "..", "all", "default"}

// invalidInName reports what the kernel takes in no name. It makes another name of
// one with a percent sign.
func invalidInName(r rune) bool {
	return r == '/' || r == ':' || r == '%' || r == unicode.ReplacementChar || unicode.IsSpace(r) || unicode.IsControl(r)
}
