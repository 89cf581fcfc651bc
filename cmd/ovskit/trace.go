// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ovskit/ovskit/openflow/trace"
	"github.com/spf13/cobra"
)

func traceCommand() *cobra.Command {
	var (
		o              trace.Options
		f              explainFlags
		output, packet string
		timeout        time.Duration
	)
	c := &cobra.Command{
		Use:   "trace {QUERY | BRIDGE FLOW}",
		Short: "Ask a running Open vSwitch what it does with a packet",
		Long: `Ask a running ovs-vswitchd what becomes of a packet.

A QUERY such as "web0 -> outside tcp/443" is in the terms of intents: who connects to whom, and to
what. A party is the name of an endpoint, host, outside, or an address, whoever has it; what is
connected to is tcp, udp or sctp with a port, or icmp; tcp6/443 or icmp6 asks for IPv6. The packet
that the party would send is traced, over the host's routing where it gets there, and the answer
says who gets it, as what, the rule or the default that decided, and the tables on the way. It needs
the intents, which the program that declared them keeps in a file; "ovskit demo --keep" does.

  ovskit trace "web0 -> db0 tcp/5432"         # from an endpoint to another
  ovskit trace "outside -> host tcp/8080"     # to a published port
  ovskit trace "203.0.113.7 -> web0 icmp"     # from an address to an endpoint's own

With BRIDGE and FLOW a packet that comes into BRIDGE is traced as it is: the tables that it
visits, the flow that it matches in each, the actions done there, and where it ends. FLOW is what
the packet looks like, as in ovs-fields(7): in_port=1,tcp,tcp_dst=80. What it does not name is
zero, and a field that needs others stands after them.

Packets that come back from conntrack are traced further as new connections unless --ct-next
says otherwise. Without --packet and --generate a trace has no side effects; with them MACs and
flows are learned and controllers get the packet, but no port does.`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 1 || len(args) == 2 {
				return nil
			}
			return usagef("%s: got %d arguments, want QUERY, or BRIDGE and FLOW", c.CommandPath(), len(args))
		},
		RunE: func(c *cobra.Command, args []string) error {
			if err := checkTrace(&o, output, packet, c.Flags().Changed("packet")); err != nil {
				return usagef("%s: %w", c.CommandPath(), err)
			}
			if timeout <= 0 {
				return usagef("%s: --timeout %s: not above zero", c.CommandPath(), timeout)
			}
			ctx, cancel := context.WithTimeout(c.Context(), timeout)
			defer cancel()
			c.SetContext(ctx)
			if len(args) == 1 {
				return f.explain(c, args[0], output, o)
			}
			r, err := trace.Packet(c.Context(), args[0], args[1], o)
			if err != nil {
				return traceError(c, err)
			}
			if output == "json" {
				return printTraceJSON(c.OutOrStdout(), r)
			}
			return printTrace(c.OutOrStdout(), r)
		},
	}
	c.Flags().StringVar(&o.RunDir, "rundir", "",
		"`DIR` with ovs-vswitchd.pid and the control socket (default $OVS_RUNDIR or /var/run/openvswitch)")
	c.Flags().StringVar(&o.Socket, "ctl", "", "control `SOCKET` of ovs-vswitchd")
	c.Flags().StringVar(&packet, "packet", "",
		"trace the packet with these bytes in `HEX`, from its Ethernet header on; FLOW is the rest, such as in_port")
	c.Flags().BoolVar(&o.Generate, "generate", false, "trace a packet that the switch makes of FLOW")
	c.Flags().StringArrayVar(&o.CTNext, "ct-next", nil,
		"`STATE` that the packet comes back from conntrack with, such as trk,est; can be repeated")
	c.Flags().BoolVar(&o.Names, "names", false, "print the names of ports instead of their numbers")
	c.Flags().DurationVar(&timeout, "timeout", 30*time.Second, "how long to wait for the switch")
	c.Flags().StringVarP(&output, "output", "o", "text", "what to print: text or json")
	f.add(c)
	return c
}

// traceError says what may be the matter where a switch could not be asked.
func traceError(c *cobra.Command, err error) error {
	if errors.Is(err, trace.ErrOptions) {
		return usagef("%s: %w", c.CommandPath(), err)
	}
	return socketError(err, "does ovs-vswitchd run? --rundir and --ctl say where")
}

// checkTrace checks the flags, and completes the options.
func checkTrace(o *trace.Options, output, packet string, hasPacket bool) error {
	if output != "text" && output != "json" {
		return fmt.Errorf("no such output: %q (one of text, json)", output)
	}
	if o.RunDir != "" && o.Socket != "" {
		return errors.New("--rundir and --ctl exclude each other")
	}
	if hasPacket {
		frame, err := hex.DecodeString(strings.Join(strings.Fields(packet), ""))
		if err != nil {
			return fmt.Errorf("--packet %q: %w", packet, err)
		}
		o.Frame = frame
	}
	return nil
}

// printTraceJSON prints the trace with its verdict.
func printTraceJSON(w io.Writer, r *trace.Result) error {
	return printJSON(w, struct {
		Verdict traceVerdict `json:"verdict"`
		*trace.Result
	}{traceVerdict{
		Outputs: append([]string{}, r.Outputs()...), Controller: r.Controller(), Dropped: r.Dropped(),
		Unresolved: append([]uint32{}, r.Unresolved()...), Failure: r.Failure(),
	}, r})
}

type traceVerdict struct {
	Outputs    []string `json:"outputs"`
	Controller bool     `json:"controller"`
	Dropped    bool     `json:"dropped"`
	Unresolved []uint32 `json:"unresolved"`
	Failure    string   `json:"failure"`
}

// printTrace prints the trace for people.
func printTrace(w io.Writer, r *trace.Result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, p := range r.Passes {
		printPass(t, p)
	}
	fmt.Fprintf(t, "verdict: %s\n", describeVerdict(r))
	return t.Flush()
}

func printPass(w io.Writer, p *trace.Pass) {
	if rc := p.Recirculation; rc != nil {
		fmt.Fprintf(w, "recirculated as %#x", rc.ID)
		if rc.CTState != "" {
			fmt.Fprintf(w, ": zone %d, ct_state %s", rc.Zone, rc.CTState)
		}
		if rc.Default {
			fmt.Fprint(w, " (not told, see --ct-next)")
		}
		fmt.Fprintf(w, "; resumes in table %d\n", rc.Table)
		if rc.NATTo != "" {
			fmt.Fprintf(w, "nat: %s -> %s\n", rc.NATFrom, rc.NATTo)
		}
		for _, line := range rc.Restored {
			fmt.Fprintln(w, line)
		}
	}
	fmt.Fprintf(w, "packet: %s\n\n", p.Flow)
	fmt.Fprintln(w, "TABLE\tPRIORITY\tMATCH\tACTIONS")
	printVisits(w, p.Visits, 0)
	fmt.Fprintln(w)
	if p.FinalFlow != p.Flow {
		fmt.Fprintf(w, "final: %s\n", p.FinalFlow)
	}
	fmt.Fprintf(w, "megaflow: %s\n", p.Megaflow)
	actions := make([]string, len(p.Datapath))
	for i, a := range p.Datapath {
		actions[i] = a.Text
	}
	fmt.Fprintf(w, "datapath: %s\n", strings.Join(actions, ","))
	if p.Failure != "" {
		fmt.Fprintf(w, "failed: %s\n", p.Failure)
	}
	for _, line := range p.Remarks {
		fmt.Fprintln(w, line)
	}
	fmt.Fprintln(w)
}

// printVisits prints a line for each action and note; a visit's first line names it.
func printVisits(w io.Writer, visits []*trace.Visit, depth int) {
	for _, v := range visits {
		head := strings.Repeat("  ", depth) + describeVisit(v)
		line := func(format string, args ...any) {
			fmt.Fprintf(w, "%s\t%s\n", head, fmt.Sprintf(format, args...))
			head = "\t\t"
		}
		for _, n := range v.Notes {
			line("%s %s", noteMarks[n.Severity], n.Text)
		}
		for _, s := range v.Steps {
			line("%s", s.Action)
			for _, n := range s.Notes {
				line("  %s %s", noteMarks[n.Severity], n.Text)
			}
			printVisits(w, s.Visits, depth+1)
		}
		if head != "\t\t" {
			line("")
		}
	}
}

var noteMarks = map[trace.Severity]string{trace.Detail: "->", trace.Warning: "warning:", trace.Error: "error:"}

// describeVisit is the first three columns of a visit.
func describeVisit(v *trace.Visit) string {
	switch {
	case v.Kind == trace.KindBucket:
		return fmt.Sprintf("bucket %d\t\t", v.Bucket)
	case v.Kind == trace.KindActionSet:
		return v.Bridge + " action set\t\t"
	case v.Kind == trace.KindActions:
		return v.Bridge + "\t\t"
	case v.Flow == nil:
		return fmt.Sprintf("%s:%d\t-\t%s", v.Bridge, v.Table, v.Miss)
	}
	match := v.Flow.Match
	if match == "" {
		match = "any"
	}
	if v.Flow.Cookie != 0 {
		match += fmt.Sprintf(" cookie=%#x", v.Flow.Cookie)
	}
	return fmt.Sprintf("%s:%d\t%d\t%s", v.Bridge, v.Table, v.Flow.Priority, match)
}

// describeVerdict says where the packet ends.
func describeVerdict(r *trace.Result) string {
	var ends []string
	switch ports := r.Outputs(); len(ports) {
	case 0:
	case 1:
		ends = append(ends, "output to datapath port "+ports[0])
	default:
		ends = append(ends, "output to datapath ports "+strings.Join(ports, ", "))
	}
	if r.Controller() {
		ends = append(ends, "sent to a controller")
	}
	for _, id := range r.Unresolved() {
		ends = append(ends, fmt.Sprintf("recirculated as %#x, where the switch does not trace further", id))
	}
	if r.Dropped() {
		ends = append(ends, "dropped")
	}
	if failure := r.Failure(); failure != "" {
		ends = append(ends, "translation failed ("+failure+")")
	}
	return strings.Join(ends, "; ")
}
