// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package bench compares ovskit with other ways of doing the same work: veth pairs, the kernel's bridge and iptables.
//
// Every comparison runs its two sides in turn, a pair an iteration, so that a machine that gets slower or faster meanwhile
// does so for both, and reports the median over the pairs of the peer's time divided by ovskit's: above 1, ovskit is
// faster. After Go's own output each is printed as a line "ratio NAME VALUE".
//
// A ladder does its work where there is more and more already, at all sizes in turn: "port.attach-at-1000/at-1" is the time
// at 1 port divided by that at 1,000. Beside it stand the same ratio of what the peer takes for it alone, which is its own
// growth, and that of the processor time of this process, which is ours. A table has the median and the 99th percentile
// at each size, of few runs the maximum; how long the parts took that wait for others; and the processor time of this
// process, with the part of it that no system call took.
//
// "flows.packet-at-10000/at-1" and its siblings send the same traffic of two endpoints through switches of which ever more
// endpoints are declared, and take what a packet costs ovs-vswitchd in processor time: of a known connection, of one that ends at
// once, and where no megaflow is for it; and how many megaflows there are. A single pair takes the first and the last size.
// "flows.outage-restart/learning" and "flows.outage-kill/learning" end ovs-vswitchd under pings and TCP connections, beside a
// bridge that is an ordinary learning switch, and divide its time without answers by ours; the table has also what it costs
// when the program that keeps the flows is killed and started.
//
// There is no code here but in tests: run it with "make bench", or "go test -bench Compare ./bench".
package bench
