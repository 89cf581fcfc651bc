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
	var o fakeOptions
	var bootstrap string
	c := &cobra.Command{
		Use:   "fake --dir DIR [--schema FILE]... [--file FILE] [--database FILE]... [--remote REMOTE]... [--no-switch]",
		Short: "Run a fake Open vSwitch until it is told to stop",
		Long: `Run a fake Open vSwitch in DIR: its database at DIR/db.sock, each bridge's OpenFlow socket at
DIR/BRIDGE.mgmt, and the control sockets and pid files by which ovs-appctl finds the two
programs. With OVS_RUNDIR=DIR in their environment the programs of Open vSwitch use it.

The database is empty at first and in memory; with --file it is what that file has, which
ovsdb-server and ovsdb-tool read and write too. With --no-switch there is nobody who acts on
what is written to it, as without ovs-vswitchd. Each --schema serves an empty database with the
schema in FILE, such as OVN's ovn-nb.ovsschema. --file is the file of the first; if there is no
--schema and the file exists, it may be of any schema. Each --database serves a further database
that is kept in the existing file FILE. Unless one of the databases is Open_vSwitch, there is no
switch.

Each --remote is a further way to the databases, as for ovsdb-server: ptcp:PORT:HOST,
pssl:PORT:HOST, punix:PATH, tcp:HOST:PORT, ssl:HOST:PORT, unix:PATH, or
db:Open_vSwitch,Open_vSwitch,manager_options for what "ovs-vsctl set-manager" sets. The files for
TLS too may be such columns, which hold their paths.

It prints a line with the word "ready" when clients can connect, and ends on SIGTERM and SIGINT,
and when ovsdb-server is told to exit. What goes wrong, such as a client that is cut off, is said
on standard error; with --verbose also what happens otherwise.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if o.Dir == "" {
				return usagef("%s: --dir is missing", c.CommandPath())
			}
			level := slog.LevelWarn
			if o.verbose {
				level = slog.LevelDebug
			}
			if bootstrap != "" {
				if o.TLSFiles.CACert != "" {
					return usagef("%s: --ca-cert and --bootstrap-ca-cert exclude each other", c.CommandPath())
				}
				o.TLSFiles.CACert, o.TLSFiles.BootstrapCACert = bootstrap, true
			}
			o.Logger = slog.New(slog.NewTextHandler(c.ErrOrStderr(), &slog.HandlerOptions{Level: level}))
			ovs, err := o.start()
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
	c.Flags().StringVar(&o.Dir, "dir", "", "existing directory of the sockets")
	c.Flags().StringVar(&o.DatabaseFile, "file", "",
		"keep the database in `FILE`, in the format of ovsdb-server; it is created if need be")
	c.Flags().StringArrayVar(&o.Databases, "database", nil, "serve a further database that is kept in `FILE`; can be repeated")
	c.Flags().StringArrayVar(&o.Remotes, "remote", nil, "listen at or connect to `REMOTE` too; can be repeated")
	c.Flags().StringVar(&o.TLSFiles.PrivateKey, "private-key", "", "private key for pssl: and ssl: remotes, in `FILE`")
	c.Flags().StringVar(&o.TLSFiles.Certificate, "certificate", "", "certificate of the private key, in `FILE`")
	c.Flags().StringVar(&o.TLSFiles.CACert, "ca-cert", "", "certificate of the authority of the peers, in `FILE`")
	c.Flags().StringVar(&bootstrap, "bootstrap-ca-cert", "",
		"as --ca-cert, but if `FILE` does not exist, it is taken over from the first server that is connected to")
	c.Flags().StringVar(&o.TLSFiles.PeerCACert, "peer-ca-cert", "",
		"certificate of the authority of this server, in `FILE`, for clients that do not know it yet")
	c.Flags().BoolVar(&o.NoSwitch, "no-switch", false, "serve the database only")
	c.Flags().StringArrayVar(&o.schemas, "schema", nil,
		"serve a database by the schema in `FILE` instead of Open_vSwitch; can be repeated")
	c.Flags().BoolVarP(&o.verbose, "verbose", "v", false, "say what happens on standard error")
	return c
}

// fakeOptions are the flags.
type fakeOptions struct {
	fakeovs.Options
	schemas []string // files
	verbose bool
}

// start starts the fake.
func (o *fakeOptions) start() (*fakeovs.OVS, error) {
	for _, file := range o.schemas {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read the schema of a database: %w", err)
		}
		o.Schemas = append(o.Schemas, text)
	}
	ovs, err := fakeovs.Start(o.Options)
	var bad *fakeovs.SchemaError
	if errors.As(err, &bad) {
		return nil, fmt.Errorf("schema %s: %w", o.schemas[bad.Index], bad.Err)
	}
	return ovs, err
}
