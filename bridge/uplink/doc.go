// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package uplink makes a NIC of the machine the uplink of a bridge, and gives
// it back.
//
// [Adopt] makes the NIC a port of an existing bridge and moves what the machine
// has on it to the bridge's own port: addresses with their lifetimes, labels,
// scopes and metrics; the routes of all tables; policy rules that name the NIC;
// permanent neighbours and those that the machine answers for; MTU and MAC
// address. So the machine stays who it was, with the bridge between it and the
// link. [Release] takes it all back, with what has changed on the bridge's own
// port in the meantime: an address that a DHCP client has added there goes
// along, one that was removed there is not brought back. Link-local addresses of
// IPv6 go along only if the NIC had them, since the kernel makes them.
//
// # One operation
//
// Adopt and Release complete or are taken back. Before the first change, and
// while the change lasts, the external_ids of Open_vSwitch hold a journal under the
// bridge's name: what is moved, how everything was, and whether it is being
// adopted, is adopted or is being released. Every step can be repeated and every
// step can be undone, so that a program that was killed between any two leaves
// enough for [Recover], which a program calls when it starts: it takes back an
// adoption and finishes a release. Adopt and Release begin with it as well.
//
// Addresses and routes are added at the new place before they are taken from the
// old one, and neighbours that the kernel knows are made known at the new place,
// so that connections are not cut and hardly any packet is lost.
//
// If the datapath is in user space, the machine is cut off while ovs-vswitchd is
// not running. The bridge's own port outlives it, with all it has; if it was made
// anew after all, Recover gives it what was moved when the NIC was adopted.
// If the machine itself was started anew, Recover adopts the NIC again with what
// it has now. If somebody took the NIC out of the bridge, or deleted that, Recover
// gives the NIC back what it had; until then the machine is cut off. A NIC that has
// another name by now gets it under that. If another program has let the kernel's IP
// stack use the NIC again, Recover ends that.
//
// # What the caller must have
//
// From the adoption on, the machine's own traffic goes through the bridge. One
// whose fail_mode is "secure" passes nothing without flows, and the machine would
// be cut off: the bridge is to be "standalone", or flows are to be installed by
// [Config].Connect, which is called when the NIC's OpenFlow port is known and the
// machine still talks past the bridge. [Config].Verify can test the outcome; its
// error takes everything back.
//
// A database that is itself reached through the NIC stays reachable as long as
// the bridge passes its traffic. When it does not, and the datapath is in user
// space, the kernel's part is taken back first, which needs no database, and the
// database's follows. With a datapath in the kernel the NIC belongs to
// ovs-vswitchd until that has read from the database that it does not, so such a
// machine stays cut off.
//
// During a release there, until the NIC has left the bridge, the machine sends by the
// NIC and hears at the bridge's own port. So it takes the neighbours that it knows to
// be there meanwhile; if a program is killed then, neighbours that it does not know
// are found again after Recover.
//
// # What stays
//
// Everything else that refers to the NIC by name stays as it is: firewall rules,
// multicast memberships, sysctl parameters such as accept_ra, and programs. So does
// the shaping of what the NIC sends, as the port's QoS has the type "linux-noop"; but
// filters of what it receives, tc(8)'s ingress, are removed by ovs-vswitchd. A DHCP
// client must be told to use the bridge's own port: what it does on the NIC while that
// is adopted is lost. VLAN devices on the NIC keep their addresses and go on to work
// past the bridge. Temporary addresses of IPv6, RFC 8981, become ordinary addresses
// with what is left of their life; what has lived out its life on the way is gone. Of
// two routes to the same destination with the same metric the other device's can come
// first afterwards.
//
// Lists of the kernel with more than [MaxObjects] elements, such as full routing
// tables, are refused, and so are routes by next hop objects.
package uplink
