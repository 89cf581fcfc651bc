// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsproc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
)

// A server is an ovsdb-server whose database, socket and log are in one
// directory. Its methods are called by one goroutine at a time.
type server struct {
	spawner *spawner
	log     *slog.Logger
	dir     string
	remotes []*remote
	args    []string // further ones
	process *process // the last one
}

// file is the database.
func (s *server) file() string { return filepath.Join(s.dir, "conf.db") }

// socket is where it listens besides its remotes.
func (s *server) socket() string { return filepath.Join(s.dir, "db.sock") }

// start starts the server, which must not be running, and returns when it can
// be connected to everywhere.
func (s *server) start(ctx context.Context) error {
	if s.process.running() {
		return errors.New("start ovsdb-server: it runs already")
	}
	args := append([]string{s.file(), "--remote=punix:" + s.socket()}, s.args...)
	for _, r := range s.remotes {
		args = append(args, "--remote="+r.passive())
	}
	p, err := launch(s.spawner, s.log, s.dir, "ovsdb-server", args...)
	if err != nil {
		return err
	}
	s.process = p
	err = p.await(ctx, "unix", s.socket())
	for _, r := range s.remotes {
		if err == nil {
			err = p.await(ctx, "tcp", r.addr.String())
		}
	}
	if err != nil {
		return errors.Join(err, p.stop(0))
	}
	return nil
}

// close ends the server and gives its ports back.
func (s *server) close() error {
	err := s.process.stop(stopPatience)
	for _, r := range s.remotes {
		r.close()
	}
	return err
}

// save returns the content of the database. What the server has answered is
// in it.
func (s *server) save() ([]byte, error) {
	content, err := os.ReadFile(s.file())
	if err != nil {
		return nil, fmt.Errorf("save the database: %w", err)
	}
	return content, nil
}

// restore makes what save returned the content of the database.
func (s *server) restore(content []byte) error {
	if s.process.running() {
		return errors.New("restore the database: ovsdb-server runs")
	}
	if err := os.WriteFile(s.file(), content, 0o640); err != nil {
		return fmt.Errorf("restore the database: %w", err)
	}
	return nil
}

// launch executes a program of Open vSwitch that has all its files in one
// directory.
func launch(s *spawner, log *slog.Logger, dir, name string, args ...string) (*process, error) {
	path, err := program(name)
	if err != nil {
		return nil, err
	}
	args = append(args, "--pidfile", "--log-file", "-vconsole:off", "-vsyslog:off")
	env := os.Environ()
	for _, v := range []string{"OVS_RUNDIR", "OVS_DBDIR", "OVS_LOGDIR", "OVS_SYSCONFDIR"} {
		env = append(env, v+"="+dir)
	}
	p, err := s.spawn(path, args, env, filepath.Join(dir, name+".out"))
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	log.Debug("started", "program", name, "pid", p.pid(), "dir", dir)
	return p, nil
}

// await returns when the process listens. It is tried in the network namespace
// of the process.
func (p *process) await(ctx context.Context, network, address string) error {
	err := poll(ctx, p.ended, func() (err error) {
		p.spawner.do(func() {
			var conn net.Conn
			if conn, err = new(net.Dialer).DialContext(ctx, network, address); err == nil {
				err = conn.Close()
			}
		})
		return err
	})
	switch {
	case errors.Is(err, errEnded):
		return fmt.Errorf("%s ended at once (%v): %s", p.name(), p.result, p.lastWords())
	case err != nil:
		return fmt.Errorf("%s does not listen on %s: %w", p.name(), address, err)
	}
	return nil
}
