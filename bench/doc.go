// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package bench compares ovskit with other ways of doing the same work: veth pairs, the kernel's bridge and iptables.
//
// Every comparison runs its two sides in turn, a pair an iteration, so that a machine that gets slower or faster meanwhile
// does so for both, and reports the median over the pairs of the peer's time divided by ovskit's: above 1, ovskit is
// faster. After Go's own output each is printed as a line "ratio NAME VALUE".
//
// There is no code here but in tests: run it with "make bench", or "go test -bench Compare ./bench".
package bench
