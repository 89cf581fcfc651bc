// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package faultproxy

// The directions, which index a limit.
const (
	toServer = iota
	toClient
)

// A limit is the number of bytes that may still go in each direction, negative
// if any number may. A nil one limits nothing.
type limit [2]int64

// take takes at most n bytes. If they are the last ones of the direction, the
// limit is used up.
func (l *limit) take(direction, n int) (bytes int, last bool) {
	switch {
	case l == nil || l[direction] < 0:
		return n, false
	case l[direction] > int64(n):
		l[direction] -= int64(n)
		return n, false
	default:
		return int(l[direction]), true
	}
}

// giveBack returns bytes that were taken but did not go.
func (l *limit) giveBack(direction, n int) {
	if l != nil && l[direction] >= 0 {
		l[direction] += int64(n)
	}
}
