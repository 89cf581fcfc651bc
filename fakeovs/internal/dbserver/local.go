// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
	"maps"
	"slices"
	"sort"
)

// Fields are values for columns, by name.
type Fields map[string]Datum

// Integers returns a set of integers; one makes a scalar.
func Integers(n ...int64) Datum { return newSet(Integer, intAtom, n) }

// Booleans returns a set of booleans; one makes a scalar.
func Booleans(b ...bool) Datum { return newSet(Boolean, boolAtom, b) }

// Strings returns a set of strings; one makes a scalar.
func Strings(s ...string) Datum { return newSet(String, strAtom, s) }

func newSet[T any](k Kind, convert func(T) atom, members []T) Datum {
	keys := make([]atom, 0, len(members))
	for _, m := range members {
		keys = append(keys, convert(m))
	}
	slices.SortFunc(keys, func(a, b atom) int { return compareAtoms(k, a, b) })
	return newDatum(slices.Compact(keys), nil)
}

// StringMap returns a map of strings to strings.
func StringMap(m map[string]string) Datum {
	var keys, values []atom
	for _, k := range slices.Sorted(maps.Keys(m)) {
		keys, values = append(keys, strAtom(k)), append(values, strAtom(m[k]))
	}
	return newDatum(keys, values)
}

// Counts returns a map of strings to integers.
func Counts(m map[string]int64) Datum {
	var keys, values []atom
	for _, k := range slices.Sorted(maps.Keys(m)) {
		keys, values = append(keys, strAtom(k)), append(values, intAtom(m[k]))
	}
	return newDatum(keys, values)
}

// Integer returns the first member of a set of integers; zero and false if it is empty.
func (d Datum) Integer() (int64, bool) {
	key, _ := d.first()
	return key.num, d.Len() > 0
}

// String returns the first member of a set of strings or UUIDs; "" if it is empty.
func (d Datum) String() string {
	key, _ := d.first()
	return key.str
}

// Strings returns the members of a set of strings or UUIDs.
func (d Datum) Strings() []string {
	s := make([]string, 0, d.Len())
	for k := range d.all() {
		s = append(s, k.str)
	}
	return s
}

// Lookup returns what a map of strings to strings has for a key; "" if nothing.
func (d Datum) Lookup(key string) string {
	value, _ := d.get(String, strAtom(key))
	return value.str
}

// Entry returns what a map of strings to strings has for a key; false if nothing.
func (d Datum) Entry(key string) (string, bool) {
	value, ok := d.get(String, strAtom(key))
	return value.str, ok
}

// Map returns a map of strings to strings.
func (d Datum) Map() map[string]string {
	m := make(map[string]string, d.Len())
	for k, v := range d.all() {
		m[k.str] = v.str
	}
	return m
}

// Numbers returns a map of strings to integers that are not negative and fit into 32 bits; others are cut off.
func (d Datum) Numbers() map[string]uint32 {
	m := make(map[string]uint32, d.Len())
	for k, v := range d.all() {
		m[k.str] = uint32(v.num)
	}
	return m
}

// Ints returns the members of a set of integers, or the keys of a map from them.
func (d Datum) Ints() []int64 {
	n := make([]int64, 0, d.Len())
	for k := range d.all() {
		n = append(n, k.num)
	}
	return n
}

// Values returns the values of a map to strings or UUIDs, in the order of its keys.
func (d Datum) Values() []string {
	s := make([]string, 0, d.Len())
	for _, v := range d.all() {
		s = append(s, v.str)
	}
	return s
}

// Bool returns the first member of a set of booleans; false if it is empty.
func (d Datum) Bool() bool {
	key, _ := d.first()
	return key.num != 0
}

// UUID returns the row's UUID.
func (r *Row) UUID() string { return r.uuid }

// Get returns the value of a column. The column must be in the schema; the value is empty if it is not.
func (r *Row) Get(column string) Datum {
	c := r.table.byName[column]
	if c == nil {
		return Datum{}
	}
	return r.fields[c.index]
}

// EqualBut reports whether two rows of a table are equal, except for some columns and what the server itself adds.
func (r *Row) EqualBut(o *Row, ignored map[string]bool) bool {
	if r == o {
		return true
	}
	for name, c := range r.table.byName {
		if !ignored[name] && name != "_version" && !r.fields[c.index].equal(o.fields[c.index]) {
			return false
		}
	}
	return true
}

// Snapshot is the state of some tables at one moment. It may be kept.
type Snapshot map[string]map[string]*Row // by table, by UUID

// Snapshot returns the rows of the given tables.
func (db *Database) Snapshot(tables ...string) Snapshot {
	db.server.mu.Lock()
	defer db.server.mu.Unlock()
	s := Snapshot{}
	for _, name := range tables {
		if t := db.tables[name]; t != nil {
			s[name] = maps.Clone(t.rows)
		}
	}
	return s
}

// Rows returns the rows of a table in the order in which they were inserted.
func (s Snapshot) Rows(table string) []*Row {
	rows := make([]*Row, 0, len(s[table]))
	for _, r := range s[table] {
		rows = append(rows, r)
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i].serial < rows[j].serial })
	return rows
}

// Tx is a transaction made in this process.
type Tx struct{ txn *txn }

// Update runs a transaction. It is committed if f returns nil and all constraints hold, and then clients see it as they
// see each other's. f must not use the Database.
func (db *Database) Update(f func(*Tx) error) error {
	db.server.mu.Lock()
	defer db.server.mu.Unlock()
	if err := db.update(f); err != nil {
		return err
	}
	db.retryWaiting()
	return nil
}

func (db *Database) update(f func(*Tx) error) error {
	x := newTxn(db)
	if err := f(&Tx{x}); err != nil {
		return err
	}
	if err := db.commit(x); err != nil {
		return fmt.Errorf("commit to database %s: %w", db.schema.Name, err)
	}
	return nil
}

// Insert inserts a row.
func (tx *Tx) Insert(table string, f Fields) error {
	t := tx.txn.db.tables[table]
	if t == nil {
		return fmt.Errorf("no table %s", table)
	}
	r := t.newRow(newUUID())
	if err := r.fill(f); err != nil {
		return err
	}
	tx.txn.insert(r)
	return nil
}

// Set changes columns of a row. A row that is gone stays gone.
func (tx *Tx) Set(table, uuid string, f Fields) error {
	t := tx.txn.db.tables[table]
	if t == nil {
		return fmt.Errorf("no table %s", table)
	}
	r := tx.txn.get(t, uuid)
	if r == nil {
		return nil
	}
	for name, d := range f {
		if c := t.byName[name]; c == nil || !r.fields[c.index].equal(d) {
			return tx.txn.modify(r).fill(f)
		}
	}
	return nil
}

func (r *Row) fill(f Fields) error {
	for name, d := range f {
		c := r.table.byName[name]
		if c == nil {
			return fmt.Errorf("no column %s in table %s", name, r.table.name)
		}
		if err := c.typ.checkCount(d); err != nil {
			return fmt.Errorf("set column %s of table %s: %w", name, r.table.name, err)
		}
		r.fields[c.index] = d
	}
	return nil
}

// Watch tells when tables change.
type Watch struct {
	db      *Database
	tables  map[*table]bool
	c       chan struct{}
	stopped bool
	// ofRemotes says that it is for a column with remotes, which may go away with its database.
	ofRemotes bool
}

// Watch starts to watch tables. The caller must Close the Watch.
func (db *Database) Watch(tables ...string) *Watch { return db.watch(false, tables) }

func (db *Database) watch(ofRemotes bool, tables []string) *Watch {
	w := &Watch{db: db, tables: map[*table]bool{}, c: make(chan struct{}, 1), ofRemotes: ofRemotes}
	db.server.mu.Lock()
	defer db.server.mu.Unlock()
	for _, name := range tables {
		if t := db.tables[name]; t != nil {
			w.tables[t] = true
		}
	}
	db.watches[w] = struct{}{}
	return w
}

// C returns a channel that has an element when a table has changed since the last one was taken. It is closed when the
// server or the Watch is.
func (w *Watch) C() <-chan struct{} { return w.c }

// Close ends the watch.
func (w *Watch) Close() {
	w.db.server.mu.Lock()
	defer w.db.server.mu.Unlock()
	w.stop()
}

func (w *Watch) stop() {
	if !w.stopped {
		w.stopped = true
		delete(w.db.watches, w)
		close(w.c)
	}
}

// commit commits a transaction that nobody sent and tells everybody who wants to know.
func (db *Database) commit(x *txn) *Error { return db.commitFor(x, nil) }

// commitFor commits a transaction of a client and tells everybody who wants to know.
func (db *Database) commitFor(x *txn, s *session) *Error {
	changes, err := x.commit()
	if err != nil {
		return err
	}
	serial := uint64(0)
	if s != nil {
		serial = s.serial
	}
	db.committed(changes, serial)
	return nil
}

// committed tells everybody what has been committed.
func (db *Database) committed(changes []*change, serial uint64) {
	if len(changes) == 0 {
		return
	}
	db.compactIfDue()
	db.changed = true
	db.tell(changes, serial)
	for w := range db.watches {
		for _, c := range changes {
			if w.tables[c.id.table] {
				select {
				case w.c <- struct{}{}:
				default:
				}
				break
			}
		}
	}
}
