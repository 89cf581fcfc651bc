// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
)

// serverDatabase is the database in which a server describes itself and its
// databases, ovsdb-server(5).
const serverDatabase = "_Server"

// serverSchema is the part of that database's schema that matters to a client.
const serverSchema = `{"name":"_Server","tables":{"Database":{"columns":{
	"name":{"type":"string"},
	"model":{"type":"string"},
	"connected":{"type":"boolean"},
	"leader":{"type":"boolean"},
	"schema":{"type":{"key":"string","min":0,"max":1}},
	"cid":{"type":{"key":"uuid","min":0,"max":1}},
	"index":{"type":{"key":"integer","min":0,"max":1}}}}}}`

// databaseRow describes a database.
type databaseRow struct {
	Name      string  `ovsdb:"name"`
	Model     string  `ovsdb:"model"`
	Connected bool    `ovsdb:"connected"`
	Leader    bool    `ovsdb:"leader"`
	Schema    *string `ovsdb:"schema"`
	CID       *string `ovsdb:"cid"`
	Index     *int64  `ovsdb:"index"`
}

// clusterPosition is how far a client has seen the log of a cluster.
type clusterPosition struct {
	cid   string
	index int64
}

// parsedServerSchema does not change.
var parsedServerSchema = sync.OnceValues(func() (*schema, error) { return parseSchema([]byte(serverSchema)) })

// followServer has the server tell what becomes of the database, fetches the
// schema, and fails if the database cannot be used now.
func (c *Client) followServer(ctx context.Context, s *session) error {
	sch, err := parsedServerSchema()
	if err != nil {
		return err
	}
	// The schemas of other databases, which may be large, do not matter.
	databases := NewTable[databaseRow]("Database", TableOptions{Where: []Condition{Where("name", Equal, c.options.Database)}})
	m := &Monitor{client: c, ended: make(chan struct{})}
	if err := m.attach([]Monitored{databases}); err != nil {
		return err
	}
	m.observe = func() error { return c.checkServer(s, databases) }
	err = m.registerAs(ctx, s, serverDatabase, sch)
	if errors.Is(err, ErrUnknownDatabase) || errors.Is(err, ErrNotSupported) {
		return c.fetchSchema(ctx, s) // a server older than Open vSwitch 2.9
	}
	if err != nil {
		return err
	}
	// In return for being followed, the server does not hang up when other
	// databases come or go.
	if _, err := s.call(ctx, "set_db_change_aware", encodeParams(rawJSON("true"))); err != nil && !errors.Is(err, ErrUnknownMethod) {
		return err
	}
	row := c.databaseRow(databases)
	switch {
	case row == nil || row.Schema == nil:
		err = c.fetchSchema(ctx, s) // the answer will say why there is none
	case row.Model == "standalone":
		err = c.followSchema(ctx, s)
	default:
		err = c.useSchema(s, []byte(*row.Schema))
	}
	if err != nil {
		return err
	}
	if row != nil {
		s.schemaText.Store(row.Schema)
	}
	return c.checkServer(s, databases)
}

// followSchema fetches the schema of a standalone database. When such a one is
// converted, ovsdb-server 3.1 leaves the old schema in the database _Server. But
// it cancels all monitors of the database, one without tables as well.
func (c *Client) followSchema(ctx context.Context, s *session) error {
	_, err := s.call(ctx, dialects[dialectCond].method, encodeParams(c.options.Database, "schema", rawJSON("{}")))
	if err != nil && !errors.As(err, new(*ServerError)) {
		return err
	}
	return c.fetchSchema(ctx, s)
}

// databaseRow returns the row of the client's database.
func (c *Client) databaseRow(databases *Table[databaseRow]) *databaseRow {
	for _, row := range databases.All() {
		if row.Name == c.options.Database {
			return row
		}
	}
	return nil
}

// fetchSchema asks for the schema, RFC 7047 section 4.1.2.
func (c *Client) fetchSchema(ctx context.Context, s *session) error {
	text, err := s.call(ctx, "get_schema", encodeParams(c.options.Database))
	if err != nil {
		return err
	}
	if err := c.useSchema(s, text); err != nil {
		return fmt.Errorf("get_schema: %w", err)
	}
	return nil
}

// useSchema parses a schema unless it is that of the last connection.
func (c *Client) useSchema(s *session, text []byte) error {
	if last := c.schema.Load(); last != nil && bytes.Equal(last.text, text) {
		s.schema = last
		return nil
	}
	parsed, err := parseSchema(text)
	if err != nil {
		return fmt.Errorf("%w: %w", err, ErrProtocol)
	}
	if parsed.parsed.Name != c.options.Database {
		return fmt.Errorf("server answered with the schema of %q: %w", parsed.parsed.Name, ErrProtocol)
	}
	s.schema = parsed
	return nil
}

// checkServer says why a server cannot be used for the database, or not any
// more.
func (c *Client) checkServer(s *session, databases *Table[databaseRow]) error {
	// Nobody may look at an older row later.
	c.mu.Lock()
	defer c.mu.Unlock()
	row := c.databaseRow(databases)
	switch {
	case row == nil:
		return fmt.Errorf("server has removed database %q", c.options.Database)
	case s.schemaChanged(row.Schema):
		return fmt.Errorf("%w: server has changed the schema of database %q", errConverted, c.options.Database)
	case row.Model == "standalone":
		return nil
	case !row.Connected:
		return ErrNoCluster
	case c.options.LeaderOnly && !row.Leader && row.Model == "clustered":
		return ErrNotLeader
	case row.CID == nil || row.Index == nil:
		return nil
	case c.position.cid == *row.CID && *row.Index < c.position.index:
		return fmt.Errorf("%w: at index %d, was at %d", ErrStale, *row.Index, c.position.index)
	}
	c.position = clusterPosition{*row.CID, *row.Index}
	return nil
}

// schemaChanged reports whether the server has another schema now than the
// session has been prepared for.
func (s *session) schemaChanged(now *string) bool {
	used := s.schemaText.Load()
	return used != nil && used != now && (now == nil || *used != *now)
}
