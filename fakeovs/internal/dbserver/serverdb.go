// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	_ "embed"
	"sync"
)

// serverDatabase is the name of the database that describes the server: _Server(5).
const serverDatabase = "_Server"

// serverSchema is the schema of that database.
//
//go:embed data/_server.ovsschema
var serverSchemaText []byte

// serverSchema parses it once for all servers, which do not change it.
var serverSchema = sync.OnceValues(func() (*Schema, error) { return ParseSchema(serverSchemaText) })

// describe enters a new database into the database _Server. s.mu is held.
func (s *Server) describe(db *Database) error {
	return s.databases[serverDatabase].update(func(tx *Tx) error {
		return tx.Insert("Database", Fields{
			"name":      Strings(db.schema.Name),
			"model":     Strings("standalone"),
			"connected": Booleans(true),
			"leader":    Booleans(true),
			"schema":    Strings(string(db.schema.text)),
		})
	})
}
