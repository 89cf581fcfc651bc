// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package fakeovs is a fake Open vSwitch for tests: an OVSDB server, an emulation of ovs-vswitchd and an OpenFlow
// switch that evaluates packets, in one process, with no root, no kernel datapath and no Open vSwitch installed.
//
// New starts one for the duration of a test; Start is the same outside of tests. A program under test connects to
// OVS.DatabaseEndpoint with any OVSDB client, creates bridges and ports there, and then connects to
// Bridge.Management with any OpenFlow client, exactly as it would with the real thing; so do ovs-vsctl, ovsdb-client,
// ovs-ofctl and, by OVS.SwitchControl and OVS.DatabaseControl, ovs-appctl. In a test:
//
//	ovs := fakeovs.New(t)
//	run(myProgram, ovs.DatabaseEndpoint())
//	ovs.Bridge("br0").Inject(1, frame).Expect(t, fakeovs.Output(2))
//
// With Options.InMemory there are no sockets and no files: clients of this process use OVS.Dial.
//
// The database begins empty, as a new one of ovsdb-server does, until a client or Options.Initialize puts in the row of
// table Open_vSwitch.
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
// Injection.Expect compares, Injection.Trace explains. A frame that is more than the ingress policing of the port lets in is
// dropped before that, which Injection.Policed tells.
//
// Bridge.Flows, Bridge.Ports and OVS.Conntrack look at what the switch has. OVS.AskSwitch asks what ovs-appctl would, such
// as ofproto/trace, fdb/show or dpctl/dump-conntrack, and "list-commands" tells what there is.
//
// # Time
//
// The fake goes by the machine's time, or by Options.Clock, which stands until the test moves it: Clock.Advance returns when
// what came due has been done, from flows that time out to statistics in the database. The commands time/stop and time/warp
// move the same clock. Only the database goes by the machine's time always: the timeouts of "wait" operations, and its remotes.
//
// # Failures
//
// OVS.KillSwitch and OVS.KillDatabase take one of the two programs away, OVS.RestartSwitch and OVS.RestartDatabase bring
// it back. OVS.SaveDatabase and OVS.RestoreDatabase bring the database back with older content.
//
// OVS.Faults lets less than all of it go wrong: a Fault drops, holds, delays or reorders chosen messages of clients, cuts
// their connections in the middle of one, or answers in the place of the server; further methods steal a lock, slow the
// switch down and let interfaces fail. Faults count messages, so that a test fails each time or never.
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
// ovsdb-server. Where a row gives a remote a role, its clients write what tables RBAC_Role and RBAC_Permission let that do, by
// the names in their certificates: ovsdb(7). OVS.Dial connects to the database and to bridges without a socket, for the
// clients of this process.
//
// # Other databases
//
// Options.Schemas serves databases by any schema, such as those of OVN, with all constraints that the schema states, and
// Options.Databases such as are kept in files. They share the socket. Unless Open_vSwitch is among them there is no
// switch, and nothing acts on what is written to them. OVS.AskDatabase can make them the backup of those of another server,
// by the commands ovsdb-server/set-active-ovsdb-server and connect-active-ovsdb-server.
//
// # What is not there
//
// Commands of ovs-appctl that the fake does not have are answered as unknown, and OpenFlow messages and actions that it
// cannot carry out with an OpenFlow error; Options.Logger then has a warning. Tunnels do not encapsulate: what goes into
// one is told with the tunnel's fields in Emitted.Tunnel, and Bridge.InjectTunnel is what comes out. QoS (but for the DSCP of
// queues), sFlow, NetFlow, IPFIX, STP, RSTP, LLDP, BFD, CFM and in-band control have no effect. A bond that wants LACP is as one
// that nobody answers, and the load of bonds is shown but not moved. Each packet
// is translated anew: dpctl/dump-flows shows what a datapath would have cached, and there is nothing to revalidate.
//
// There is no clustered database. The one that the switch follows can be neither converted to another schema nor removed, and
// while it is the backup of another (ovsdb-server/connect-active-ovsdb-server), the switch writes what it reports to it all
// the same. The control sockets belong to the process that the fake is in; a program that opens and closes ovs-vswitchd.pid
// in that same process takes its lock away, after which ovs-appctl needs the path of the socket.
package fakeovs
