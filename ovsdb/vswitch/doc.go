// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package vswitch is the Open_vSwitch database in Go: typed rows of the tables
// that make up a switch, kept up to date, and waiting until ovs-vswitchd has
// put a change into effect.
//
// A [DB] is a client with a copy of the tables Open_vSwitch, Bridge, Port and
// Interface. Its look-ups read the copy and cost no round trip. [DB.Apply]
// makes a change and returns when ovs-vswitchd has reconfigured itself;
// [DB.WaitInterface] returns an interface's OpenFlow port number, or the
// reason why it could not be made.
//
// There is a row type for every table; with [ovsdb.NewTable] and a monitor of
// [DB.Client] the others are copied as well, such as QoS and Mirror.
//
// The meaning of all columns is described in ovs-vswitchd.conf.db(5).
package vswitch

//go:generate go run ../rowgen -schema vswitch.ovsschema -package vswitch -header header.txt -out rows.go
