// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package hostport does in the host's own network stack what the flows of package flows cannot do for published ports.
//
// A connection that the host makes to one of its own addresses never comes to a switch. So flows neither know that a
// program of the host has a port which is to be published, nor lead the host's programs to an endpoint by a loopback
// address. A [Ports] does both, for the mappings that it is given:
//
//   - A mapping without [Mapping.To] is reserved: the port is bound and nothing else, so that no program of the host takes
//     it, and one that has been taken is reported as [ErrTaken]. Who connects to it is refused; datagrams to it are dropped.
//   - A mapping with [Mapping.To] is forwarded: TCP streams and UDP datagrams that the host's programs send to the port are
//     copied to the endpoint's address, and its answers back. This is a process that copies, at a process' speed, for what
//     little the host says to itself; whatever comes from elsewhere to the host's address goes by the flows.
//
// Nothing is forwarded unless it is asked for. The endpoint then sees the host as the client, by the gateway of its
// network: the address and port of the program that connected are lost. So it must be reachable for the host: the network's
// Host has flows.FromHost, or a rule allows it. The families of both addresses may differ.
//
// Only programs of the host are served. What arrives at a loopback address by another device than lo is not, even where
// net.ipv4.conf.*.route_localnet lets it in; and at other addresses of the host only clients that have the same
// address, as the kernel chooses for a connection to one of its own.
//
// All that a port costs is bounded: a file descriptor, of one that is forwarded two and a goroutine, and the streams and
// clients of [Options], each with two sockets or one. Go uses as many descriptors as the hard limit of the process lets it
// (RLIMIT_NOFILE).
//
// [Mappings] makes them of what an endpoint publishes: a [flows.PortMapping] without an address is one [Mapping] for each of
// the host's addresses, and a range one for each port. Where flows choose the port, [Ports.Taken] as [flows.Options.Taken]
// has them choose one that is free; [flows.Switch.Published] tells which, and it is reserved then.
// Of a port that endpoints share, one of them is given: the host's programs are all led to it.
package hostport
