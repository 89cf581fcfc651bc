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
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/openflow"
	"github.com/ovskit/ovskit/openflow/trace"
	"github.com/spf13/cobra"
)

// explainFlags are the flags of a trace in the terms of intents.
type explainFlags struct {
	intents string
	ipv6    bool
	flows   bool
}

func (f *explainFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.intents, "intents", "",
		"`FILE` with the intents that a QUERY is about (default ovskit-intents.json in --rundir)")
	c.Flags().BoolVarP(&f.ipv6, "ipv6", "6", false, "take IPv6 for a QUERY whose parties have both families")
	c.Flags().BoolVar(&f.flows, "flows", false, "print the match and the actions of the flows for a QUERY as well")
}

// notWith names a flag that has been set and says nothing to a query.
func notWith(c *cobra.Command) error {
	for _, name := range []string{"packet", "generate", "ct-next", "names"} {
		if c.Flags().Changed(name) {
			return fmt.Errorf("--%s is for BRIDGE FLOW, not for a QUERY", name)
		}
	}
	return nil
}

// explain answers a query.
func (f *explainFlags) explain(c *cobra.Command, query, output string, o trace.Options) error {
	q, err := flows.ParseQuery(query)
	if err == nil {
		err = notWith(c)
	}
	if err != nil {
		return usagef("%s: %w", c.CommandPath(), err)
	}
	q.IPv6 = q.IPv6 || f.ipv6
	intents, err := readIntents(f.intents, o.RunDir)
	if err != nil {
		return err
	}
	e, err := intents.Explain(c.Context(), q, func(ctx context.Context, packet string) (*trace.Result, error) {
		return trace.Packet(ctx, intents.Bridge, packet, o)
	})
	if errors.Is(err, trace.ErrUnknownBridge) {
		return fmt.Errorf("%w (the intents are those of another switch)", err)
	}
	if err != nil {
		return traceError(c, err)
	}
	if output == "json" {
		return printJSON(c.OutOrStdout(), e)
	}
	return printExplanation(c.OutOrStdout(), e, f.flows)
}

// printExplanation prints the verdict, and then the packet's ways, for people.
func printExplanation(w io.Writer, e *flows.Explanation, flows bool) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	printVerdict(t, e)
	if err := t.Flush(); err != nil {
		return err
	}
	for _, l := range e.Legs {
		fmt.Fprintf(w, "\n%s sends %s", l.From, l.Packet)
		if l.Port == 0 {
			fmt.Fprint(w, ", which no flow sees\n")
			continue
		}
		fmt.Fprintf(w, " into port %s\n", portText(l.Port))
		fmt.Fprintln(t, "  TABLE\tNAME\tFLOW OF\tWHAT THE TABLE DOES")
		for _, s := range l.Steps {
			by := cmp.Or(s.Object, "no intent")
			if s.Miss {
				by = "none matches"
			}
			fmt.Fprintf(t, "  %d\t%s\t%s\t%s\n", s.Table, s.Name, by, s.Purpose)
			if flows && !s.Miss {
				fmt.Fprintf(t, "  \t\t\t  cookie %s, priority %d: %s: %s\n", s.Cookie, s.Priority, cmp.Or(s.Match, "any"), strings.Join(s.Actions, ", "))
			}
		}
		if err := t.Flush(); err != nil {
			return err
		}
		fmt.Fprintf(w, "  to %s\n", cmp.Or(l.To, "nobody"))
	}
	return nil
}

func printVerdict(w io.Writer, e *flows.Explanation) {
	v := e.Verdict
	switch {
	case v.Outcome == flows.Delivered:
		fmt.Fprintf(w, "%s: delivered to %s\n", e.Query, v.To)
	case v.Table != "":
		fmt.Fprintf(w, "%s: dropped in table %q\n", e.Query, v.Table)
	default:
		fmt.Fprintf(w, "%s: not sent\n", e.Query)
	}
	fmt.Fprintf(w, "  because:\t%s\n", v.Reason)
	if len(v.Among) > 0 {
		fmt.Fprintf(w, "  one of:\t%s\n", strings.Join(v.Among, ", "))
	}
	fmt.Fprintf(w, "  decided by:\t%s\n", decidedBy(v))
	fmt.Fprintf(w, "  packet:\t%s\n", v.Packet)
	if r := v.Reply; r != nil {
		fmt.Fprintf(w, "  reply:\t%s", r.Sent)
		if r.Received != r.Sent {
			fmt.Fprintf(w, ", received as %s", r.Received)
		}
		fmt.Fprintln(w)
	}
	if slices.ContainsFunc(e.Legs, func(l flows.Leg) bool {
		return slices.ContainsFunc(l.Steps, func(s flows.Step) bool { return s.Object == "" && !s.Miss })
	}) {
		fmt.Fprint(w, "  beware:\tit meets a flow that no intent asks for; ovskit check lists such flows, --flows shows them here\n")
	}
}

// decidedBy says who decided.
func decidedBy(v flows.Verdict) string {
	if v.Rule != "" {
		return fmt.Sprintf("rule %q", v.Rule)
	}
	return "no rule"
}

// portText is an OpenFlow port number, or the name of the bridge's own port.
func portText(n uint32) string {
	if n == openflow.PortLocal {
		return "LOCAL"
	}
	return strconv.FormatUint(uint64(n), 10)
}
