// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package hostaddr gives a bridge a spare address of the machine's link without
// touching the NIC's own configuration.
//
// [Ensure] routes the address to the bridge's own port, has the machine answer
// for it on the NIC by a proxy neighbour entry, and lets the kernel forward
// between the two. What happens to the packets behind the bridge's own port,
// such as translation of addresses, is the business of its flows; they also
// answer the machine's ARP requests for the address. [Delete] takes all back.
//
// What was done, and which kernel parameters had which value before, stands in
// the bridge's external_ids before the first change, so that [Recover] takes back
// what a program that was killed has begun, finishes what it was deleting, and
// does all again when the machine, or the bridge's own port, has been made anew.
// Deleting the bridge's row past package bridge loses this record.
//
// # Kernel parameters
//
// For IPv4 packets are forwarded that come from the NIC and from the bridge's own
// port; what other devices do stays as it is, and so does ip_forward. The
// bridge's own port sends no redirects, for which those of "all" must be off as
// well; other devices have their own setting. Proxy neighbour entries are answered
// for at once: with the kernel's proxy_delay the first packet waits for up to 0.8
// seconds.
//
// IPv6 can be forwarded only by the whole machine. A NIC that accepts router
// advertisements as a host goes on to accept them (accept_ra 2); other devices
// cease to, unless accept_ra says otherwise.
//
// A parameter that has the right value is not touched. One that was changed is
// given its value back with the last address that needs it, unless somebody
// has changed it since. When an address is ensured or recovered meanwhile, the
// parameter gets the right value again, and what somebody had given it is the value
// that it is given back.
package hostaddr
