// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package ovsdb is a client of the Open vSwitch Database management protocol,
// RFC 7047.
//
// A [Client] is one session with one database of one server. [Dial] connects,
// fetches the schema and starts the session; [Client.Close] ends it. A session
// that broke stays broken: [Client.Done] is closed and [Client.Err] says why.
//
// # Values
//
// Columns are given and returned as ordinary Go values; the schema says how
// they travel:
//
//	integer                  int64 (every Go integer type is accepted)
//	real                     float64
//	boolean                  bool
//	string, enumeration      string
//	uuid                     string: a UUID, or the name given by [Operation.Named]
//	set of at most one T     *T, nil when empty (a plain T is accepted)
//	set of T                 []T, sorted (a plain T is accepted)
//	map of K to V            map[K]V
//
// A row is either a [Row], which maps column names to such values, or a struct
// whose fields carry the column's name in a tag, as in `ovsdb:"name"`. Package
// [github.com/ovskit/ovskit/ovsdb/vswitch] has such structs for Open vSwitch, and
// command [github.com/ovskit/ovskit/ovsdb/rowgen] writes them for any schema.
//
// # Transactions
//
// [Client.Transact] runs operations, made by [Insert], [Update], [Mutate],
// [Delete], [Select], [Wait], [Comment], [Commit], [Assert] and [Abort], as one
// atomic transaction. Operations are checked against the schema before
// anything is sent. An operation that the server refuses is an
// [*OperationError]; a transaction whose fate is not known, because the
// connection broke or the context ended while it ran, is an
// [*OutcomeUnknownError].
//
// # Monitors
//
// [Client.Monitor] keeps copies of whole tables in memory, one [Table] each.
// When Transact returns, the monitors of the same client already show what it
// changed. Rows in a table are never modified: a change replaces the row, so a
// row can be kept and read without a lock.
//
// All methods may be called by several goroutines at the same time.
package ovsdb
