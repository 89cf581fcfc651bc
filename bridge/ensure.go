// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/ovskit/ovskit/internal/linkconf"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// undoPatience is how long taking back a failed change may take.
const undoPatience = 2 * time.Second

// maxRaces is how often a bridge may be made and removed by somebody else while
// Ensure looks.
const maxRaces = 10

// Ensure creates a bridge, or brings the one with this name to the config, and
// returns when ovs-vswitchd has put it into effect. It fails with a
// [*DatapathError] when the datapath cannot be made, with a
// [*vswitch.InterfaceError] when the bridge's own port cannot be, and with an
// error that wraps [vswitch.ErrNotApplied] when ovs-vswitchd does not answer
// before ctx ends. All changes are taken back when it fails.
func Ensure(ctx context.Context, db *vswitch.DB, c Config) (*Bridge, error) {
	b, err := ensure(ctx, db, c, true)
	if err != nil {
		return nil, fmt.Errorf("bridge %q: %w", c.Name, err)
	}
	return b, nil
}

// Update brings a bridge that exists to the config, like [Ensure], and changes
// nothing but what is given. It fails with [ErrNotFound] when there is none.
func Update(ctx context.Context, db *vswitch.DB, c Config) (*Bridge, error) {
	b, err := ensure(ctx, db, c, false)
	if err != nil {
		return nil, fmt.Errorf("update bridge %q: %w", c.Name, err)
	}
	return b, nil
}

// A change is what was done to rows.
type change struct {
	bridge      string // UUID
	newDatapath bool   // an existing bridge was given another type of datapath
	rstp        bool   // RSTP has other settings
	undo        func(context.Context, runner) error
}

// A runner is Apply or Commit of a DB.
type runner func(context.Context, ...ovsdb.Operation) ([]ovsdb.Result, error)

func ensure(ctx context.Context, db *vswitch.DB, c Config, create bool) (_ *Bridge, err error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	management, err := managementEndpoint(db, &c)
	if err != nil {
		return nil, err
	}
	ns, err := netns.OpenOrCurrent(c.SwitchNetns)
	if err != nil {
		return nil, err
	}
	defer ns.Close()
	done, err := write(ctx, db, &c, ns, create)
	defer func() {
		if err != nil && done != nil {
			err = errors.Join(err, takeBack(ctx, db, err, done))
		}
	}()
	if err != nil {
		return nil, err
	}
	if err := done.settle(ctx, db.Apply); err != nil {
		return nil, err
	}
	row, err := waitDatapath(ctx, db, done)
	if err != nil {
		return nil, err
	}
	mac, err := waitOwnPort(ctx, db, row)
	if err != nil {
		return nil, err
	}
	b := describe(db, row, management)
	b.MAC = mac
	return b, configureOwnPort(ns, &c)
}

// write makes or changes the rows and returns what it did, also when it fails.
func write(ctx context.Context, db *vswitch.DB, c *Config, ns *netns.NS, mayCreate bool) (*change, error) {
	for races := 0; ; races++ {
		row, ok := db.Bridge(c.Name)
		if !ok && !mayCreate {
			return nil, ErrNotFound
		}
		var types []string
		if !ok || c.Datapath != "" {
			var err error
			if types, err = datapaths(ctx, db, c.Datapath, ns); err != nil {
				return nil, err
			}
		}
		if !ok {
			done, err := create(ctx, db, *c, types)
			if !errors.Is(err, ovsdb.ErrConstraintViolation) {
				return done, err
			}
			// The name is taken: by a bridge made at this moment, and perhaps
			// removed since, or not by a bridge.
			if row, ok = db.Bridge(c.Name); !ok {
				if _, taken := db.Interface(c.Name); taken || races == maxRaces {
					return nil, err
				}
				continue
			}
		}
		done, err := adopt(ctx, db, row.UUID, c.patch())
		if done == nil && errors.Is(err, ErrNotFound) && races < maxRaces {
			continue // removed at this moment
		}
		return done, err
	}
}

// adopt carries out a patch on a bridge that exists.
func adopt(ctx context.Context, db *vswitch.DB, uuid string, p *patch) (*change, error) {
	done := &change{bridge: uuid}
	var back *patch
	done.undo = func(ctx context.Context, run runner) error {
		err := patchRows(ctx, db, uuid, back, run, nil)
		if errors.Is(err, ErrNotFound) {
			return nil // somebody removed the bridge
		}
		return err
	}
	err := patchRows(ctx, db, uuid, p, db.Apply, &back)
	if back == nil || err != nil && !mayHaveHappened(err) {
		return nil, err
	}
	_, done.newDatapath = back.bridge["datapath_type"]
	done.rstp = back.changesRSTP()
	return done, err
}

// patchRows carries out a patch, and says what takes it back. Rows that somebody
// changes at the same time are looked at again.
func patchRows(ctx context.Context, db *vswitch.DB, uuid string, p *patch, run runner, back **patch) error {
	for {
		if back != nil {
			*back = nil
		}
		s, err := readState(ctx, db, uuid, p)
		if err != nil {
			return err
		}
		ops, inverse := s.plan(p)
		if back != nil {
			*back = inverse
		}
		_, err = run(ctx, ops...)
		if !errors.Is(err, ovsdb.ErrTimedOut) {
			return err
		}
		err = db.Wait(ctx, func() (bool, error) {
			now, ok := db.BridgeByUUID(uuid)
			return !ok || !reflect.DeepEqual(now, s.bridge), nil
		})
		if err != nil {
			return err
		}
	}
}

// settle has ovs-vswitchd take over settings once more that it checks against those it
// had before: it takes some of RSTP only when it has others already, and forgets
// most when the protocol's version changes.
func (c *change) settle(ctx context.Context, run runner) error {
	if !c.rstp {
		return nil
	}
	_, err := run(ctx)
	return err
}

// mayHaveHappened reports whether a transaction that failed with err can have
// changed the database.
func mayHaveHappened(err error) bool {
	var unknown *ovsdb.OutcomeUnknownError
	return errors.Is(err, vswitch.ErrNotApplied) || errors.As(err, &unknown)
}

// takeBack undoes a change even if ctx has ended, and waits for ovs-vswitchd
// unless cause, the reason for taking back, is that it does not answer.
func takeBack(ctx context.Context, db *vswitch.DB, cause error, done *change) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoPatience)
	defer cancel()
	run := db.Apply
	if mayHaveHappened(cause) {
		run = db.Commit
		// The server does in order what it was asked, also by a connection that
		// has broken: afterwards the copy of the database shows what the
		// transaction did.
		if err := db.Client().Echo(ctx); err != nil {
			return fmt.Errorf("undo: %w", err)
		}
	}
	err := done.undo(ctx, run)
	if err == nil {
		err = done.settle(ctx, run)
	}
	if err != nil && !errors.Is(err, vswitch.ErrNotApplied) {
		return fmt.Errorf("undo: %w", err)
	}
	return nil
}

// configureOwnPort gives the bridge's own port its addresses and routes.
func configureOwnPort(ns *netns.NS, c *Config) error {
	if len(c.Addrs) == 0 && len(c.Routes) == 0 {
		return nil
	}
	h, err := ns.Netlink()
	if err != nil {
		return err
	}
	defer h.Close()
	_, err = linkconf.Apply(h, c.Name, c.link())
	return err
}

// managementEndpoint finds the bridge's management socket.
func managementEndpoint(db *vswitch.DB, c *Config) (string, error) {
	if c.RunDir != "" {
		return management(c.RunDir, c.Name), nil
	}
	dir, ok := databaseDir(db)
	if !ok {
		return "", fmt.Errorf("directory of the management sockets must be given: the database is at %q", db.Client().Endpoint())
	}
	return management(dir, c.Name), nil
}

func management(dir, name string) string { return "unix:" + filepath.Join(dir, name+".mgmt") }

// databaseDir is the directory of the database's socket, if it has one.
func databaseDir(db *vswitch.DB) (dir string, ok bool) {
	path, ok := strings.CutPrefix(db.Client().Endpoint(), "unix:")
	return filepath.Dir(path), ok
}
