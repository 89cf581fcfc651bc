// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package fakeovs is a fake Open vSwitch for tests: an OVSDB server, an emulation of ovs-vswitchd and an OpenFlow
// switch that evaluates packets, in one process, with no root, no kernel datapath and no Open vSwitch installed.
//
// New starts one for the duration of a test; Start is the same outside of tests. A program under test connects to
// OVS.DatabaseEndpoint with any OVSDB client, creates bridges and ports there, and then connects to
// Bridge.Management with any OpenFlow 1.3 client, exactly as it would with the real thing.
//
// # Devices
//
// The fake has no network of its own. What would be a network device of the host is a Device: frames that the switch
// sends to the port of that name arrive at the device's receive function, and Device.Send is a frame that enters the
// switch through that port. An interface of type "" or "system" opens only if AddDevice made a device of its name;
// without one its Interface.error says "could not open network device NAME (No such device)", as with the real
// switch. Internal ports, among them each bridge's own port, always open; Internal and Bridge.Local give their host
// side.
//
// # Packets
//
// Bridge.Inject evaluates one frame as if it had come in at a port, and returns what the switch sent where, and why:
// Injection.Expect compares, Injection.Trace explains.
//
// # Failures
//
// OVS.KillSwitch and OVS.KillDatabase take one of the two programs away, OVS.RestartSwitch and OVS.RestartDatabase bring
// it back. OVS.SaveDatabase and OVS.RestoreDatabase bring the database back with older content.
//
// # The file of the database
//
// The database is in memory and lost when the fake is closed, unless Options.DatabaseFile names a file for it. That has the
// format of ovsdb-server, so that a fake goes on where a real one was, and the other way round.
//
// # Remotes
//
// Options.Remotes has the database listen at TCP, TLS and further unix sockets, and connect to clients that wait for it.
// Among them may be the managers that the database itself names: they are followed, probed and reported on as by
// ovsdb-server. OVS.Dial connects to the database and to bridges without a socket, for the clients of this process.
//
// # Other databases
//
// Options.Schemas adds databases by any schema, such as those of OVN, with all constraints that the schema states, and
// Options.Databases such as are kept in files.
// They share the socket of Open_vSwitch. Nothing acts on what is written to them.
//
// # What is not there
//
// Controllers (Bridge.controller) are not connected to: the switch listens on its management sockets only. So are managers
// (Open_vSwitch.manager_options), unless Options.Remotes says otherwise. Flows that match fields or have actions that the fake cannot evaluate are
// refused with an OpenFlow error, and Options.Logger has a warning that says what there is no support for; groups and meters
// there are none. Tunnels and patch ports open but carry no packets. QoS, mirrors, bonds,
// policing, spanning tree and VLAN modes of ports have no effect, and columns with statistics stay empty. The datapath
// types system, netdev and dummy are all the same. A change of a bridge's datapath id loses its flows.
package fakeovs
