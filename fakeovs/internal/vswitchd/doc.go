// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package vswitchd does what ovs-vswitchd does with its database: it watches an Open_vSwitch database, keeps one
// OpenFlow switch for each bridge in it, and writes back what became of the configuration.
//
// A Daemon works in rounds, as ovs-vswitchd does. Each round reads the whole configuration, brings the switches into
// line with it, and ends with one transaction that holds all status columns and cur_cfg; so whoever sees cur_cfg
// catch up with next_cfg sees ofports and errors too. What makes no round waits for the next one; see alerts. Between
// rounds, what the clock decides on is done: counters are written, controllers called on.
//
// The tests run their bodies on a Daemon and on ovs-vswitchd with dummy devices, and compare what the two show.
//
// STP, RSTP, LACP, BFD, CFM, LLDP, in-band control, NetFlow, sFlow and IPFIX are accepted and do nothing, with status
// columns as of a switch where they are off; so does QoS, but for the DSCP of queues. Ingress policing works on devices of
// the host, and not on dummies.
package vswitchd
