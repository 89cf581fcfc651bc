// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// A TunnelConfig says where a Tunnel port leads. Its zero parts are set by flows
// for each packet, in tun_src, tun_dst and tun_id.
type TunnelConfig struct {
	// Type is the interface's type: "vxlan", "geneve", "gre", "erspan", "gtpu",
	// "ip6gre", "ip6erspan", "lisp", "stt" or "bareudp".
	Type string `json:"type"`
	// Remote is the address of the other end; the zero Addr leaves it to flows.
	Remote netip.Addr `json:"remote,omitzero"`
	// Local is the address of this end, from which packets come and at which
	// they must arrive. The zero Addr lets the routing table choose and
	// accepts any; LocalFlow leaves it to flows.
	Local netip.Addr `json:"local,omitzero"`
	// LocalFlow leaves the address of this end to flows.
	LocalFlow bool `json:"localFlow,omitempty"`
	// Key is the VNI or GRE key; nil leaves it to flows.
	Key *uint32 `json:"key,omitempty"`
	// DstPort is the UDP port of the other end; 0 is the protocol's own.
	DstPort uint16 `json:"dstPort,omitempty"`
	// Checksum has the outer header's checksum computed, where the protocol
	// has one that is optional.
	Checksum bool `json:"checksum,omitempty"`
}

var tunnelTypes = []string{"vxlan", "geneve", "gre", "erspan", "gtpu", "ip6gre", "ip6erspan", "lisp", "stt", "bareudp"}

func (t *TunnelConfig) check(c *Config) error {
	switch {
	case !slices.Contains(tunnelTypes, t.Type):
		return fmt.Errorf("tunnel type %q: not one of %s", t.Type, strings.Join(tunnelTypes, ", "))
	case c.Type != "":
		return fmt.Errorf("interface type %q: that of a tunnel is in its own description", c.Type)
	case t.Local.IsValid() && t.LocalFlow:
		return fmt.Errorf("local address %s: it is left to flows as well", t.Local)
	case t.Remote.IsValid() && (t.Remote.IsUnspecified() || t.Remote.IsMulticast() && t.Type != "vxlan"):
		return fmt.Errorf("remote address %s: not that of a host", t.Remote)
	case t.Remote.IsValid() && t.Local.IsValid() && t.Remote.Is4() != t.Local.Is4():
		return fmt.Errorf("remote address %s and local address %s: not of the same family", t.Remote, t.Local)
	case t.Key != nil && *t.Key >= 1<<24 && (t.Type == "vxlan" || t.Type == "geneve"):
		return fmt.Errorf("key %d: above %d", *t.Key, 1<<24-1)
	case c.MAC != nil:
		return errors.New("MAC address: there is no single one behind a tunnel")
	}
	for name := range t.options() {
		if _, ok := c.Options[name]; ok {
			return fmt.Errorf("option %q: set by the description of the tunnel as well", name)
		}
	}
	return nil
}

// options are the tunnel's in Interface.options.
func (t *TunnelConfig) options() map[string]string {
	const flow = "flow"
	o := map[string]string{"remote_ip": flow, "key": flow}
	if t.Remote.IsValid() {
		o["remote_ip"] = t.Remote.String()
	}
	if t.Local.IsValid() {
		o["local_ip"] = t.Local.String()
	}
	if t.LocalFlow {
		o["local_ip"] = flow
	}
	if t.Key != nil {
		o["key"] = strconv.FormatUint(uint64(*t.Key), 10)
	}
	if t.DstPort != 0 {
		o["dst_port"] = strconv.Itoa(int(t.DstPort))
	}
	if t.Checksum {
		o["csum"] = "true"
	}
	return o
}

// interfaceType is what Interface.type has.
func (c *Config) interfaceType() string {
	switch c.Kind {
	case Internal, Patch:
		return c.Kind.String()
	case Tunnel:
		return c.Tunnel.Type
	}
	return c.Type
}

// interfaceOptions are what Interface.options has.
func (c *Config) interfaceOptions() map[string]string {
	options := make(map[string]string)
	maps.Copy(options, c.Options)
	switch c.Kind {
	case Tunnel:
		maps.Copy(options, c.Tunnel.options())
	case Patch:
		options["peer"] = c.Patch.Name
	}
	return options
}
