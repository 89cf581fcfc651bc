// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"
)

// OpenDatabase adds the database that is in an existing file while clients are served, as ovsdb-server(1) does for the
// command ovsdb-server/add-db. Clients that do not keep an eye on the databases are cut off. The error has the words of
// ovsdb-server.
func (s *Server) OpenDatabase(file string) error {
	if s.hasOpen(file) {
		return fmt.Errorf("ovsdb error: %s: already open", file)
	}
	name, err := databaseName(file)
	switch errno := syscall.Errno(0); {
	case errors.As(err, &errno) && errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("I/O error: %s: open failed (No such file or directory)", file)
	case errors.As(err, &errno) && errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("I/O error: %s: open failed (Permission denied)", file)
	case err != nil:
		return fmt.Errorf("I/O error: %w", err)
	case strings.HasPrefix(name, "_"):
		return fmt.Errorf("ovsdb error: %s: names beginning with \"_\" are reserved", name)
	case s.Database(name) != nil:
		return fmt.Errorf("ovsdb error: %s: duplicate database name", name)
	}
	if _, err := s.AddDatabaseFile(file, nil); err != nil {
		return fmt.Errorf("I/O error: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cutUnaware(nil)
	return nil
}

// RemoveDatabase takes a database away while clients are served, and lets go of its file, as for the command
// ovsdb-server/remove-db. What waits for the database or monitors it is told so, and clients that do not keep an eye on the
// databases are cut off. It is an error if there is no such database, and if this process uses it itself.
func (s *Server) RemoveDatabase(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	db := s.databases[name]
	switch {
	case db == nil:
		return fmt.Errorf("there is no database %s", name)
	case name == serverDatabase:
		return fmt.Errorf("database %s is the server's own", name)
	}
	for w := range db.watches {
		if !w.ofRemotes {
			return fmt.Errorf("removal of database %s is not supported: this process uses it itself", name)
		}
	}
	for w := range db.watches {
		w.stop()
	}
	db.abandon()
	delete(s.databases, name)
	err := s.databases[serverDatabase].update(func(tx *Tx) error {
		for _, row := range s.databases[serverDatabase].tables["Database"].rows {
			if row.Get("name").String() == name {
				tx.txn.delete(row)
			}
		}
		return nil
	})
	s.cutUnaware(nil)
	return errors.Join(err, db.file.close())
}

// cutUnaware cuts off the clients that do not keep an eye on the databases, but for one. s.mu is held.
func (s *Server) cutUnaware(but *session) {
	for c := range s.sessions {
		if c != but && !c.changeAware {
			c.out.flush()
			c.out.close()
		}
	}
}

// hasOpen reports whether a file is that of a database, by whatever name.
func (s *Server) hasOpen(file string) bool {
	info, err := os.Stat(file)
	if err != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, db := range s.databases {
		if db.file == nil {
			continue
		}
		if other, err := os.Stat(db.file.name); err == nil && os.SameFile(info, other) {
			return true
		}
	}
	return false
}

// databaseName returns the name of the database in a file.
func databaseName(file string) (string, error) {
	if _, err := os.Stat(file); err != nil {
		return "", err
	}
	f := &dbFile{name: file}
	schema, err := f.open(time.Time{})
	if err != nil {
		return "", err
	}
	return schema.Name, f.close()
}
