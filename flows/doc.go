// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

//go:generate go test -run ^TestFlowTables$ -count=1 . -update

// Package flows turns connectivity intents into the flow tables of one Open vSwitch bridge: who is on which network,
// which way out a network has, which ports are published, who may connect to whom. Masquerading, published ports,
// isolation and anti-spoofing are all flows, of IPv4 and IPv6 alike; no iptables or nftables rule is involved.
//
// A program describes what it wants with plain values ([Host], [Uplink], [Address], [Network], [Rule], [Endpoint]) and
// gives them to a [Switch]. [Switch.Set] and [Switch.Delete] are idempotent: the flows of what changed are compiled,
// compared with what the switch holds, and the difference is sent as one atomic bundle, so that a change takes effect as a
// whole or not at all, and a change to one endpoint costs that endpoint's flows, whatever the size of the network.
//
// What is not declared is not possible. An endpoint talks with the endpoints of its own network, from its own MAC
// and addresses alone and without VLAN tags; with the host as [Network.Host] says; with the outside as
// [Network.Egress] says; and is reached from outside only at the ports it publishes. A [Rule] allows more, or less. Who
// asks for a neighbour (ARP, neighbour discovery) is answered by the switch; nothing is flooded. No router advertisement,
// redirect, multicast listener report, IGMP or message of a DHCP server (UDP port 68, of IPv6 546) goes anywhere from an
// endpoint; nor do fragments by which it would be hidden.
//
// Some limits. The host is known by the addresses in [Host.Addrs]: one that is missing there is taken for the outside, and
// reached from every network with a way out. And what a rule or access to the host no longer allows is taken from new
// connections: those that are established go on until they end or their conntrack entries time out. They are not forgotten:
// of those that are still allowed, what the receiver sends next would then be taken for a connection that it begins itself.
//
// An ICMP error is believed of a tracked connection, whichever endpoint or machine outside it comes from: one that knows the
// addresses and ports can complain of another's connection, as a router on its way could. In a network with
// [Network.Multicast], fragments that are for all are not put together on their way.
//
// With the datapath in user space, the kernel sees what an endpoint's device takes in as well. Package port has it ignore that,
// but for UDP from 0.0.0.0 to 255.255.255.255: sockets of the host that are bound to no device get it past the flows.
//
// Connections of all endpoints share the datapath's table, and those behind one address its ports: an endpoint that begins
// connections without end takes from others the source ports towards the same destination, and in the end the table.
// [Endpoint.Limit] slows it down; "ovs-appctl dpctl/ct-set-limits" keeps a zone from filling the table.
//
// # Ways out
//
// Behind an uplink ([Via]) the NIC is a port of the bridge, and the host's address is on the bridge's own port. An
// endpoint's packet to the outside goes to the host unchanged; the host routes it and resolves the next hop; when it comes
// back into the bridge on its way to the uplink it is translated to the host's address. The host's own connections pass
// the same conntrack zone, so that a source port is never taken twice. Replies are translated as they come in and go
// straight to the endpoint. The host needs net.ipv4.ip_forward=1 (net.ipv6.conf.all.forwarding=1) and, on the bridge's
// port, send_redirects=0, and an address out of every network's subnet, the network's gateway.
// What the host routes to the outside by another NIC does not come back into the bridge, and is not translated.
//
// Behind an address ([Behind]) the host's NIC stays as it is. An endpoint's packet is translated to a spare address of
// the host's link before the host routes it; the host routes what comes for that address to the bridge's own port, and
// answers for it on its link (package bridge/hostaddr arranges both). Nothing but published ports is reached there.
// What the NIC takes in does not pass the bridge first. Linux drops what comes there with a source address of its own in
// IPv4, but not in IPv6: who forges that on the link is taken for the host, and [FromHost] let to the endpoints.
//
// Routed networks ([Routed]) are not translated: the outside has a route to them by way of the host. From outside, an
// endpoint is reached at the ports it publishes, and pinged.
//
// Flows do not see the options of IPv4. The host must not go by a route in a packet, above all where a network has no way
// out: net.ipv4.conf.all.accept_source_route=0, which is what Linux begins with.
//
// The first datagram of a connection to a published UDP port is lost if it comes in fragments: only the first fragment
// tells the port.
//
// A published port is reached from outside and from every endpoint, those of other networks included: publishing is an
// opening. An endpoint that uses it is seen by the publisher as the gateway of the publisher's network, or as itself if
// that is routed. Only endpoints of a routed network that is isolated do not reach what others of it publish, since that is at
// the others' own addresses. The host itself reaches the endpoint's own address if [Network.Host] says so.
//
// Endpoints may share a published port ([Balance]), whatever network each is in: by connection, or by the client's address
// (session affinity), which goes for endpoints that use the port as well. A client's address of each family is a client of its
// own. Rules are asked of the endpoint that was chosen, and no other is chosen if they deny it. Connections that are
// established stay with their endpoint whoever comes and goes; those of one that goes are forgotten.
//
// What the host sends to its own addresses, loopback ones included, stays in its own stack, where no flow sees it: there a
// published port leads nowhere, and a program of the host may have it as well, which the outside then no longer reaches.
// Package flows/hostport reserves published ports, reports those that are taken and, if it is told to, forwards to endpoints
// what the host's own programs send to them; with it as [Options.Taken] no port is chosen that the host has. "ovskit check"
// names the programs that have published ports.
//
// The userspace datapath of Open vSwitch damages the MTU in an ICMPv6 error that it translates, if that is about UDP: who sends
// over a translated way of IPv6 by UDP is not told how big a packet may be, but by the host itself behind an uplink.
//
// The userspace datapath of Open vSwitch tracks SCTP by its addresses alone: there, ports of SCTP can only be published as the
// same ports, and what one connection is allowed is allowed to all between the same two addresses while it lasts.
//
// # Restarts
//
// When the program ends, the switch goes on as it is. When the program starts again and declares what it had, no flow is
// written. When the switch has lost its flows, all that is declared is written as soon as it is back, before anybody else gets
// the client's connection. Where that is thousands of flows, at the first start as well, it comes in several bundles, the last of
// which lets packets in. A switch that starts without flows drops what it gets; to have it keep on what its datapath has until
// the flows are there, hold it with bridge.HoldFlows before it ends, at best at once after each release, and release it in
// [Options.OnReplay]:
//
//	OnReplay: func(ctx context.Context, _ flows.Replay) {
//		if err := bridge.ReleaseFlows(ctx, db); err == nil {
//			err = bridge.HoldFlows(ctx, db) // for the next time; a switch that runs does not mind
//		}
//	}
//
// With the datapath in user space, ovs-vswitchd takes all connections with it when it ends. A translated one is sure to go on
// only if the side that began it is the next to send: what comes from the other side first is taken for something new.
//
// What somebody else changes in the owner's tables meanwhile is put right and reported to [Options.OnDrift]. Changes made
// on the client's own connection are taken for the program's. A group or meter that is changed, and not deleted, is nothing that
// a switch tells of: it is put right with the next flow that is, by [Switch.Prune] or on the next connection.
//
// # Connections
//
// A packet of an established connection meets no rule any more. So the switch is told to forget the connections to a
// published port that is taken back or leads elsewhere, those of an address that an endpoint no longer has, those translated to
// one that is not shared any more, and those of a network that is gone; also those that somebody outside began with the host
// at a port that is published only then. This is done behind the change and again some times within a second, for what the
// datapath has under way. What was declared by an earlier run of the program and is not declared any more is not known well
// enough for that: its connections end by their timeouts, if the flows that are left carry them at all.
//
// Open vSwitch before 3.1 forgets only whole zones: there, each of these costs all translated connections, or all of the
// network's, and what a port newly published would need is left undone.
//
// Of an IPv6 address, connections of TCP, UDP and SCTP are forgotten, and others left to their timeouts: ovs-vswitchd 3.1
// aborts when it is to forget a ping of IPv6 in its userspace datapath. That datapath of 3.1 may also go on by a decision of
// before a change as long as packets of its kind come: when it corrects one, it may hit another for the same packet.
// "ovs-appctl revalidator/purge" makes it decide anew.
//
// # Explaining
//
// [Intents.Explain] says what becomes of a connection and who decided it, such as [ParseQuery]("web0 -> outside tcp/443");
// [Intents.Compare] in what a switch differs from intents, [Intents.Counters] and [Switch.Counters] what it has counted of
// them, and [Intents.Needs] what they take for granted of the machine.
// [Intents] are written as JSON for other programs, see docs/intents.md. docs/flow-tables.md has the tables.
//
// # Ownership
//
// Every flow carries a cookie: 16 bits of the owner ([Options.Owner]), 8 bits of the version of the tables' layout, 40
// bits of the object. What is left of another version goes with the first change. Tables 0 to 100, and groups and meters
// with numbers up to 65535, have one owner: what another has there is deleted. Flows in other tables are touched only if
// they are the owner's.
//
// There is no number of the program's run in a cookie. With one, each start would have to write every flow again to tell
// those it wants from those an earlier run has left: a change of 50,000 flows where nothing has changed, and counters at
// zero. What an earlier run has left is told apart by what it is, not by its age: what nothing declared accounts for is
// what [Switch.Prune] removes, and lists.
package flows
