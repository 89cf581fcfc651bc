// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
	"github.com/spf13/cobra"
)

func gcCommand() *cobra.Command {
	var (
		f switchFlags
		o port.CollectOptions
	)
	c := &cobra.Command{
		Use:   "gc",
		Short: "Remove what is left of ports that are no more",
		Long: `Find ports whose device or network namespace is gone, devices that were made for ports that are
in no database, and rows of QoS, queues and mirrors that nothing uses. What is found for the first
time is marked; what was marked by an earlier run and is still of no use is removed. What belongs
to another --owner or to nobody is left alone.

It is to run in the network namespace that Open vSwitch runs in, or with --switch-netns.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if o.Grace < 0 {
				return usagef("%s: --grace %s: below zero", c.CommandPath(), o.Grace)
			}
			return f.run(c, func(ctx context.Context, _ *vswitch.DB, ports *port.Manager) error {
				found, err := ports.Collect(ctx, o)
				if f.output == "json" {
					return errors.Join(err, printJSON(c.OutOrStdout(), append([]port.Garbage{}, found...)))
				}
				if err == nil || len(found) > 0 {
					printGarbage(c.OutOrStdout(), found, o.DryRun)
				}
				return err
			})
		},
	}
	c.Flags().BoolVar(&o.DryRun, "dry-run", false, "say what would be done, and do nothing")
	c.Flags().DurationVar(&o.Grace, "grace", 0, "remove only what was marked so long ago")
	f.add(c)
	return c
}

func printGarbage(w io.Writer, found []port.Garbage, dryRun bool) {
	if len(found) == 0 {
		fmt.Fprintln(w, "nothing to collect")
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "WHAT\tNAME\tDONE\tREASON")
	for _, g := range found {
		done := "marked"
		switch {
		case g.Removed:
			done = "removed"
		case !g.Since.IsZero():
			done = "marked " + g.Since.Format(time.RFC3339)
		}
		if dryRun && (g.Removed || g.Since.IsZero()) {
			done = "would be " + done
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", g.What, g.Name, done, g.Reason)
	}
	t.Flush()
}
