// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
	"github.com/spf13/cobra"
)

func statusCommand() *cobra.Command {
	var (
		f     switchFlags
		check bool
	)
	c := &cobra.Command{
		Use:   "status",
		Short: "Show bridges and ports, and what is wrong with them",
		Long: `Show the bridges of a switch with their ports: where they lead, and what Open vSwitch says is wrong
with them. With --check the ports of --owner are compared with how they were attached, and the
command fails if one is otherwise; another "ovskit attach" mends it.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return f.run(c, func(ctx context.Context, db *vswitch.DB, ports *port.Manager) error {
				s, err := readStatus(ctx, db, ports, check)
				if err != nil {
					return err
				}
				if f.output == "json" {
					err = printJSON(c.OutOrStdout(), s)
				} else {
					printStatus(c.OutOrStdout(), s)
				}
				if err == nil && check && s.Differs {
					err = errReported
				}
				return err
			})
		},
	}
	c.Flags().BoolVar(&check, "check", false, "compare the ports with how they were attached")
	f.add(c)
	return c
}

// A switchStatus is what there is of a switch.
type switchStatus struct {
	Version string         `json:"version"`
	Bridges []bridgeStatus `json:"bridges"`
	// Differs says that a port is not as it was attached.
	Differs bool `json:"differs"`
}

type bridgeStatus struct {
	Name        string             `json:"name"`
	Datapath    string             `json:"datapath"`
	DatapathID  string             `json:"datapathID"`
	MAC         string             `json:"mac"`
	FailMode    string             `json:"failMode"`
	Owner       string             `json:"owner"`
	Controllers []controllerStatus `json:"controllers"`
	Ports       []portStatus       `json:"ports"`
}

type controllerStatus struct {
	Target    string `json:"target"`
	Connected bool   `json:"connected"`
}

type portStatus struct {
	portDescription
	// Differences are from how it was attached; nil if that was not looked at.
	Differences []port.Difference `json:"differences,omitempty"`
}

// readStatus looks at a switch.
func readStatus(ctx context.Context, db *vswitch.DB, ports *port.Manager, check bool) (*switchStatus, error) {
	s := &switchStatus{Bridges: []bridgeStatus{}}
	if root := db.Root(); root != nil && root.OVSVersion != nil {
		s.Version = *root.OVSVersion
	}
	owned := map[string]*port.Port{}
	list, _ := ports.List() // what cannot be read, Get tells of
	for _, p := range list {
		owned[p.Name] = p
	}
	for _, br := range bridge.List(db) {
		b := bridgeStatus{
			Name: br.Name, Datapath: br.DatapathType, DatapathID: fmt.Sprintf("%016x", br.DatapathID), MAC: br.MAC.String(),
			FailMode: string(br.FailMode), Owner: br.Owner, Controllers: []controllerStatus{}, Ports: []portStatus{},
		}
		for _, c := range br.Controllers {
			b.Controllers = append(b.Controllers, controllerStatus{c.Target, c.Connected})
		}
		for _, name := range br.Ports {
			p := describePortOf(br.Name, name, owned[name], ports)
			if check {
				differs, err := p.check(ctx, ports)
				if err != nil {
					return nil, err
				}
				s.Differs = s.Differs || differs
			}
			b.Ports = append(b.Ports, p)
		}
		s.Bridges = append(s.Bridges, b)
	}
	return s, nil
}

// describePortOf describes a port of a bridge, which is the owner's if it is not nil.
// What is wrong with it is part of the description.
func describePortOf(bridge, name string, p *port.Port, ports *port.Manager) portStatus {
	if p == nil {
		var err error
		if p, err = ports.Get(name); err != nil {
			return portStatus{portDescription: portDescription{Name: name, Bridge: bridge, Error: err.Error()}}
		}
	}
	return portStatus{portDescription: describePort(p)}
}

// check compares a port of the owner with how it was attached, and reports whether it is
// otherwise.
func (p *portStatus) check(ctx context.Context, ports *port.Manager) (differs bool, err error) {
	found, err := ports.Check(ctx, p.Name)
	switch {
	case errors.Is(err, port.ErrForeign) || errors.Is(err, port.ErrNotFound):
		return false, nil // not ours to say how it should be, or detached meanwhile
	case err != nil && p.Error != "":
		return true, nil // it cannot be read
	case err != nil:
		return false, err
	}
	p.Differences = found
	return len(found) > 0, nil
}

func printStatus(w io.Writer, s *switchStatus) {
	fmt.Fprintf(w, "Open vSwitch %s\n", cmp.Or(s.Version, "that has not said its version"))
	for _, b := range s.Bridges {
		fmt.Fprintf(w, "\nbridge %s: datapath %s, id %s, MAC %s, fail mode %s\n", b.Name, b.Datapath, b.DatapathID, b.MAC, b.FailMode)
		for _, c := range b.Controllers {
			state := "not connected"
			if c.Connected {
				state = "connected"
			}
			fmt.Fprintf(w, "controller %s: %s\n", c.Target, state)
		}
		if len(b.Ports) == 0 {
			fmt.Fprintln(w, "no ports")
			continue
		}
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "PORT\tOFPORT\tKIND\tVLAN\tINTERFACE\tADDRESSES\tOWNER\tSTATE")
		for _, p := range b.Ports {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", cell(p.Name), cell(portNumber(p.OFPort)), cell(p.Kind), cell(vlanText(p.VLAN)),
				cell(interfaceText(p)), cell(addrsText(p)), cell(p.Owner), cell(stateText(p)))
		}
		t.Flush()
		for _, p := range b.Ports {
			for _, d := range p.Differences {
				fmt.Fprintf(w, "port %s: %s\n", p.Name, d)
			}
		}
	}
}

// cell is a text in a table. What others have written into the database may be anything.
func cell(s string) string {
	if strings.ContainsFunc(s, unicode.IsControl) {
		return strconv.Quote(s)
	}
	return cmp.Or(s, "-")
}

func portNumber(n uint32) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(uint64(n), 10)
}

// interfaceText says where a port leads.
func interfaceText(p portStatus) string {
	switch {
	case p.Netns != "":
		return netnsText(p.Netns) + "/" + p.Ifname
	case p.Tunnel != nil && p.Tunnel.Remote.IsValid():
		return p.Tunnel.Type + " to " + p.Tunnel.Remote.String()
	case p.Tunnel != nil:
		return p.Tunnel.Type + " by flow"
	case p.Patch != nil:
		return "to " + p.Patch.Bridge + "/" + p.Patch.Name
	}
	return p.Ifname
}

// netnsText names a namespace as --netns takes it.
func netnsText(path string) string {
	if pid, ok := strings.CutPrefix(path, "/proc/"); ok {
		if pid, ok := strings.CutSuffix(pid, "/ns/net"); ok && !strings.Contains(pid, "/") {
			return "pid:" + pid
		}
	}
	if dir, name := filepath.Split(path); dir == "/run/netns/" || dir == "/var/run/netns/" {
		return name
	}
	return path
}

func addrsText(p portStatus) string {
	var texts []string
	for _, a := range p.Addrs {
		texts = append(texts, a.String())
	}
	return strings.Join(texts, " ")
}

func stateText(p portStatus) string {
	switch {
	case p.Error != "":
		return p.Error
	case len(p.Differences) > 0:
		return "differs"
	}
	return "ok"
}

// vlanText writes VLANs for people.
func vlanText(v port.VLAN) string {
	var parts []string
	if v.Tag != 0 {
		parts = append(parts, strconv.Itoa(int(v.Tag)))
	}
	if len(v.Trunks) > 0 {
		var ids []string
		for _, id := range v.Trunks {
			ids = append(ids, strconv.Itoa(int(id)))
		}
		parts = append(parts, "trunk "+strings.Join(ids, ","))
	}
	return strings.Join(parts, ", ")
}
