// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"errors"
	"fmt"
	"maps"
)

// Content is what the files of a server's databases would hold at one moment. It may be kept.
type Content struct {
	server    *Server
	databases map[string]Snapshot // without _Server
}

// Content returns the content of all databases.
func (s *Server) Content() *Content {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &Content{server: s, databases: map[string]Snapshot{}}
	for name, db := range s.databases {
		if name != serverDatabase {
			c.databases[name] = db.snapshotAll()
		}
	}
	return c
}

// Owns reports whether a content was this server's.
func (s *Server) Owns(c *Content) bool { return c.server == s }

// Disconnect cuts all clients, as the end of a process would, and returns when nothing runs for them any more: their
// locks are free, and what waited is gone. Later clients are served; meanwhile none may come.
func (s *Server) Disconnect() {
	s.StopBackup()
	s.mu.Lock()
	for c := range s.sessions {
		c.out.close()
	}
	s.mu.Unlock()
	s.goroutines.Wait()
}

// Restart makes the server, which must have no clients and closed files, what a new process makes of files with that
// content: it has another id, rows have other versions, and ephemeral columns their defaults. The content must be its own.
// A database that has a file is read from it, unless the content is restored: then that becomes the file's.
func (s *Server) Restart(c *Content, restored bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.id, s.plainMonitors = newUUID(), false
	s.databases[serverDatabase].clear()
	for name, db := range s.databases {
		if name != serverDatabase {
			if err := db.reload(c.databases[name], restored); err != nil {
				return err
			}
		}
		if err := s.describe(db); err != nil {
			return err
		}
	}
	return nil
}

func (db *Database) snapshotAll() Snapshot {
	s := Snapshot{}
	for name, t := range db.tables {
		s[name] = maps.Clone(t.rows)
	}
	return s
}

func (db *Database) clear() {
	for _, t := range db.tables {
		*t = *newTable(db, t.tableSchema)
	}
}

// reload makes the database what its file says, or if it has none, or another one is restored, a content.
func (db *Database) reload(content Snapshot, restored bool) error {
	if db.file == nil {
		return db.load(content)
	}
	schema, err := db.file.open(db.server.now())
	if err != nil {
		return fmt.Errorf("open the database file: %w", err)
	}
	switch {
	case string(schema.text) != string(db.schema.text):
		err = fmt.Errorf("%s: its schema has changed", db.file.name)
	case restored:
		log := db.file.log
		db.file.log = nil // what is loaded is written at once
		err = db.load(content)
		if db.file.log = log; err == nil {
			err = db.compact("restored")
		}
	default:
		db.clear()
		db.read()
	}
	if err != nil {
		return errors.Join(err, db.file.close())
	}
	return nil
}

// load replaces all rows.
func (db *Database) load(s Snapshot) error {
	db.clear()
	x := newTxn(db)
	for name, t := range db.tables {
		for _, row := range s.Rows(name) {
			if row.table.tableSchema != t.tableSchema {
				return fmt.Errorf("load database %s: its schema has changed", db.schema.Name)
			}
			loaded := t.newRow(row.uuid)
			for _, c := range t.columns[firstColumn:] {
				if !c.ephemeral {
					loaded.fields[c.index] = row.fields[c.index]
				}
			}
			x.insert(loaded)
		}
	}
	if err := db.commit(x); err != nil {
		return fmt.Errorf("load database %s: %w", db.schema.Name, err)
	}
	return nil
}

// DisableMonitorCond takes the methods monitor_cond and monitor_cond_since away until Restart, and cuts all clients, as for
// the command ovsdb-server/disable-monitor-cond.
func (s *Server) DisableMonitorCond() {
	s.mu.Lock()
	s.plainMonitors = true
	s.mu.Unlock()
	s.Reconnect()
}

// Reconnect cuts all clients, which may come again at once.
func (s *Server) Reconnect() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.sessions {
		c.out.close()
	}
}
