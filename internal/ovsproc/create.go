// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsproc

import (
	"bytes"
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"os"
)

// createDatabase writes an empty standalone database, ovsdb(5): a log of
// records, each a line with the length and the SHA-1 of the JSON that follows,
// of which the first record is the schema.
func createDatabase(path, schema string) error {
	text, err := os.ReadFile(schema)
	if err != nil {
		return fmt.Errorf("create database: %w", err)
	}
	var record bytes.Buffer
	if err := json.Compact(&record, text); err != nil {
		return fmt.Errorf("create database: schema %s: %w", schema, err)
	}
	record.WriteByte('\n')
	header := fmt.Sprintf("OVSDB JSON %d %x\n", record.Len(), sha1.Sum(record.Bytes()))
	if err := os.WriteFile(path, append([]byte(header), record.Bytes()...), 0o640); err != nil {
		return fmt.Errorf("create database: %w", err)
	}
	return nil
}
