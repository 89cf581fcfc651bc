// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import _ "embed"

// serverSchema is the schema of the database that describes the server: _Server(5).
//
//go:embed data/_server.ovsschema
var serverSchema []byte

// describe enters a new database into the database _Server. s.mu is held.
func (s *Server) describe(db *Database) error {
	return s.databases["_Server"].update(func(tx *Tx) error {
		return tx.Insert("Database", Fields{
			"name":      Strings(db.schema.Name),
			"model":     Strings("standalone"),
			"connected": Booleans(true),
			"leader":    Booleans(true),
			"schema":    Strings(string(db.schema.text)),
		})
	})
}
