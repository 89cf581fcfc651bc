// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ovskit/ovskit/internal/endpoint"
	"github.com/ovskit/ovskit/internal/retry"
)

// BackupOptions are the options of StartBackup.
type BackupOptions struct {
	// Active is the remote of the server that is copied, such as "unix:PATH".
	Active string
	// Excluded are the tables that are not copied, as "DATABASE:TABLE".
	Excluded []string
	// Probe is after what time of silence the other server is asked for a sign of life; 0: never. See SetBackupProbe.
	Probe time.Duration
	// TLS returns what a connection to an "ssl:" remote needs. nil: there are none.
	TLS func() (server, client *tls.Config, err error)
}

// backup makes the databases of a server copies of those of another, which is the active one: ovsdb(7), "Active-Backup
// Database Service Model".
type backup struct {
	server  *Server
	options BackupOptions
	running context.Context
	cancel  context.CancelFunc
	done    chan struct{}
	probe   atomic.Int64 // a time.Duration

	mu          sync.Mutex
	replicating bool     // the copy is complete, and what changes is followed
	databases   []string // that are copied
}

// errNoBackup is that a server cannot be the backup of another, which it need not try again.
var errNoBackup = errors.New("databases are not replicated")

// StartBackup makes the server the backup of another, instead of one that it may have been a backup of: clients may
// only read until StopBackup, or until it turns out that it cannot be, and the databases that both have become as the
// other's. It does not wait for that.
func (s *Server) StartBackup(o BackupOptions) {
	b := &backup{server: s, options: o, done: make(chan struct{})}
	b.probe.Store(int64(o.Probe))
	b.running, b.cancel = context.WithCancel(context.Background())
	s.backupMu.Lock()
	defer s.backupMu.Unlock()
	s.stopBackup()
	s.backup = b
	s.setReadOnly(true)
	go b.run()
}

// StopBackup makes the server an active one, if it was a backup.
func (s *Server) StopBackup() {
	s.backupMu.Lock()
	defer s.backupMu.Unlock()
	s.stopBackup()
	s.setReadOnly(false)
}

// stopBackup returns when nothing runs for the backup any more. s.backupMu is held.
func (s *Server) stopBackup() {
	if s.backup != nil {
		s.backup.cancel()
		<-s.backup.done
		s.backup = nil
	}
}

// BackupStatus says how far a backup is, in the words of ovsdb-server; false if the server is an active one.
func (s *Server) BackupStatus() (string, bool) {
	s.backupMu.Lock()
	b := s.backup
	s.backupMu.Unlock()
	if b == nil || b.failed() {
		return "", false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.replicating {
		return "connecting: " + b.options.Active, true
	}
	status := fmt.Sprintf("replicating: %s\ndatabase: %s", b.options.Active, strings.Join(hashOrder(b.databases), ", "))
	if len(b.options.Excluded) > 0 {
		status += "\nexclude: " + strings.Join(b.options.Excluded, ",")
	}
	return status, true
}

// failed reports whether the backup has ended of itself.
func (b *backup) failed() bool {
	select {
	case <-b.done:
		return true
	default:
		return false
	}
}

// SetBackupProbe changes BackupOptions.Probe of the backup that the server is, if it is one, from the next time on that it
// waits for the other server.
func (s *Server) SetBackupProbe(after time.Duration) {
	s.backupMu.Lock()
	defer s.backupMu.Unlock()
	if s.backup != nil {
		s.backup.probe.Store(int64(after))
	}
}

func (s *Server) setReadOnly(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.readOnly == on {
		return
	}
	s.readOnly = on
	for c := range s.sessions {
		c.readOnly = on
	}
}

// run connects to the active server, again and again.
func (b *backup) run() {
	defer close(b.done)
	pause := time.Duration(0)
	for retry.Pause(b.running, pause) == nil {
		since := time.Now()
		err := b.follow()
		switch {
		case b.running.Err() != nil:
			return
		case errors.Is(err, errNoBackup):
			b.server.log.Warn("server is no backup any more", "active", b.options.Active, "error", err)
			b.server.setReadOnly(false)
			return
		}
		b.server.log.Info("active server not followed", "active", b.options.Active, "error", err)
		if time.Since(since) > pause {
			pause = minBackoff
		} else {
			pause = min(2*pause, defaultMaxBackoff)
		}
	}
}

// follow connects once, copies the databases and follows them until the connection ends.
func (b *backup) follow() error {
	conn, err := b.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(b.running, func() { conn.Close() })()
	b.mu.Lock()
	b.replicating = false
	b.mu.Unlock()
	p := &activeServer{backup: b, conn: conn, r: newFrameReader(conn, b.server.options.MaxMessage)}
	databases, err := p.copyAll()
	if err != nil {
		return err
	}
	b.mu.Lock()
	b.replicating, b.databases = true, databases
	b.mu.Unlock()
	for {
		if _, err := p.receive(); err != nil {
			return err
		}
	}
}

func (b *backup) dial() (net.Conn, error) {
	e, err := endpoint.Parse(b.options.Active, DefaultPort)
	if err != nil {
		return nil, err
	}
	var config *tls.Config
	if e.Scheme == endpoint.SSL && b.options.TLS != nil {
		if _, config, err = b.options.TLS(); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(b.running, defaultMaxBackoff)
	defer cancel()
	return e.Dial(ctx, config)
}

func (b *backup) excludes(database, table string) bool {
	return slices.Contains(b.options.Excluded, database+":"+table)
}
