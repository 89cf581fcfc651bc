// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package switchctl

import (
	"math"
	"strconv"
	"strings"
)

// atoi reads the number that a text begins with, as C's atoll does: 0 if none.
func atoi(s string) int64 {
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || end == 0 && (s[end] == '-' || s[end] == '+')) {
		end++
	}
	n, _ := strconv.ParseInt(s[:end], 10, 64) // the nearest if it is out of range
	return n
}

// scan reads the unsigned number of so many bits that the rest of a text after a prefix begins with, as OVS's scanner
// does: false if there is none. What does not fit is cut.
func scan(s, prefix string, bits int) (uint64, bool) {
	rest, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return 0, false
	}
	rest = strings.TrimLeft(rest, " \t\n\v\f\r")
	end := 0
	for end < len(rest) && rest[end] >= '0' && rest[end] <= '9' {
		end++
	}
	if end == 0 {
		return 0, false
	}
	n, err := strconv.ParseUint(rest[:end], 10, 64)
	if err != nil {
		n = math.MaxUint64
	}
	return n & (1<<bits - 1), true
}
