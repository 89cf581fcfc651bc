// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"os"
	"path/filepath"
	"testing"
)

// TestBackupOfOtherSchemas has a database be the copy of one of another schema if all that has a place in it.
func TestBackupOfOtherSchemas(t *testing.T) {
	const both = `"a":{"type":"string"},"n":{"type":"integer"}`
	for _, tt := range []struct {
		name, active, backup string
		copied               bool
	}{
		{"same", both, both, true},
		{"more columns", both, both + `,"more":{"type":"string"}`, true},
		{"fewer columns", both, `"a":{"type":"string"}`, false},
		{"other type", both, `"a":{"type":"string"},"n":{"type":"real"}`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			active, backup := startServerWith(t, Options{}, columnsSchema(t, tt.active)), startServerWith(t, Options{}, columnsSchema(t, tt.backup))
			a, b := connect(t, active), connect(t, backup)
			insert := `[{"op":"insert","table":"T","row":{"a":"x"}}]`
			a.transact(insert)
			b.transact(`[{"op":"insert","table":"T","row":{"a":"y"}},{"op":"insert","table":"T","row":{"a":"z"}}]`)
			backup.StartBackup(BackupOptions{Active: "unix:" + listen(t, active)})
			selectA := `[{"op":"select","table":"T","where":[],"columns":["a"],"sort":["a"]}]`
			rows := `[{"rows":[{"a":"x"}]}]`
			if !tt.copied {
				rows = `[{"rows":[{"a":"y"},{"a":"z"}]}]`
				for isBackup := true; isBackup; _, isBackup = backup.BackupStatus() {
					b.mustCall("echo")
				}
			}
			for jsonText(b.transact(selectA)) != rows {
				if tt.copied && t.Context().Err() == nil {
					continue
				}
				t.Fatalf("rows: got %s, want %s", jsonText(b.transact(selectA)), rows)
			}
			if got := jsonText(b.transact(insert)); (got == notAllowed) != tt.copied {
				t.Errorf("a client writes: got %s, want a refusal: %t", got, tt.copied)
			}
		})
	}
}

const notAllowed = `[{"details":"insert operation not allowed when database server is in read only mode","error":"not allowed"}]`

// columnsSchema writes the schema of a database that has a table T with these columns.
func columnsSchema(t *testing.T, columns string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "schema")
	text := `{"name":"test","tables":{"T":{"isRoot":true,"columns":{` + columns + `}}}}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
