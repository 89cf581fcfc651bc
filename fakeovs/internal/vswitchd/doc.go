// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package vswitchd does what ovs-vswitchd does with its database: it watches an Open_vSwitch database, keeps one
// OpenFlow switch for each bridge in it, and writes back what became of the configuration.
//
// A Daemon works in rounds, as ovs-vswitchd does. Each round reads the whole configuration, brings the switches into
// line with it, and ends with one transaction that holds all status columns and cur_cfg; so whoever sees cur_cfg
// catch up with next_cfg sees ofports and errors too.
package vswitchd
