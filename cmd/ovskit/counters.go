// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/openflow"
	"github.com/spf13/cobra"
)

func countersCommand() *cobra.Command {
	var (
		rundir, file, mgmt, output string
		timeout, over              time.Duration
	)
	c := &cobra.Command{
		Use:   "counters [NAME...]",
		Short: "Show what a switch has counted of endpoints, published ports and rules",
		Long: `Show what a switch has counted of intents since it got their flows: what each endpoint has sent and
received, how many connections were begun to each published port, on how many packets each rule has
decided, and how many packets each table has dropped. With NAMEs, only the endpoints and rules that
have one of them are shown.

Packets of established connections pass the rules by. So a rule counts what begins connections: the
first packet of each, those that follow before it is answered, and every attempt that it refuses.
What an endpoint has sent counts whatever became of it. Open vSwitch brings its counters up to date
every half a second or so; they start at zero when ovs-vswitchd does, not when the program does.

The program keeps the intents in a file; "ovskit demo --keep" does.`,
		RunE: func(c *cobra.Command, names []string) error {
			if err := checkOutput(c, output); err != nil {
				return err
			}
			if timeout <= 0 {
				return usagef("%s: --timeout %s: not above zero", c.CommandPath(), timeout)
			}
			intents, err := readIntents(file, rundir)
			if err != nil {
				return err
			}
			if mgmt == "" {
				mgmt = "unix:" + filepath.Join(runDir(rundir), intents.Bridge+".mgmt")
			}
			if over < 0 {
				return usagef("%s: --over %s: below zero", c.CommandPath(), over)
			}
			ctx, cancel := context.WithTimeout(c.Context(), over+timeout)
			defer cancel()
			conn, err := openflow.Dial(ctx, mgmt, openflow.Options{})
			if err != nil {
				return socketError(err, fmt.Sprintf("does ovs-vswitchd run, and is there a bridge %s? --rundir and --mgmt say where", intents.Bridge))
			}
			defer conn.Close()
			counters, err := intents.Counters(ctx, conn)
			if err == nil && over > 0 {
				counters, err = countOver(ctx, over, counters, func() (*flows.Counters, error) { return intents.Counters(ctx, conn) })
			}
			if err != nil {
				return socketError(err, "does ovs-vswitchd run?")
			}
			if len(names) > 0 {
				if counters, err = countersOf(counters, names); err != nil {
					return err
				}
			}
			if output == "json" {
				return printJSON(c.OutOrStdout(), struct {
					Bridge string `json:"bridge"`
					*flows.Counters
				}{intents.Bridge, counters})
			}
			return printCounters(c.OutOrStdout(), counters, len(names) == 0)
		},
	}
	c.Flags().StringVar(&rundir, "rundir", "",
		"`DIR` with the sockets of Open vSwitch (default $OVS_RUNDIR or /var/run/openvswitch)")
	c.Flags().StringVar(&file, "intents", "", "`FILE` with the intents (default ovskit-intents.json in --rundir)")
	c.Flags().StringVar(&mgmt, "mgmt", "", "`ENDPOINT` of the bridge's OpenFlow (default unix:RUNDIR/BRIDGE.mgmt)")
	c.Flags().DurationVar(&over, "over", 0, "show what is counted in this time from now, instead of all")
	c.Flags().DurationVar(&timeout, "timeout", 30*time.Second, "how long to wait for the switch")
	c.Flags().StringVarP(&output, "output", "o", "text", "what to print: text or json")
	return c
}

// countOver is what is counted in a time from the first reading on.
func countOver(ctx context.Context, over time.Duration, first *flows.Counters, read func() (*flows.Counters, error)) (*flows.Counters, error) {
	select {
	case <-time.After(over):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	last, err := read()
	if err != nil {
		return nil, err
	}
	return last.Since(first), nil
}

// countersOf are those of the endpoints and rules that have these names.
func countersOf(c *flows.Counters, names []string) (*flows.Counters, error) {
	known := map[string]bool{}
	for _, e := range c.Endpoints {
		known[e.Name] = true
	}
	for _, r := range c.Rules {
		known[r.Name] = true
	}
	for _, name := range names {
		if !known[name] {
			return nil, fmt.Errorf("the intents have no endpoint and no rule %q", name)
		}
	}
	asked := func(name string) bool { return slices.Contains(names, name) }
	c.Endpoints = slices.DeleteFunc(c.Endpoints, func(e flows.EndpointCounters) bool { return !asked(e.Name) })
	c.Published = slices.DeleteFunc(c.Published, func(p flows.PublishedCounters) bool { return !asked(p.Endpoint) })
	c.Rules = slices.DeleteFunc(c.Rules, func(r flows.RuleCounters) bool { return !asked(r.Name) })
	return c, nil
}

// printCounters prints counters for people: a table of each kind that there is something of; with those of the defaults,
// the tables and others if they are asked for as well.
func printCounters(w io.Writer, c *flows.Counters, inWhole bool) error {
	var text strings.Builder
	section := func(g grid, rows [][]string) {
		if len(rows) > 0 && text.Len() > 0 {
			text.WriteByte('\n')
		}
		g.print(&text, rows)
	}

	var rows [][]string
	for _, e := range c.Endpoints {
		rows = append(rows, slices.Concat([]string{e.Name, e.Network}, counted(e.Sent), counted(e.Received),
			[]string{number(e.Exceeding.Packets), absent(e.Absent)}))
	}
	section(grid{"ENDPOINT", "NETWORK", ">SENT PACKETS", ">BYTES", ">RECEIVED PACKETS", ">BYTES", ">OVER LIMIT", ""}, rows)

	rows = nil
	for _, p := range c.Published {
		n, note := number(p.Connections), absent(p.Absent)
		if p.Mapping.Balance != flows.Exclusive && !p.Absent {
			note = fmt.Sprintf("shared, by %s", p.Mapping.Balance)
		}
		if p.Mapping.HostAddr.IsLoopback() {
			n, note = "-", "for the host alone, whose packets no flow sees"
		}
		rows = append(rows, []string{p.Mapping.String(), p.Endpoint, number(uint64(p.Mapping.Port)), n, note})
	}
	section(grid{"PUBLISHED AT", "ENDPOINT", ">PORT", ">CONNECTIONS", ""}, rows)

	rows = nil
	for _, r := range c.Rules {
		rows = append(rows, slices.Concat([]string{r.Name, decision(r.Deny)}, counted(r.Decided), []string{absent(r.Absent)}))
	}
	if inWhole {
		rows = append(rows,
			slices.Concat([]string{"(none)", decision(false)}, counted(c.Allowed), []string{""}),
			slices.Concat([]string{"(none)", decision(true)}, counted(c.Denied), []string{""}))
	}
	section(grid{"RULE", "DECISION", ">PACKETS", ">BYTES", ""}, rows)
	if !inWhole {
		_, err := io.WriteString(w, text.String())
		return err
	}

	rows = nil
	for _, d := range c.Dropped {
		rows = append(rows, []string{strconv.Itoa(int(d.Table)), d.Name, number(d.Unmatched), number(d.Refused), d.Purpose})
	}
	section(grid{">TABLE", "NAME", ">NO FLOW", ">DROPPED", "WHAT THE TABLE DOES"}, rows)

	rows = nil
	for _, s := range c.Strays {
		whose := "this owner's, of nothing in the file"
		if s.Foreign {
			whose = "another owner's"
		}
		rows = append(rows, slices.Concat([]string{s.Cookie, whose, strconv.Itoa(s.Flows)}, counted(s.Matched)))
	}
	section(grid{"OTHER COOKIE", "WHOSE", ">FLOWS", ">PACKETS", ">BYTES"}, rows)
	_, err := io.WriteString(w, text.String())
	return err
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }

func counted(c flows.Count) []string { return []string{number(c.Packets), number(c.Bytes)} }

func decision(deny bool) string {
	if deny {
		return "deny"
	}
	return "allow"
}

func absent(is bool) string {
	if is {
		return "not on the switch"
	}
	return ""
}
