// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package dbserver

import "syscall"

// rawWriter does not exist here.
type rawWriter struct{}

func newRawWriter(syscall.RawConn) *rawWriter { return nil }

func (*rawWriter) Write([]byte) (int, error) { panic("dbserver: not reached") }
