// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// activeServer is a connection to the server that a backup copies.
type activeServer struct {
	backup *backup
	conn   net.Conn
	r      *frameReader
	lastID int64
	probed bool
}

// copyAll makes the databases that both servers have as the other's and monitors them.
func (p *activeServer) copyAll() (names []string, err error) {
	id, err := p.call("get_server_id")
	if err != nil {
		return nil, err
	}
	text, _ := id.(string)
	switch uuid, ok := parseUUID(text); {
	case !ok:
		return nil, fmt.Errorf("%w: get_server_id failed: server ID is not valid UUID", errNoBackup)
	case uuid == p.backup.server.currentID():
		return nil, fmt.Errorf("%w: Server ID check failed: Self replicating is not allowed", errNoBackup)
	}
	list, err := p.call("list_dbs")
	if err != nil {
		return nil, err
	}
	all, ok := list.([]any)
	if !ok {
		return nil, fmt.Errorf("%w: list_dbs response is not array", errNoBackup)
	}
	schemas := map[*Database]*Schema{}
	for _, v := range all {
		name, _ := v.(string)
		db := p.backup.server.Database(name)
		if db == nil || name == serverDatabase {
			continue
		}
		schema, err := p.schema(name)
		if err != nil {
			return nil, err
		}
		if reason := db.cannotHold(schema); reason != nil {
			p.backup.server.log.Warn("database cannot be replicated", "database", name, "error", reason)
			continue
		}
		schemas[db] = schema
		names = append(names, name)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%w: nothing to replicate", errNoBackup)
	}
	for db, schema := range schemas {
		if err := p.monitor(db, schema); err != nil {
			return nil, err
		}
	}
	return names, nil
}

func (s *Server) currentID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.id
}

func (p *activeServer) schema(database string) (*Schema, error) {
	v, err := p.call("get_schema", database)
	if err != nil {
		return nil, err
	}
	schema, bad := schemaFromJSON(v, textOrder{})
	if bad != nil {
		return nil, fmt.Errorf("%w: schema of database %s: %w", errNoBackup, database, bad)
	}
	return schema, nil
}

// cannotHold says why what is in a database of another schema has no place in this one; nil if it has.
func (db *Database) cannotHold(other *Schema) error {
	db.server.mu.Lock()
	defer db.server.mu.Unlock()
	for _, name := range other.order {
		ours := db.schema.tables[name]
		if ours == nil {
			return fmt.Errorf("table %s is missing", name)
		}
		for _, c := range other.tables[name].hashed {
			if c.index < firstColumn {
				continue
			}
			switch own := ours.byName[c.name]; {
			case own == nil:
				return fmt.Errorf("table %s: column %s is missing", name, c.name)
			case jsonText(own.json()) != jsonText(c.json()):
				return fmt.Errorf("table %s: column %s is another", name, c.name)
			}
		}
	}
	return nil
}

// monitor monitors a database under its name, and makes ours as it is.
func (p *activeServer) monitor(db *Database, schema *Schema) error {
	requests := map[string]any{}
	for _, table := range schema.order {
		if !p.backup.excludes(schema.Name, table) {
			requests[table] = []any{map[string]any{}}
		}
	}
	initial, err := p.call("monitor", schema.Name, schema.Name, requests)
	if err != nil {
		return err
	}
	err = db.copyChange(func(x *txn) error {
		for name, t := range db.tables {
			if !p.backup.excludes(schema.Name, name) {
				for _, row := range x.find(t, nil) {
					x.delete(row)
				}
			}
		}
		return nil
	})
	if err == nil {
		err = db.copyUpdates(initial)
	}
	return err
}

// copyUpdates does what the updates of a monitor say.
func (db *Database) copyUpdates(updates any) error {
	tables, ok := updates.(map[string]any)
	if !ok {
		return nil
	}
	return db.copyChange(func(x *txn) error {
		for _, name := range sortedNames(tables) {
			t, rows := db.tables[name], tables[name]
			if t == nil {
				return fmt.Errorf("unknown table %s", name)
			}
			byUUID, ok := rows.(map[string]any)
			if !ok {
				return fmt.Errorf("<table-update> for table %s is not object", name)
			}
			for _, uuid := range sortedNames(byUUID) {
				update, ok := byUUID[uuid].(map[string]any)
				if !ok {
					return fmt.Errorf("<row-update> for row %s of table %s is not object", uuid, name)
				}
				after := update["new"]
				if after == nil && x.get(t, uuid) == nil {
					continue // it is gone already: nothing refers to it
				}
				if err := x.replayRow(t, uuid, after, false); err != nil {
					return fmt.Errorf("table %s row %s: %w", name, uuid, err)
				}
			}
		}
		return nil
	})
}

// copyChange runs a transaction; if that fails there can be no backup.
func (db *Database) copyChange(f func(x *txn) error) error {
	db.server.mu.Lock()
	defer db.server.mu.Unlock()
	x := newTxn(db)
	err := f(x)
	if err == nil {
		if bad := db.commit(x); bad != nil {
			err = bad
		}
	}
	if err != nil {
		return fmt.Errorf("%w: database %s: %w", errNoBackup, db.schema.Name, err)
	}
	db.retryWaiting()
	return nil
}

// call makes a request and returns the result. Meanwhile updates are followed.
func (p *activeServer) call(method string, params ...any) (any, error) {
	p.lastID++
	id := p.lastID
	if err := p.send(map[string]any{"method": method, "params": append([]any{}, params...), "id": id}); err != nil {
		return nil, err
	}
	for {
		m, err := p.receive()
		if err != nil {
			return nil, err
		}
		if m["method"] != nil || m["id"] != id {
			continue
		}
		if m["error"] != nil {
			return nil, fmt.Errorf("%s: the active server says %s", method, jsonText(m["error"]))
		}
		return m["result"], nil
	}
}

func (p *activeServer) send(m any) error {
	_, err := p.conn.Write(appendJSON(nil, m))
	return err
}

// receive returns the next message. Updates have been followed and probes answered by then.
func (p *activeServer) receive() (map[string]any, error) {
	frame, err := p.next()
	if err != nil {
		return nil, err
	}
	v, err := parseJSONWithin(frame, expansion*p.backup.server.options.MaxMessage)
	if err != nil {
		return nil, err
	}
	m := v.(map[string]any) // frames are objects
	params, _ := m["params"].([]any)
	switch m["method"] {
	case "echo":
		err = p.send(map[string]any{"id": m["id"], "result": params, "error": nil})
	case "update":
		if len(params) != 2 {
			break
		}
		if name, _ := params[0].(string); name != serverDatabase {
			if db := p.backup.server.Database(name); db != nil {
				err = db.copyUpdates(params[1])
			}
		}
	}
	return m, err
}

// next returns the text of the next message. A silent server is probed, and given up when it says nothing for as long again.
func (p *activeServer) next() ([]byte, error) {
	for {
		deadline, probe := time.Time{}, time.Duration(p.backup.probe.Load())
		if probe > 0 {
			deadline = time.Now().Add(probe)
		}
		if err := p.conn.SetReadDeadline(deadline); err != nil {
			return nil, err
		}
		received := p.r.received
		frame, err := p.r.next()
		if p.r.received != received {
			p.probed = false
		}
		switch {
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return frame, err
		case p.probed:
			return nil, fmt.Errorf("no response to inactivity probe after %v", probe)
		case p.r.received == received:
			p.probed = true
			if err := p.send(map[string]any{"id": probeID, "method": "echo", "params": []any{}}); err != nil {
				return nil, err
			}
		}
	}
}
