// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"log/slog"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/spf13/cobra"
)

func fakeCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "fake --dir DIR",
		Short: "Run a fake Open vSwitch until it is told to stop",
		Long: `Run a fake Open vSwitch, with its database at DIR/db.sock and each bridge's OpenFlow
socket at DIR/BRIDGE.mgmt. It prints a line with the word "ready" when clients can
connect, and ends on SIGTERM and SIGINT. What goes wrong, such as a client that is cut
off, is said on standard error.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if dir == "" {
				return usagef("%s: --dir is missing", c.CommandPath())
			}
			log := slog.New(slog.NewTextHandler(c.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn}))
			ovs, err := fakeovs.Start(fakeovs.Options{Dir: dir, Logger: log})
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(c.OutOrStdout(), "ready: %s\n", ovs.DatabaseEndpoint()); err != nil {
				ovs.Close()
				return err
			}
			select {
			case <-c.Context().Done():
			case <-ovs.Done():
			}
			return ovs.Close()
		},
	}
	c.Flags().StringVar(&dir, "dir", "", "existing directory of the sockets")
	return c
}
