// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package conntrack is a connection tracker that behaves as the one of Open vSwitch's userspace datapath does: zones,
// states, marks and labels, TCP with its sequence windows, ICMP errors, and NAT with its choice of ports.
//
// It has no application helpers (ftp, tftp), no zone limits and no timeout policies; it does not reassemble fragments,
// which are invalid to it. Where Open vSwitch probes for a free NAT port with a bounded number of random attempts, this
// one looks at all of them. And where Open vSwitch keeps the reply tuple of a translated connection that was opened anew
// until its next sweep, this one forgets it at once.
package conntrack
