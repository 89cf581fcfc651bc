// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of this program",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			version, golang := "unknown", "unknown"
			if info, ok := debug.ReadBuildInfo(); ok {
				version, golang = info.Main.Version, info.GoVersion
			}
			_, err := fmt.Fprintf(c.OutOrStdout(), "ovskit %s %s\n", version, golang)
			return err
		},
	}
}
