// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"

	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
	"github.com/spf13/cobra"
)

func attachCommand() *cobra.Command {
	var (
		f switchFlags
		a attachFlags
	)
	c := &cobra.Command{
		Use:   "attach --bridge BRIDGE --netns NS [flags]",
		Short: "Connect a network namespace to a bridge",
		Long: `Connect a network namespace to a bridge of Open vSwitch: by a veth pair, or by a device that the
switch makes (--kind internal). It is ready for use when the command ends, and what it has done
is taken back when it fails. Of a port that is attached already, what the flags say otherwise is
changed. "ovskit detach" removes it.

With --kind device the port is the existing device of that name, such as a NIC.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			config, err := a.config()
			if err == nil {
				err = config.Check()
			}
			if err != nil {
				return usagef("%s: %w", c.CommandPath(), err)
			}
			return f.run(c, func(ctx context.Context, _ *vswitch.DB, ports *port.Manager) error {
				p, err := ports.Attach(ctx, config)
				if err != nil {
					return err
				}
				if f.output == "json" {
					return printJSON(c.OutOrStdout(), describePort(p))
				}
				printAttached(c.OutOrStdout(), p)
				return nil
			})
		},
	}
	a.add(c)
	f.add(c)
	return c
}

// attachFlags are the flags that describe a port.
type attachFlags struct {
	c                       port.Config
	kind, mac, gateway      string
	addrs, routes, metadata []string
	vlan                    uint16
	trunks                  []uint
}

func (a *attachFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&a.c.Bridge, "bridge", "", "`BRIDGE` that the port is on")
	c.Flags().StringVar(&a.c.Netns, "netns", "", "network namespace `NS`: a name, a path, or pid:NUMBER of a process in it")
	c.Flags().StringVar(&a.kind, "kind", "veth", "what the port is made of: veth, internal or device")
	c.Flags().StringVar(&a.c.Name, "name", "", "`NAME` of the port (default derived from the namespace and the interface)")
	c.Flags().StringVar(&a.c.Ifname, "ifname", "", "`NAME` of the interface in the namespace (default eth0)")
	c.Flags().StringArrayVar(&a.addrs, "ip", nil, "`ADDRESS/LENGTH` of the interface; can be repeated")
	c.Flags().StringVar(&a.gateway, "gateway", "", "`ADDRESS` of the next hop of the default route")
	c.Flags().StringArrayVar(&a.routes, "route", nil, "`DESTINATION[,NEXTHOP]` of a further route; can be repeated")
	c.Flags().StringVar(&a.mac, "mac", "", "MAC `ADDRESS` of the interface (default random)")
	c.Flags().IntVar(&a.c.MTU, "mtu", 0, "`MTU` of the interface")
	c.Flags().Uint16Var(&a.vlan, "vlan", 0, "`VLAN` that the port belongs to")
	c.Flags().UintSliceVar(&a.trunks, "trunks", nil, "`VLANS` that the port carries with their tags, separated by commas")
	c.Flags().Uint32Var(&a.c.Policing.Rate, "rate", 0, "limit of what comes from the port, in `KBIT/S`")
	c.Flags().Uint32Var(&a.c.OFPort, "ofport", 0, "OpenFlow port `NUMBER` to ask for")
	c.Flags().StringVar(&a.c.ContainerID, "container", "", "`ID` of the container, recorded as ovs-docker does")
	c.Flags().StringArrayVar(&a.metadata, "external-id", nil, "`KEY=VALUE` to record on the interface; can be repeated")
}

// config is what the flags say.
func (a *attachFlags) config() (c port.Config, err error) {
	c = a.c
	if c.Bridge == "" {
		return c, fmt.Errorf("--bridge is missing")
	}
	if err := c.Kind.UnmarshalText([]byte(a.kind)); err != nil || c.Kind > port.Device {
		return c, fmt.Errorf("--kind %q: not one of veth, internal, device", a.kind)
	}
	if c.Kind != port.Device && c.Netns == "" {
		return c, fmt.Errorf("--netns is missing")
	}
	for _, text := range a.addrs {
		addr, err := netip.ParsePrefix(text)
		if err != nil {
			return c, fmt.Errorf("--ip %q: not an address with its prefix length", text)
		}
		c.Addrs = append(c.Addrs, addr)
	}
	if a.gateway != "" {
		if c.Gateway, err = netip.ParseAddr(a.gateway); err != nil {
			return c, fmt.Errorf("--gateway %q: not an address", a.gateway)
		}
	}
	for _, text := range a.routes {
		route, err := parseRoute(text)
		if err != nil {
			return c, fmt.Errorf("--route %q: %w", text, err)
		}
		c.Routes = append(c.Routes, route)
	}
	if a.mac != "" {
		if c.MAC, err = net.ParseMAC(a.mac); err != nil {
			return c, fmt.Errorf("--mac %q: not a MAC address", a.mac)
		}
	}
	if err := a.vlans(&c); err != nil {
		return c, err
	}
	for _, text := range a.metadata {
		key, value, ok := strings.Cut(text, "=")
		if !ok || key == "" {
			return c, fmt.Errorf("--external-id %q: not KEY=VALUE", text)
		}
		if c.ExternalIDs == nil {
			c.ExternalIDs = make(map[string]string)
		}
		c.ExternalIDs[key] = value
	}
	return c, nil
}

// vlans sets the VLANs: with both flags, --vlan is that of untagged packets.
func (a *attachFlags) vlans(c *port.Config) error {
	c.VLAN.Tag = a.vlan
	for _, id := range a.trunks {
		if id > 4095 {
			return fmt.Errorf("--trunks %d: not a VLAN", id)
		}
		c.VLAN.Trunks = append(c.VLAN.Trunks, uint16(id))
	}
	if a.vlan != 0 && len(a.trunks) > 0 {
		c.VLAN.Mode = port.NativeUntagged
	}
	return nil
}

// parseRoute reads DESTINATION or DESTINATION,NEXTHOP.
func parseRoute(text string) (r port.Route, err error) {
	dst, via, hasVia := strings.Cut(text, ",")
	if r.Dst, err = netip.ParsePrefix(dst); err != nil {
		return r, fmt.Errorf("%q is not a destination with its prefix length", dst)
	}
	if hasVia {
		if r.Via, err = netip.ParseAddr(via); err != nil {
			return r, fmt.Errorf("%q is not an address", via)
		}
	}
	return r, nil
}

// printAttached says what has become of a port.
func printAttached(w io.Writer, p *port.Port) {
	fmt.Fprintf(w, "port %s of bridge %s, OpenFlow port %d", p.Name, p.Bridge, p.OFPort)
	if p.Netns != "" {
		fmt.Fprintf(w, ": interface %s of %s, %s", p.Ifname, p.Netns, p.MAC)
		for _, a := range p.Addrs {
			fmt.Fprintf(w, ", %s", a)
		}
	}
	fmt.Fprintln(w)
}

// A portDescription is what the command prints of a port as JSON.
type portDescription struct {
	Name        string `json:"name"`
	Bridge      string `json:"bridge"`
	OFPort      uint32 `json:"ofport"`
	Kind        string `json:"kind"`
	Owner       string `json:"owner"`
	MAC         string `json:"mac,omitempty"`
	ContainerID string `json:"containerID,omitempty"`
	Error       string `json:"error,omitempty"`
	port.Config
}

func describePort(p *port.Port) portDescription {
	d := portDescription{
		Name: p.Name, Bridge: p.Bridge, OFPort: p.OFPort, Kind: p.Kind.String(), Owner: p.Owner, ContainerID: p.ContainerID,
		Config: p.Config,
	}
	if p.MAC != nil {
		d.MAC = p.MAC.String()
	}
	if p.Err != nil {
		d.Error = p.Err.Error()
	}
	return d
}
