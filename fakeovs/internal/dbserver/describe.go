// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

// Columns returns the names of the columns of each table of each database, _Server included.
func (s *Server) Columns() map[string]map[string][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]map[string][]string{}
	for name, db := range s.databases {
		tables := map[string][]string{}
		for table, t := range db.schema.tables {
			for _, c := range t.columns[firstColumn:] {
				tables[table] = append(tables[table], c.name)
			}
		}
		all[name] = tables
	}
	return all
}

// Database returns a database by name; nil if there is none.
func (s *Server) Database(name string) *Database {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.databases[name]
}
