// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// maxName is the longest name of a network device, IFNAMSIZ less the zero byte.
const maxName = 15

const maxInt32 = math.MaxInt32

// The values of Bridge.protocols.
var protocols = []string{
	vswitch.BridgeProtocolsOpenFlow10, vswitch.BridgeProtocolsOpenFlow11, vswitch.BridgeProtocolsOpenFlow12,
	vswitch.BridgeProtocolsOpenFlow13, vswitch.BridgeProtocolsOpenFlow14, vswitch.BridgeProtocolsOpenFlow15,
}

func (c *Config) check() error {
	if err := checkName(c.Name); err != nil {
		return err
	}
	switch c.FailMode {
	case "", Secure, Standalone:
	default:
		return fmt.Errorf("fail mode %q: neither %q nor %q", c.FailMode, Secure, Standalone)
	}
	for i, p := range c.Protocols {
		switch {
		case !slices.Contains(protocols, p):
			return fmt.Errorf("protocol %q: want one of %s", p, strings.Join(protocols, ", "))
		case slices.Contains(c.Protocols[:i], p):
			return fmt.Errorf("protocol %q: given twice", p)
		}
	}
	if len(c.MAC) > 0 && !isInterfaceMAC(c.MAC) {
		return fmt.Errorf("MAC address %q: not that of an Ethernet interface", c.MAC)
	}
	for i, v := range c.FloodVLANs {
		switch {
		case v < 0 || v > 4095:
			return fmt.Errorf("flood VLAN %d: not between 0 and 4095", v)
		case slices.Contains(c.FloodVLANs[:i], v):
			return fmt.Errorf("flood VLAN %d: given twice", v)
		}
	}
	if c.STP != nil && c.RSTP != nil && c.STP.Enable && c.RSTP.Enable {
		return errors.New("STP and RSTP: only one of them can be enabled")
	}
	for _, part := range c.parts() {
		if err := part.check(); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	if err := checkControllers(c.Controllers); err != nil {
		return err
	}
	if err := c.checkOtherConfig(); err != nil {
		return err
	}
	link := c.link()
	link.MTU = max(link.MTU, 0) // AutoMTU is fine
	if c.MTU < 0 && c.MTU != AutoMTU {
		link.MTU = c.MTU
	}
	return link.Check()
}

// checkOtherConfig keeps keys that fields of Config stand for out of OtherConfig.
func (c *Config) checkOtherConfig() error {
	fields := map[string]string{hwaddr: "MAC", datapathID: "DatapathID"}
	for name, keys := range map[string]map[string]string{
		"STP": new(STP).otherConfig(), "RSTP": new(RSTP).otherConfig(),
		"MulticastSnooping": new(MulticastSnooping).otherConfig(), "MACTable": new(MACTable).otherConfig(),
	} {
		for key := range keys {
			fields[key] = name
		}
	}
	for key := range c.OtherConfig {
		if field, ok := fields[key]; ok {
			return fmt.Errorf("other_config key %q: field %s of Config stands for it", key, field)
		}
	}
	return nil
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

func invalidInName(r rune) bool { return r == '/' || r == ':' || invalidInTarget(r) }

func invalidInTarget(r rune) bool {
	return r == unicode.ReplacementChar || unicode.IsSpace(r) || unicode.IsControl(r)
}

// isInterfaceMAC reports whether an address can be that of an Ethernet interface.
func isInterfaceMAC(mac net.HardwareAddr) bool {
	return len(mac) == 6 && mac[0]&1 == 0 && mac.String() != "00:00:00:00:00:00"
}

// checkRange checks a number unless it is 0, which stands for the default.
func checkRange(what string, n, least, most int) error {
	if n != 0 && (n < least || n > most) {
		return fmt.Errorf("%s %d: not between %d and %d", what, n, least, most)
	}
	return nil
}

// checkSeconds checks a time unless it is 0, which stands for the default.
func checkSeconds(what string, d time.Duration, least, most int64) error {
	n := int64(d / time.Second)
	if d != 0 && (d%time.Second != 0 || n < least || n > most) {
		return fmt.Errorf("%s %v: not whole seconds from %ds to %ds", what, d, least, most)
	}
	return nil
}

// optional is a value of an optional column that is empty for the zero value.
func optional[T comparable](value T) *T {
	var zero T
	if value == zero {
		return nil
	}
	return &value
}

// netmask is the mask of an IPv4 prefix, as in "255.255.255.0".
func netmask(p netip.Prefix) string { return net.IP(net.CIDRMask(p.Bits(), 32)).String() }
