// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
	"github.com/spf13/cobra"
)

func detachCommand() *cobra.Command {
	var f switchFlags
	c := &cobra.Command{
		Use:   "detach PORT...",
		Short: "Remove ports from their bridges",
		Long: `Remove ports from their bridges, and what "ovskit attach" has made for them. Ports of another
--owner are not removed.`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("%s: no port given", c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			return f.run(c, func(ctx context.Context, _ *vswitch.DB, ports *port.Manager) error {
				var errs []error
				var done []string
				for _, name := range args {
					if err := ports.Detach(ctx, name); err != nil {
						errs = append(errs, err)
						continue
					}
					done = append(done, name)
				}
				if f.output == "json" {
					errs = append(errs, printJSON(c.OutOrStdout(), map[string][]string{"detached": append([]string{}, done...)}))
				} else {
					for _, name := range done {
						fmt.Fprintf(c.OutOrStdout(), "detached %s\n", name)
					}
				}
				return errors.Join(errs...)
			})
		},
	}
	f.add(c)
	return c
}
