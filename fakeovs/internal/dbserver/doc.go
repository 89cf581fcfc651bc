// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package dbserver is an OVSDB server in this process: RFC 7047 and the extensions that ovsdb-server(7) describes, for
// any schema, with the answers of ovsdb-server 3.1 down to the texts of errors.
//
// A Server has Databases, and a Database has tables of immutable rows. A transaction is an overlay on the tables: its
// operations see their own effects, nobody else sees anything; at its end all constraints are checked at once, and then
// it becomes the state of the database or nothing has happened. One mutex guards everything, and under it a commit is
// put into the outbox of each client that monitors what changed, before the reply goes into the outbox of the one that
// asked. So all clients see all changes in one order, each its own before the reply. Each client has a goroutine that reads
// from its socket and handles what it asks for. What is in outboxes is written by whoever unlocks the mutex, as far as the
// sockets take it without waiting; a goroutine takes over what they do not take.
//
// Remotes are where clients come from: sockets that are listened at or connected to, and those that a database names, such
// as the managers of Open vSwitch. Clients of remotes are probed when they are silent.
//
// The process itself takes part through Database.Update, Snapshot and Watch, in the same order.
//
// AddDatabaseFile keeps a database in a file in the format of ovsdb-server, ovsdb(5). A transaction is in the file before
// it becomes the state of the database; only that, and compacting the file, is done while the mutex is held.
//
// There is no history of transactions (monitor_cond_since always answers with the whole contents, as a standalone server
// does), and no conversion of a database to another schema while the process itself takes part. Of several things that
// are wrong with the rows of a transaction, or of the rows of a table, the first may be another than ovsdb-server's, whose
// order is that of a hash table of UUIDs.
package dbserver
