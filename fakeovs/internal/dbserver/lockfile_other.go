// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package dbserver

import "os"

// lockFile makes the lock file only: here it locks nobody out.
func lockFile(name string) (*os.File, error) { return os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600) }
