// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package conntrack is a connection tracker that behaves as the one of Open vSwitch's userspace datapath does: zones and
// their limits, states, marks and labels, timeouts and their policies, TCP with its sequence windows, ICMP errors, NAT with
// its choice of addresses and ports, reassembly of fragments, and the helpers for ftp and tftp.
//
// It knows no time but that of its clock. Expired connections are found by nobody from then on, and are removed every 20
// seconds, counted from the Tracker's beginning, as Open vSwitch does; the reply tuple of a translated connection is held
// until then.
package conntrack
