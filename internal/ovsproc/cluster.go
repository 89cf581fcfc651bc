// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsproc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

// ClusterOptions configure a cluster. The zero value is three members with the
// schema of Open vSwitch.
type ClusterOptions struct {
	// Schema is the path of the schema; empty is that of Open vSwitch. Its
	// ephemeral columns become persistent, as a cluster has no others.
	Schema string
	// Members is how many servers there are; 0 is 3.
	Members int
	// Logger receives what the cluster does; nil discards it.
	Logger *slog.Logger
}

// A Cluster is a database that several ovsdb-servers of this machine serve
// together, as ovsdb(7) has it: one of them leads, and what most of them have is
// committed. Members are numbered from 0. The programs are killed when this
// process ends, however it ends. Methods may be called by several goroutines.
type Cluster struct {
	dir     string
	spawner *spawner

	mu      sync.Mutex // held while members are started, stopped and asked
	stopped bool
	members []*member
}

// StartCluster starts a cluster with an empty database and returns when all
// members are connected to it. Nothing is left behind when it fails.
func StartCluster(ctx context.Context, o ClusterOptions) (*Cluster, error) {
	c, err := startCluster(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("start a database cluster: %w", err)
	}
	return c, nil
}

func startCluster(ctx context.Context, o ClusterOptions) (_ *Cluster, err error) {
	if o.Schema == "" {
		o.Schema = schemaFile
	}
	if o.Members == 0 {
		o.Members = 3
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	database, err := schemaName(o.Schema)
	if err != nil {
		return nil, err
	}
	c := new(Cluster)
	if c.dir, err = os.MkdirTemp("", "ovskit-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Stop())
		}
	}()
	if c.spawner, err = newSpawner("", false); err != nil {
		return nil, err
	}
	for i := range o.Members {
		m := &member{database: database, server: server{spawner: c.spawner, log: o.Logger, dir: filepath.Join(c.dir, strconv.Itoa(i))}}
		c.members = append(c.members, m)
		if err := m.create(ctx, o.Schema, c.members[0]); err != nil {
			return nil, fmt.Errorf("member %d: %w", i, err)
		}
		// The others ask the first one to be taken in, so it has to be there.
		if err := c.Start(ctx, i); err != nil {
			return nil, err
		}
	}
	return c, c.Ready(ctx)
}

// Endpoints are the endpoints for clients of all members, as in
// "unix:DIR/0/db.sock".
func (c *Cluster) Endpoints() []string {
	endpoints := make([]string, len(c.members))
	for i, m := range c.members {
		endpoints[i] = m.endpoint()
	}
	return endpoints
}

// Leader waits until exactly one of the members that run says that it leads,
// and returns it.
func (c *Cluster) Leader(ctx context.Context) (leader int, err error) {
	err = poll(ctx, nil, func() error {
		var leaders []int
		err := c.ask(ctx, func(i int, s state) error {
			if s.Leader {
				leaders = append(leaders, i)
			}
			return nil
		})
		if err == nil && len(leaders) != 1 {
			err = fmt.Errorf("members %v say that they lead", leaders)
		}
		if err == nil {
			leader = leaders[0]
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("wait for the leader of the cluster: %w", err)
	}
	return leader, nil
}

// Ready waits until all members that run are connected to the cluster, which
// they are not while there is no leader or too few of them run.
func (c *Cluster) Ready(ctx context.Context) error {
	err := poll(ctx, nil, func() error {
		return c.ask(ctx, func(i int, s state) error {
			if !s.Connected {
				return fmt.Errorf("member %d: not connected to the cluster", i)
			}
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("wait for the cluster: %w", err)
	}
	return nil
}

// Start starts a member after [Cluster.Kill] and returns when it can be
// connected to. It may then have to find the cluster yet, for which [Cluster.Ready]
// waits.
func (c *Cluster) Start(ctx context.Context, i int) error {
	return c.do(i, func(m *member) error { return m.start(ctx) })
}

// Kill ends a member with SIGKILL and waits for its end.
func (c *Cluster) Kill(i int) error {
	return c.do(i, func(m *member) error {
		m.frozen = false
		return m.process.stop(0)
	})
}

// Freeze stops a member in its tracks, as on a machine that is overloaded or cut
// off.
func (c *Cluster) Freeze(i int) error {
	return c.do(i, func(m *member) error {
		if err := m.process.freeze(); err != nil {
			return err
		}
		m.frozen = true
		return nil
	})
}

// Thaw lets a member go on after [Cluster.Freeze].
func (c *Cluster) Thaw(i int) error {
	return c.do(i, func(m *member) error {
		m.frozen = false
		return m.process.thaw()
	})
}

// Stop ends all members, waits for them and removes their databases. Further
// calls do nothing.
func (c *Cluster) Stop() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return nil
	}
	c.stopped = true
	var err error
	for i, m := range c.members {
		if e := m.close(); e != nil {
			err = errors.Join(err, fmt.Errorf("member %d: %w", i, e))
		}
	}
	if c.spawner != nil {
		c.spawner.close()
	}
	return errors.Join(err, os.RemoveAll(c.dir))
}

// do does something with a member.
func (c *Cluster) do(i int, f func(*member) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := errors.New("the cluster was stopped")
	if !c.stopped {
		err = f(c.members[i])
	}
	if err != nil {
		return fmt.Errorf("member %d: %w", i, err)
	}
	return nil
}

// ask calls f with the state of each member that can answer.
func (c *Cluster) ask(ctx context.Context, f func(i int, s state) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, m := range c.members {
		if m.frozen || !m.process.running() {
			continue
		}
		s, err := m.state(ctx)
		if err != nil {
			return fmt.Errorf("member %d: %w", i, err)
		}
		if err := f(i, s); err != nil {
			return err
		}
	}
	return nil
}
