// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"unicode"

	"github.com/ovskit/ovskit/internal/linkconf"
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

// A Route is a route through the bridge's own port.
type Route struct {
	// Dst is the destination; 0.0.0.0/0 and ::/0 are default routes.
	Dst netip.Prefix
	// Via is the next hop. The zero Addr means that Dst is on the link.
	Via netip.Addr
}

// A Config describes a bridge. Only Name is required.
type Config struct {
	// Name is the name of the bridge and of its own port: 1 to 15 bytes,
	// without slash or space.
	Name string
	// Datapath is the datapath's type, one of Open_vSwitch.datapath_types:
	// "system" is the kernel's, "netdev" the one in user space. By default
	// a bridge gets the kernel's if the kernel has it.
	Datapath string
	// FailMode is Secure by default.
	FailMode FailMode
	// Protocols are the versions of OpenFlow to be spoken, such as
	// "OpenFlow13". The default is 1.0, for tools that assume it, and 1.3
	// to 1.5.
	Protocols []string
	// MAC is the MAC address of the bridge's own port. By default it is
	// random and kept in the database, so that it survives restarts and does
	// not change when ports come and go.
	MAC net.HardwareAddr
	// MTU is that of the bridge's own port. By default ovs-vswitchd follows
	// the other ports.
	MTU int
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
	// ExternalIDs are set in Bridge.external_ids.
	ExternalIDs map[string]string
	// Owner is recorded in external_ids of the rows of a bridge that is
	// created, as ovskit-owner; "ovskit" by default.
	Owner string
}

// maxName is the longest name of a network device, IFNAMSIZ less the zero byte.
const maxName = 15

func (c *Config) check() error {
	if err := checkName(c.Name); err != nil {
		return err
	}
	switch c.FailMode {
	case "", Secure, Standalone:
	default:
		return fmt.Errorf("fail mode %q: neither %q nor %q", c.FailMode, Secure, Standalone)
	}
	if c.MAC != nil && (len(c.MAC) != 6 || c.MAC[0]&1 != 0 || c.MAC.String() == "00:00:00:00:00:00") {
		return fmt.Errorf("MAC address %q: not that of an Ethernet interface", c.MAC)
	}
	return c.link().Check()
}

// checkName reports a name that no device can have.
func checkName(name string) error {
	switch {
	case name == "":
		return errors.New("name is empty")
	case len(name) > maxName:
		return fmt.Errorf("name %q: longer than %d bytes", name, maxName)
	case name == "." || name == ".." || strings.ContainsFunc(name, invalidInName):
		return fmt.Errorf("name %q: not valid for a network device", name)
	}
	return nil
}

func invalidInName(r rune) bool {
	return r == '/' || r == ':' || r == unicode.ReplacementChar || unicode.IsSpace(r) || unicode.IsControl(r)
}

// link is what the bridge's own port is given.
func (c *Config) link() linkconf.Config {
	lc := linkconf.Config{Addrs: c.Addrs, MTU: c.MTU}
	for _, r := range c.Routes {
		lc.Routes = append(lc.Routes, linkconf.Route(r))
	}
	return lc
}
