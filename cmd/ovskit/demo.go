// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/ovskit/ovskit/internal/demo"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

func demoCommand() *cobra.Command {
	var (
		o       demo.Options
		output  string
		cleanup bool
	)
	c := &cobra.Command{
		Use:   "demo",
		Short: "Build a network, send traffic through it, and compare with what was expected",
		Long: `Build two networks with three endpoints on one bridge, with NAT, a published port and
isolation done by flows, in IPv4 and IPv6, and probe them with real traffic: once for each
way out that networks can have. A real switch is a private Open vSwitch in network
namespaces of its own; nothing else on the machine is touched. There the host keeps its
programs from published ports, and leads them to the endpoint at one that it forwards.

It fails unless every probe got what it wanted.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if output != "table" && output != "json" {
				return usagef("%s: no such output: %q (one of table, json)", c.CommandPath(), output)
			}
			if cleanup {
				return removeKept(c)
			}
			if terminal(c.ErrOrStderr()) {
				o.Progress = func(line string) { fmt.Fprintln(c.ErrOrStderr(), line) }
			}
			r, err := demo.Run(c.Context(), o)
			if errors.Is(err, demo.ErrOptions) {
				return usagef("%s: %w", c.CommandPath(), err)
			}
			if err != nil {
				return err
			}
			return printReport(c, r, output)
		},
	}
	c.Flags().StringVar(&o.Switch, "switch", demo.Auto, "what to run on: auto, real or fake; auto takes a real one if it can")
	c.Flags().StringVar(&o.Egress, "egress", demo.All, "how the networks reach the outside: uplink, address, routed, or all, one after the other")
	c.Flags().StringVarP(&output, "output", "o", "table", "what to print: table or json")
	c.Flags().BoolVar(&o.Keep, "keep", false, "leave the network up and say how to look at it (real switch only; of several the one of uplink)")
	c.Flags().BoolVar(&cleanup, "cleanup", false, "remove every network that --keep left on this machine, and do nothing else")
	return c
}

// printReport prints the report; what was kept goes beside it where the report is for a program.
func printReport(c *cobra.Command, r *demo.Report, output string) error {
	kept := c.OutOrStdout()
	var err error
	if output == "json" {
		kept = c.ErrOrStderr()
		e := json.NewEncoder(c.OutOrStdout())
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		err = e.Encode(r)
	} else {
		err = printTable(c.OutOrStdout(), r)
	}
	if err == nil && len(r.Kept) != 0 {
		_, err = fmt.Fprintf(kept, "\n%s\n", strings.Join(r.Kept, "\n"))
	}
	if err == nil && !r.OK {
		err = errReported
	}
	return err
}

func printTable(w io.Writer, r *demo.Report) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "PROBE\tWANT\tGOT")
	for _, p := range r.Probes {
		mark := ""
		if !p.OK {
			mark = "\tFAILED"
		}
		fmt.Fprintf(t, "%s\t%s\t%s%s\n", p.Name, p.Want, p.Got, mark)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%d of %d probes as expected on a %s Open vSwitch (%s)\n",
		r.Passed(), len(r.Probes), r.Switch, r.Why)
	return err
}

func removeKept(c *cobra.Command) error {
	removed, err := demo.RemoveKept()
	for _, name := range removed {
		fmt.Fprintf(c.OutOrStdout(), "removed %s\n", name)
	}
	if errors.Is(err, unix.EPERM) {
		return fmt.Errorf("%w\n(only root may remove them)", err)
	}
	return err
}

// terminal tells whether w is one.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
