// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package oracle says what becomes of a connection attempt, given what is declared. It is written from the documentation of
// package flows alone, and shares neither types nor code with it: tests hold what the compiled flows do against it.
//
// An oracle knows nothing of tables, zones and registers. What it says holds for the first packet of a connection; that
// replies and what follows get through, with the addresses that the two ends know, goes for every attempt that is delivered.
package oracle
