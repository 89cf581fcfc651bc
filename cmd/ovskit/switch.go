// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

// switchFlags are the flags of verbs that work on a switch.
type switchFlags struct {
	db, owner, netns, output string
	timeout                  time.Duration
}

// add adds the flags of verbs that change ports, addReading those of verbs to which nobody's ports are their own.
func (f *switchFlags) add(c *cobra.Command) {
	f.addReading(c)
	c.Flags().StringVar(&f.owner, "owner", "ovskit", "`NAME` of whom ports belong to; others' are not changed")
}

func (f *switchFlags) addReading(c *cobra.Command) {
	c.Flags().StringVar(&f.db, "db", "",
		"`ENDPOINT` of the database, such as unix:PATH or tcp:HOST:PORT (default unix:$OVS_RUNDIR/db.sock or unix:/var/run/openvswitch/db.sock)")
	c.Flags().StringVar(&f.netns, "switch-netns", "", "network namespace `NS` that the switch runs in (default the present one)")
	c.Flags().DurationVar(&f.timeout, "timeout", 30*time.Second, "how long to wait for the switch")
	c.Flags().StringVarP(&f.output, "output", "o", "text", "what to print: text or json")
}

// run opens the switch and its ports and hands them to do.
func (f *switchFlags) run(c *cobra.Command, do func(ctx context.Context, db *vswitch.DB, ports *port.Manager) error) error {
	if err := checkOutput(c, f.output); err != nil {
		return err
	}
	if f.timeout <= 0 {
		return usagef("%s: --timeout %s: not above zero", c.CommandPath(), f.timeout)
	}
	if f.owner == "" && c.Flags().Changed("owner") {
		return usagef("%s: --owner is empty", c.CommandPath())
	}
	ctx, cancel := context.WithTimeout(c.Context(), f.timeout)
	defer cancel()
	endpoint := f.db
	if endpoint == "" {
		endpoint = "unix:" + cmp.Or(os.Getenv("OVS_RUNDIR"), "/var/run/openvswitch") + "/db.sock"
	}
	db, err := vswitch.Dial(ctx, ovsdb.Options{Endpoint: endpoint})
	if err != nil {
		return socketError(err, "does ovsdb-server run? --db says where")
	}
	defer db.Close()
	ports, err := port.Open(db, port.Options{Owner: f.owner, SwitchNetns: f.netns})
	if err != nil {
		return err
	}
	defer ports.Close()
	switch err := do(ctx, db, ports); {
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("%w\n(only root may change devices and enter network namespaces)", err)
	case errors.Is(err, port.ErrElsewhere):
		return fmt.Errorf("%w (--switch-netns says where it runs)", err)
	default:
		return err
	}
}

// socketError says what may be the matter where a daemon of Open vSwitch could not be asked; where asks whether it runs.
func socketError(err error, where string) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w (the socket belongs to whom Open vSwitch runs as, mostly root)", err)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ECONNREFUSED):
		return fmt.Errorf("%w (%s)", err, where)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w (it runs, and does not answer)", err)
	}
	return err
}

// checkOutput checks the flag --output.
func checkOutput(c *cobra.Command, output string) error {
	if output != "text" && output != "json" {
		return usagef("%s: no such output: %q (one of text, json)", c.CommandPath(), output)
	}
	return nil
}

// printJSON prints a value for programs.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
