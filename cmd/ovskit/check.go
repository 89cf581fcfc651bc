// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/openflow"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
	"github.com/spf13/cobra"
)

func checkCommand() *cobra.Command {
	var (
		f                 switchFlags
		rundir, file      string
		noKernel, inWhole bool
	)
	c := &cobra.Command{
		Use:   "check",
		Short: "Compare intents with the switch and the kernel",
		Long: `Compare the intents that a program has declared with what there is: the flows, groups and meters of
the bridge, its ports and their MACs in the database, and in the kernel the host's addresses, routes,
what forwarding needs, and published ports that a program of the host has. It changes nothing, and
fails if it finds something; the program that declared the intents mends the flows when it runs.

The program keeps the intents in a file; "ovskit demo --keep" does.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			intents, err := readIntents(file, rundir)
			if err != nil {
				return err
			}
			if f.db == "" {
				f.db = "unix:" + runDir(rundir) + "/db.sock"
			}
			return f.run(c, func(ctx context.Context, db *vswitch.DB, ports *port.Manager) error {
				r, err := check(ctx, db, ports, intents)
				if err == nil && !noKernel && r.management != "" {
					var found []finding
					found, err = checkKernel(cmp.Or(f.netns, peerNetns(r.management)), intents)
					r.Findings = append(r.Findings, found...)
				}
				if err != nil {
					return err
				}
				r.OK = len(r.Findings) == 0
				if f.output == "json" {
					err = printJSON(c.OutOrStdout(), r)
				} else {
					err = printCheck(c.OutOrStdout(), r, inWhole)
				}
				if err == nil && !r.OK {
					err = errReported
				}
				return err
			})
		},
	}
	f.addReading(c)
	c.Flags().Lookup("switch-netns").Usage = "network namespace `NS` that the switch runs in (default that of ovs-vswitchd)"
	c.Flags().StringVar(&rundir, "rundir", "",
		"`DIR` with the sockets of Open vSwitch (default $OVS_RUNDIR or /var/run/openvswitch)")
	c.Flags().StringVar(&file, "intents", "", "`FILE` with the intents (default ovskit-intents.json in --rundir)")
	c.Flags().BoolVar(&noKernel, "no-kernel", false, "leave out the kernel, as for a switch without devices")
	c.Flags().BoolVar(&inWhole, "flows", false, "list every flow, not one of each object")
	return c
}

// A report is what a check found.
type report struct {
	Bridge string `json:"bridge"`
	OK     bool   `json:"ok"`
	// Objects is how many intents there are.
	Objects  int       `json:"objects"`
	Findings []finding `json:"findings"`

	management string // endpoint of the bridge; empty if there is no bridge
}

// The areas of findings.
const (
	areaFlows  = "flows"
	areaPorts  = "ports"
	areaKernel = "kernel"
)

// A finding is something that is not as the intents need it.
type finding struct {
	Area string `json:"area"`
	// Object is the intent; empty if it is about none of them.
	Object  string `json:"object"`
	Problem string `json:"problem"`
	// Item is the flow, group or meter, in the area of flows.
	Item string `json:"item,omitempty"`

	trouble flows.Trouble
}

// check compares intents with a bridge.
func check(ctx context.Context, db *vswitch.DB, ports *port.Manager, intents flows.Intents) (*report, error) {
	r := &report{Bridge: intents.Bridge, Objects: len(intents.Objects), Findings: []finding{}}
	br, err := bridge.Get(db, intents.Bridge)
	if errors.Is(err, bridge.ErrNotFound) {
		var names []string
		for _, b := range bridge.List(db) {
			names = append(names, b.Name)
		}
		r.Findings = append(r.Findings, finding{Area: areaPorts, Problem: fmt.Sprintf("there is no bridge %q, only: %s",
			intents.Bridge, cmp.Or(strings.Join(names, ", "), "none"))})
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	r.management = br.Management()
	// Only OpenFlow 1.5 tells how groups choose their buckets.
	conn, err := openflow.Dial(ctx, r.management, openflow.Options{Versions: []openflow.Version{openflow.Version13, openflow.Version15}})
	if err != nil {
		return nil, socketError(err, "does ovs-vswitchd run?")
	}
	defer conn.Close()
	differences, err := intents.Compare(ctx, conn)
	if err != nil {
		return nil, err
	}
	for _, d := range differences {
		text := troubleText[d.Trouble]
		if d.Trouble == flows.Foreign && d.Object != "" {
			text = fmt.Sprintf("is another owner's than %q, as which an object of that name was declared", intents.Owner)
		}
		r.Findings = append(r.Findings, finding{areaFlows, d.Object, text, d.Item, d.Trouble})
	}
	r.Findings = append(r.Findings, checkPorts(db, ports, br, intents)...)
	return r, nil
}

var troubleText = map[flows.Trouble]string{
	flows.Missing: "is missing",
	flows.Changed: "is on the switch otherwise",
	flows.Surplus: "is on the switch, and no intent asks for it",
	flows.Foreign: "is somebody else's, in tables that have one owner",
}

// printCheck prints the findings for people: of an object's flows with the same trouble one, unless all are asked for.
func printCheck(w io.Writer, r *report, inWhole bool) error {
	if r.OK {
		_, err := fmt.Fprintf(w, "bridge %s is as its %d intents want it\n", r.Bridge, r.Objects)
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "AREA\tOF\tPROBLEM")
	for i := 0; i < len(r.Findings); i++ {
		f := r.Findings[i]
		problem := f.Problem
		if f.Item != "" {
			problem = f.Item + " " + problem
		}
		more := 0
		for !inWhole && f.Area == areaFlows && i+1 < len(r.Findings) && alike(f, r.Findings[i+1]) {
			more++
			i++
		}
		if more > 0 {
			problem += fmt.Sprintf("; so are %d more", more)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", f.Area, cmp.Or(f.Object, "-"), problem)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nbridge %s: %d findings\n", r.Bridge, len(r.Findings))
	if slices.ContainsFunc(r.Findings, func(f finding) bool { return f.Area == areaFlows }) {
		fmt.Fprintln(w, "The program that declared the intents mends flows as long as it runs, and when it starts.")
	}
	return nil
}

func alike(a, b finding) bool {
	return a.Area == b.Area && a.Object == b.Object && a.trouble == b.trouble
}
