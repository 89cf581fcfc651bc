// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package switchctl

import (
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
// does: false if there is none. It may have a sign. What does not fit is cut.
func scan(s, prefix string, bits int) (uint64, bool) {
	rest, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return 0, false
	}
	rest = strings.TrimLeft(rest, " \t\n\v\f\r")
	digits := strings.TrimPrefix(rest, "-")
	if digits == rest {
		digits = strings.TrimPrefix(rest, "+")
	}
	n, end := uint64(0), 0
	for end < len(digits) && digits[end] >= '0' && digits[end] <= '9' {
		n = n*10 + uint64(digits[end]-'0')
		end++
	}
	if end == 0 {
		return 0, false
	}
	if rest[0] == '-' {
		n = -n
	}
	return n & (1<<bits - 1), true
}
