// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package inventory is what command rowgen makes of a small schema: the example
// in its documentation.
package inventory

//go:generate go run github.com/ovskit/ovskit/ovsdb/rowgen -schema inventory.ovsschema -package inventory -out rows.go
