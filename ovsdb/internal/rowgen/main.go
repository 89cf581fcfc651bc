// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Command rowgen writes Go row types for the tables of an OVSDB schema:
//
//	rowgen -schema FILE -package NAME -out FILE TABLE...
//
// Each table becomes a struct with one field for every column, of the type
// that package ovsdb gives and takes for it, and a constant with the table's
// name.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"github.com/ovn-org/libovsdb/ovsdb"
)

func main() {
	schema := flag.String("schema", "", "read the database schema from `FILE`")
	pkg := flag.String("package", "", "the `NAME` of the package to write")
	out := flag.String("out", "", "write Go source to `FILE`")
	flag.Parse()
	if *schema == "" || *pkg == "" || *out == "" || flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: rowgen -schema FILE -package NAME -out FILE TABLE...")
		os.Exit(2)
	}
	if err := run(*schema, *pkg, *out, flag.Args()); err != nil {
		fmt.Fprintf(os.Stderr, "rowgen: %v\n", err)
		os.Exit(1)
	}
}

func run(schemaFile, pkg, out string, tables []string) error {
	source, err := generateFile(schemaFile, pkg, tables)
	if err != nil {
		return err
	}
	return os.WriteFile(out, source, 0o644)
}

// generateFile returns the Go source for tables of the schema in a file.
func generateFile(schemaFile, pkg string, tables []string) ([]byte, error) {
	data, err := os.ReadFile(schemaFile)
	if err != nil {
		return nil, err
	}
	var schema ovsdb.DatabaseSchema
	if err := json.Unmarshal(data, &schema); err != nil {
		return nil, fmt.Errorf("schema %s: %w", schemaFile, err)
	}
	source, err := generate(schema, pkg, tables)
	if err != nil {
		return nil, fmt.Errorf("schema %s: %w", schemaFile, err)
	}
	return source, nil
}
