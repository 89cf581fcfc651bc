// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsproc

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"

	"github.com/ovskit/ovskit/internal/dbcall"
)

// A member is a server of a cluster.
type member struct {
	server
	database string  // its name
	peer     *remote // where the other members reach it
	frozen   bool
}

func (m *member) endpoint() string { return "unix:" + m.socket() }

// create makes the member's database: that of a new cluster if it is the first
// one, else one that joins the cluster of the first one when it is started.
func (m *member) create(ctx context.Context, schema string, first *member) (err error) {
	if err := os.Mkdir(m.dir, 0o755); err != nil {
		return err
	}
	if m.peer, err = keepRemote("ptcp:0:127.0.0.1"); err != nil {
		return err
	}
	if m == first {
		return tool(ctx, "create-cluster", m.file(), schema, m.peer.active())
	}
	return tool(ctx, "join-cluster", m.file(), m.database, m.peer.active(), first.peer.active())
}

func (m *member) close() error {
	if m.peer != nil {
		defer m.peer.close()
	}
	return m.server.close()
}

// tool runs ovsdb-tool.
func tool(ctx context.Context, args ...string) error {
	path, err := program("ovsdb-tool")
	if err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, path, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("ovsdb-tool %s: %w: %s", args[0], err, bytes.TrimSpace(out))
	}
	return nil
}

// state is what a member says of itself in table Database of _Server(5).
type state struct {
	Connected bool `json:"connected"`
	Leader    bool `json:"leader"`
}

func (m *member) state(ctx context.Context) (state, error) {
	results, err := dbcall.Transact(ctx, m.endpoint(), "_Server", map[string]any{
		"op": "select", "table": "Database", "columns": []string{"connected", "leader"},
		"where": []any{[]string{"name", "==", m.database}},
	})
	if err != nil {
		return state{}, err
	}
	var result struct{ Rows []state }
	if err := json.Unmarshal(results[0], &result); err != nil {
		return state{}, err
	}
	if len(result.Rows) != 1 {
		return state{}, fmt.Errorf("%d databases %s, want 1", len(result.Rows), m.database)
	}
	return result.Rows[0], nil
}

// schemaName returns the name of the database that a schema describes.
func schemaName(schema string) (string, error) {
	text, err := os.ReadFile(schema)
	if err != nil {
		return "", err
	}
	var description struct{ Name string }
	if err := json.Unmarshal(text, &description); err != nil {
		return "", fmt.Errorf("schema %s: %w", schema, err)
	}
	return description.Name, nil
}
