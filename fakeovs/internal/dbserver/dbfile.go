// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// The pauses between two compactions: none comes before the shorter one, and one comes after the longer one.
const (
	minCompactionPause = 10 * time.Minute
	maxCompactionPause = 24 * time.Hour
)

// dbFile is the file of a database: where its transactions are written to as ovsdb-server does.
type dbFile struct {
	name      string
	log       *logFile // nil while the file is closed
	compacted time.Time
	text      []byte // the buffer of the record that was written last
}

// AddDatabaseFile makes a database that is kept in a file in the format of ovsdb-server: with the schema and the content
// of the file, or if there is none of that name, empty, with the given schema and a new file. It is an error if another
// program has the file open, and if the database has not the schema's name. Without a schema the file must exist and is of
// any database. Where the file is damaged, it ends.
func (s *Server) AddDatabaseFile(name string, schema *Schema) (*Database, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if schema != nil {
		if err := createDatabaseFile(name, schema); err != nil {
			return nil, fmt.Errorf("create the database file: %w", err)
		}
	}
	f := &dbFile{name: name}
	found, err := f.open(s.now())
	if err == nil && schema != nil && found.Name != schema.Name {
		err = errors.Join(fmt.Errorf("%s: it is a database %s, not %s", name, found.Name, schema.Name), f.close())
	}
	if err == nil && found.Name[0] == '_' {
		err = errors.Join(fmt.Errorf("%s: names beginning with \"_\" are reserved: %s", name, found.Name), f.close())
	}
	if err != nil {
		return nil, fmt.Errorf("open the database file: %w", err)
	}
	db, err := s.addDatabase(found)
	if err != nil {
		return nil, errors.Join(err, f.close())
	}
	db.file = f
	db.read()
	return db, nil
}

// createDatabaseFile makes a file with a schema alone unless there is one.
func createDatabaseFile(name string, schema *Schema) error {
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	l, err := openLog(name, true)
	if err != nil {
		return err
	}
	return errors.Join(l.write(append([]byte(nil), schema.text...)), l.sync(), l.close())
}

// open opens the file and reads the schema.
func (f *dbFile) open(now time.Time) (*Schema, error) {
	l, err := openLog(f.name, false)
	if err != nil {
		return nil, err
	}
	record, err := l.read()
	var schema *Schema
	switch {
	case err == io.EOF:
		err = fmt.Errorf("%s: the schema is missing", f.name)
	case err == nil:
		schema, err = ParseSchema(appendJSON(nil, record))
	}
	if err != nil {
		return nil, errors.Join(err, l.close())
	}
	f.log, f.compacted = l, now
	l.base = l.offset
	return schema, nil
}

func (f *dbFile) close() error {
	if f == nil || f.log == nil {
		return nil
	}
	l := f.log
	f.log = nil
	return l.close()
}

// read makes the database what its file says, from where that is read to the end. The file ends where it is damaged: what
// is there goes with the next record that is written.
func (db *Database) read() {
	f := db.file
	log := f.log
	f.log = nil // what is replayed is not written
	defer func() { f.log = log }()
	for {
		record, err := log.read()
		if err == io.EOF {
			return
		}
		if err == nil {
			if err = db.replay(record); err != nil {
				log.unread()
			}
		}
		if err != nil {
			db.server.log.Warn("the database file ends before it should", "file", f.name, "error", err)
			return
		}
		if log.records == 2 {
			log.base = log.offset // the content as of the last compaction
		}
	}
}

// record writes a transaction to the database's file, if it has one.
func (db *Database) record(x *txn, changes []*change) *Error {
	if db.file == nil || db.file.log == nil {
		return nil
	}
	text, any := appendRecord(db.file.text[:0], changes, string(x.comment), db.server.now())
	if !any {
		return nil
	}
	if db.file.text = text; cap(text) > maxKept {
		db.file.text = nil
	}
	err := db.file.log.write(text)
	if err == nil && x.durable {
		err = db.file.log.sync()
	}
	if err != nil {
		db.server.log.Warn("transaction not written", "error", err)
		return newError("I/O error", "%v", err)
	}
	return nil
}

// compactIfDue compacts the file when ovsdb-server would: when it has doubled, if it is not small, and once a day.
func (db *Database) compactIfDue() {
	if db.file == nil || db.file.log == nil {
		return
	}
	pause := db.server.now().Sub(db.file.compacted)
	if pause < minCompactionPause || !db.file.log.grewLots() && pause < maxCompactionPause {
		return
	}
	if err := db.compact("compacting database online"); err != nil {
		db.server.log.Warn("database file not compacted", "file", db.file.name, "error", err)
	}
}

// Compact rewrites the file, if there is one, without the history of the content.
func (db *Database) Compact() error {
	db.server.mu.Lock()
	defer db.server.mu.Unlock()
	if db.file == nil || db.file.log == nil {
		return nil
	}
	return db.compact("compacting database online")
}

func (db *Database) compact(comment string) error {
	now := db.server.now()
	db.file.compacted = now
	var all []*change
	for _, t := range db.tables {
		for _, row := range t.rows {
			all = append(all, &change{id: rowID{t, row.uuid}, new: row})
		}
	}
	content, _ := appendRecord(nil, all, comment, now)
	return db.file.log.replace(append([]byte(nil), db.schema.text...), content)
}
