// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package dbserver

import "syscall"

const canWriteRaw = false

func writeRaw(syscall.RawConn, []byte) (int, error) { panic("dbserver: not reached") }
