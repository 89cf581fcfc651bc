// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// remoteColumn is a column that holds remotes, as strings or as references to rows such as those of table Manager.
type remoteColumn struct {
	db     *Database
	table  *table
	column *column
	rows   *table // nil: strings
}

const columnPrefix = "db:"

// StringOf returns the first string that is not empty in a column "db:DATABASE,TABLE,COLUMN", "" if there is none; of
// another text it returns that. It is an error if there is no such column of strings.
func (s *Server) StringOf(text string) (string, error) {
	c, isColumn, err := s.remoteColumn(text)
	if !isColumn {
		return text, nil
	}
	if err != nil {
		return "", err
	}
	if c.column.typ.Key.Kind != String || c.column.typ.isMap() {
		return "", fmt.Errorf("\"%s\": table \"%s\" column \"%s\" is not string or set of strings", text, c.table.name, c.column.name)
	}
	for _, row := range c.db.Snapshot(c.table.name).Rows(c.table.name) {
		for _, word := range row.fields[c.column.index].Strings() {
			if word != "" {
				return word, nil
			}
		}
	}
	return "", nil
}

// remoteColumn finds the column of a remote "db:DATABASE,TABLE,COLUMN". It reports whether the remote is one.
func (s *Server) remoteColumn(target string) (rc remoteColumn, isColumn bool, err error) {
	text, isColumn := strings.CutPrefix(target, columnPrefix)
	if !isColumn {
		return rc, false, nil
	}
	names := strings.FieldsFunc(text, func(c rune) bool { return c == ',' })
	if len(names) < 3 {
		return rc, true, fmt.Errorf("\"%s\": invalid syntax", target)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	rc.db = s.databases[names[0]]
	if rc.db == nil {
		return rc, true, fmt.Errorf("\"%s\": no database named %s", target, names[0])
	}
	if rc.table = rc.db.tables[names[1]]; rc.table == nil {
		return rc, true, fmt.Errorf("\"%s\": no table named %s", target, names[1])
	}
	if rc.column = rc.table.byName[names[2]]; rc.column == nil {
		return rc, true, fmt.Errorf("\"%s\": table \"%s\" has no column \"%s\"", target, names[1], names[2])
	}
	rc.rows = rc.db.tables[rc.column.typ.Key.RefTable]
	return rc, true, nil
}

// followedColumn is a column that is followed.
type followedColumn struct {
	remoteColumn
	watch *Watch
}

// statusPause is how often the status of remotes is written to the database at least, and what failed is tried again.
const statusPause = 2500 * time.Millisecond

// watchColumn begins to follow a column. r.mu is held.
func (r *Remotes) watchColumn(target string, c remoteColumn) {
	w := c.db.watch(true, c.tableNames())
	r.columns[target] = &followedColumn{c, w}
	if r.running.Err() != nil {
		return
	}
	r.done.Add(1)
	go func() {
		defer r.done.Done()
		tick := time.NewTicker(statusPause)
		defer tick.Stop()
		for {
			select {
			case <-r.running.Done():
				return
			case _, ok := <-w.C():
				if !ok {
					return
				}
			case <-r.changed:
			case <-tick.C:
			}
			r.mu.Lock()
			r.follow()
			r.mu.Unlock()
		}
	}()
}

// Refresh looks anew for the columns that hold remotes, when databases have come or gone. Remotes of one that is gone are
// closed.
func (r *Remotes) Refresh() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for target := range r.targets {
		column, isColumn, err := r.server.remoteColumn(target)
		old := r.columns[target]
		if !isColumn || old != nil && err == nil && old.db == column.db {
			continue
		}
		if old != nil {
			old.watch.Close()
			delete(r.columns, target)
		}
		if err != nil {
			r.log.Warn("column of remotes not found", "remote", target, "error", err)
			continue
		}
		r.watchColumn(target, column)
	}
	r.follow()
}

// follow opens and closes remotes as the targets and the databases say, and tells these how they are. r.mu is held.
func (r *Remotes) follow() {
	wanted := map[string]remoteSettings{}
	for t := range r.targets {
		if !strings.HasPrefix(t, columnPrefix) {
			wanted[t] = defaultSettings(t)
		}
	}
	for _, c := range r.columns {
		c.read(wanted)
	}
	for target, m := range r.active {
		if settings, ok := wanted[target]; ok {
			m.set(settings)
			continue
		}
		r.log.Info("remote taken away", "remote", target)
		r.drop(target)
	}
	for target, settings := range wanted {
		if r.active[target] != nil || r.running.Err() != nil {
			continue
		}
		if err := r.add(target, settings); err != nil {
			r.log.Warn("remote not opened", "remote", target, "error", err)
		}
	}
	for _, c := range r.columns {
		if err := c.report(r); err != nil {
			r.log.Warn("status of remotes not written", "error", err)
		}
	}
}

// read adds the remotes that the column holds.
func (c remoteColumn) read(wanted map[string]remoteSettings) {
	s := c.db.Snapshot(c.tableNames()...)
	for _, row := range s.Rows(c.table.name) {
		if c.column.typ.isMap() {
			break
		}
		for _, text := range row.fields[c.column.index].Strings() {
			if c.rows == nil && c.column.typ.Key.Kind == String {
				wanted[text] = defaultSettings(text)
			} else if m := c.row(s, text); m != nil {
				target := m.Get("target").String()
				wanted[target] = rowSettings(m, defaultSettings(target))
			}
		}
	}
}

// row is the row that describes a remote; nil if there is none.
func (c remoteColumn) row(s Snapshot, uuid string) *Row {
	if c.rows == nil {
		return nil
	}
	return s[c.rows.name][uuid]
}

func (c remoteColumn) tableNames() []string {
	names := []string{c.table.name}
	if c.rows != nil {
		names = append(names, c.rows.name)
	}
	return names
}

// rowSettings are those of a row such as of table Manager, in milliseconds, where it has any.
func rowSettings(row *Row, s remoteSettings) remoteSettings {
	if ms, ok := row.Get("inactivity_probe").Integer(); ok && ms >= 0 && ms < int64(24*time.Hour/time.Millisecond) {
		s.probe = time.Duration(ms) * time.Millisecond
	}
	if ms, ok := row.Get("max_backoff").Integer(); ok && ms > 0 && ms < int64(24*time.Hour/time.Millisecond) {
		s.maxBackoff = time.Duration(ms) * time.Millisecond
	}
	s.readOnly = row.Get("read_only").Bool()
	s.role = row.Get("role").String()
	return s
}

// report writes the columns is_connected and status of the rows that describe remotes, where there are such
// columns: ovs-vswitchd.conf.db(5), Manager.
func (c remoteColumn) report(r *Remotes) error {
	if c.rows == nil {
		return nil
	}
	s := c.db.Snapshot(c.tableNames()...)
	type report struct {
		connected bool
		status    map[string]string
	}
	reports := map[string]report{} // by row
	for _, row := range s.Rows(c.table.name) {
		for _, uuid := range row.fields[c.column.index].Strings() {
			if m := c.row(s, uuid); m != nil {
				connected, status := r.status(m.Get("target").String())
				reports[uuid] = report{connected, status}
			}
		}
	}
	if len(reports) == 0 {
		return nil
	}
	return c.db.Update(func(tx *Tx) error {
		for uuid, p := range reports {
			values := Fields{"is_connected": Booleans(p.connected), "status": StringMap(p.status)}
			for name := range values {
				if c.rows.byName[name] == nil {
					delete(values, name)
				}
			}
			if err := tx.Set(c.rows.name, uuid, values); err != nil {
				return err
			}
		}
		return nil
	})
}

// status is what the database is told about a remote, as ovsdb-server has it.
func (r *Remotes) status(target string) (connected bool, status map[string]string) {
	m := r.active[target]
	if m == nil || m.listener != nil {
		// Nothing is noted about when the clients of a passive remote came and went.
		status = map[string]string{"sec_since_connect": "0", "sec_since_disconnect": "0"}
	}
	if m == nil {
		return false, status
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	n := len(m.sessions)
	if m.listener != nil {
		if n > 1 {
			status["n_connections"] = strconv.Itoa(n)
		}
		if port := m.port(); port != 0 {
			status["bound_port"] = strconv.Itoa(port)
		}
		return n > 0, status
	}
	status = map[string]string{"state": m.status.state}
	for c := range m.sessions {
		if c.probed.Load() {
			status["state"] = stateIdle
		}
		for name, locks := range c.lockNames() {
			slices.Sort(locks)
			status[name] = strings.Join(locks, " ")
		}
	}
	since := func(key string, at time.Time) {
		if !at.IsZero() {
			status[key] = strconv.Itoa(int(time.Since(at) / time.Second))
		}
	}
	since("sec_since_connect", m.status.connected)
	since("sec_since_disconnect", m.status.disconnected)
	return n > 0, status
}

// lockNames are the names of the locks that a client has, waits for, or has been robbed of, by the keys that they have in
// the status of its remote.
func (s *session) lockNames() map[string][]string {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	names := map[string][]string{}
	for name, w := range s.locks {
		key := "locks_lost"
		switch {
		case s.owns(name):
			key = "locks_held"
		case !w.stole:
			key = "locks_waiting"
		}
		names[key] = append(names[key], name)
	}
	return names
}
