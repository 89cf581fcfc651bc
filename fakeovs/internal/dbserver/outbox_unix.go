// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package dbserver

import "syscall"

const canWriteRaw = true

// writeRaw writes as much as goes without waiting.
func writeRaw(raw syscall.RawConn, b []byte) (n int, err error) {
	closed := raw.Write(func(fd uintptr) bool {
		for n < len(b) {
			var m int
			switch m, err = syscall.Write(int(fd), b[n:]); err {
			case nil:
				n += m
			case syscall.EINTR:
			case syscall.EAGAIN:
				err = nil
				return true
			default:
				return true
			}
		}
		return true
	})
	if closed != nil {
		return n, closed
	}
	return n, err
}
