// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/spf13/cobra"
)

func fakeCommand() *cobra.Command {
	var dir, file string
	var schemas, databases, remotes []string
	var files ovsdb.TLSFiles
	var noSwitch bool
	c := &cobra.Command{
		Use:   "fake --dir DIR [--file FILE] [--schema FILE]... [--database FILE]... [--remote REMOTE]... [--no-switch]",
		Short: "Run a fake Open vSwitch until it is told to stop",
		Long: `Run a fake Open vSwitch, with its database at DIR/db.sock and each bridge's OpenFlow
socket at DIR/BRIDGE.mgmt. It prints a line with the word "ready" when clients can
connect, and ends on SIGTERM and SIGINT. What goes wrong, such as a client that is cut
off, is said on standard error.

The database is in memory unless --file names its file, which ovsdb-server and ovsdb-tool
read and write too. Each --schema adds an empty database with the schema in FILE, such as
OVN's ovn-nb.ovsschema, and each --database one that is kept in the existing file FILE.

Each --remote is a further way to the databases, as for ovsdb-server: ptcp:PORT:HOST,
pssl:PORT:HOST, punix:PATH, tcp:HOST:PORT, ssl:HOST:PORT, unix:PATH, or
db:Open_vSwitch,Open_vSwitch,manager_options for what "ovs-vsctl set-manager" sets.

With --no-switch there are the databases alone, as without ovs-vswitchd.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if dir == "" {
				return usagef("%s: --dir is missing", c.CommandPath())
			}
			log := slog.New(slog.NewTextHandler(c.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn}))
			o := fakeovs.Options{Dir: dir, DatabaseFile: file, Databases: databases, Remotes: remotes, NoSwitch: noSwitch, Logger: log}
			if files != (ovsdb.TLSFiles{}) {
				files.AnyName = true
				config, err := files.Config()
				if err != nil {
					return err
				}
				o.TLS = config
			}
			ovs, err := startFake(o, schemas)
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
	c.Flags().StringArrayVar(&databases, "database", nil, "serve a further database that is kept in `FILE`; can be repeated")
	c.Flags().StringArrayVar(&remotes, "remote", nil, "listen at or connect to `REMOTE` too; can be repeated")
	c.Flags().StringVar(&files.PrivateKey, "private-key", "", "private key for pssl: and ssl: remotes, in `FILE`")
	c.Flags().StringVar(&files.Certificate, "certificate", "", "certificate of the private key, in `FILE`")
	c.Flags().StringVar(&files.CACert, "ca-cert", "", "certificate of the authority of the peers, in `FILE`")
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
