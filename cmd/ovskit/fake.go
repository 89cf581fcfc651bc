// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/spf13/cobra"
)

func fakeCommand() *cobra.Command {
	var dir, file string
	var schemas []string
	var noSwitch bool
	c := &cobra.Command{
		Use:   "fake --dir DIR [--file FILE] [--schema FILE]... [--no-switch]",
		Short: "Run a fake Open vSwitch until it is told to stop",
		Long: `Run a fake Open vSwitch, with its database at DIR/db.sock and each bridge's OpenFlow
socket at DIR/BRIDGE.mgmt. The database is in memory unless --file names its file, which
ovsdb-server and ovsdb-tool read and write too. Each --schema adds an empty database with the schema in FILE,
such as OVN's ovn-nb.ovsschema. With --no-switch there is the database alone, as without
ovs-vswitchd. It prints a line with the word "ready" when clients can
connect, and ends on SIGTERM and SIGINT. What goes wrong, such as a client that is cut
off, is said on standard error.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if dir == "" {
				return usagef("%s: --dir is missing", c.CommandPath())
			}
			log := slog.New(slog.NewTextHandler(c.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn}))
			ovs, err := startFake(fakeovs.Options{Dir: dir, DatabaseFile: file, NoSwitch: noSwitch, Logger: log}, schemas)
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
	c.Flags().StringVar(&file, "file", "", "keep the database in `FILE`, in the format of ovsdb-server; it is created if need be")
	c.Flags().BoolVar(&noSwitch, "no-switch", false, "serve the database only")
	c.Flags().StringArrayVar(&schemas, "schema", nil, "serve a further database by the schema in `FILE`; can be repeated")
	return c
}

// startFake starts a fake with further databases by the schemas in files.
func startFake(o fakeovs.Options, files []string) (*fakeovs.OVS, error) {
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read the schema of a further database: %w", err)
		}
		o.Schemas = append(o.Schemas, text)
	}
	ovs, err := fakeovs.Start(o)
	var bad *fakeovs.SchemaError
	if errors.As(err, &bad) {
		return nil, fmt.Errorf("schema %s: %w", files[bad.Index], bad.Err)
	}
	return ovs, err
}
