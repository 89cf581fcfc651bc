// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package ovsdb is a client of the Open vSwitch Database management protocol,
// RFC 7047, with the extensions of ovsdb-server(7). It works with any schema.
//
// [Dial] connects a [Client] to a database. The client keeps itself connected:
// when the connection breaks, or the server is silent for too long, it makes a
// new one, to the same server or to the next of Options.Endpoints, and with
// Options.LeaderOnly to the leader of a cluster. Calls that come while there is
// no connection wait for one as long as their context lets them. [Client.State]
// and [Client.StateChanged] tell of the connection, [Hooks] count what happens.
// [Client.Close] ends everything at once.
//
// # Values
//
// Columns are given and returned as ordinary Go values; the schema says how they
// travel:
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
// whose fields carry the column's name in a tag, as in `ovsdb:"name"`. The
// command github.com/ovskit/ovskit/ovsdb/rowgen writes such structs for any
// schema; package [github.com/ovskit/ovskit/ovsdb/vswitch] has those of Open
// vSwitch.
//
// # Transactions
//
// [Client.Transact] runs operations, made by [Insert], [Update], [Mutate],
// [Delete], [Select], [Wait], [Comment], [Commit], [Assert], [Abort] and [Raw],
// as one atomic transaction. Operations are checked against the schema before
// anything is sent. An operation that the server refuses is an
// [*OperationError], which tells which one it was and matches errors such as
// [ErrConstraintViolation]; a transaction whose fate is not known, because the
// connection broke or the context ended while it ran, is an
// [*OutcomeUnknownError]. After any other error the transaction was not made.
//
// A [Batcher] merges the changes of callers that come at the same time into
// shared transactions, and gives each caller its own outcome.
//
// # Monitors
//
// [Client.Monitor] keeps copies of tables in memory, one [Table] each: whole
// tables, or the columns and rows that its options select, which
// [Monitor.Reselect] changes. When Transact returns, the monitors of the same
// client already show what it changed. Rows in a table are never modified: a
// change replaces the row, so a row can be kept and read without a lock. An
// [Index] finds rows by what they hold.
//
// [Monitor.Wait] waits for a condition. [Monitor.Watch] gives a stream of what
// changes: first a snapshot, then the differences of every transaction in their
// order. A [Watch] whose consumer is too slow says so and begins again with a
// snapshot; it loses nothing in silence.
//
// After a new connection a monitor takes over exactly the differences between
// what it had and what the server has now, whatever happened in the meantime:
// rows that are the same stay the same.
//
// # Locks
//
// [Client.Lock], [Client.TryLock] and [Client.Steal] acquire a lock of the
// server. As long as a client has locks, the server checks with each of its
// transactions that it still owns them, and when one was lost its owner learns
// of it before anything more is written. See [Lock].
//
// All methods may be called by several goroutines at the same time.
package ovsdb
