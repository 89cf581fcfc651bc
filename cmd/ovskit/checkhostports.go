// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/sockets"
)

// program is a socket of the machine with who has it.
type program struct {
	sockets.Socket
	by []sockets.Program // empty: it is not known
}

// listPrograms lists the sockets of the calling thread's network namespace.
func listPrograms() (all []program, err error) {
	socks, err := sockets.List()
	if err != nil {
		return nil, err
	}
	by := sockets.Programs(socks)
	for _, s := range socks {
		all = append(all, program{s, by[s.Inode]})
	}
	return all, nil
}

// hostPort is a port of the machine.
type hostPort struct {
	proto flows.Proto
	port  uint16
}

// checkHostPorts finds the published ports that a program of the machine has taken, other than the process own, which may
// reserve and forward them.
func checkHostPorts(needs flows.Needs, programs []program, own int) (found []finding) {
	taken := map[hostPort][]program{}
	for _, p := range programs {
		if own != 0 && slices.ContainsFunc(p.by, func(b sockets.Program) bool { return b.PID == own }) {
			continue
		}
		at := hostPort{flows.Proto(p.Proto), p.Local.Port()}
		taken[at] = append(taken[at], p)
	}
	host := make([]netip.Addr, len(needs.HostAddrs))
	for i, p := range needs.HostAddrs {
		host[i] = p.Addr()
	}
	for at, programs := range taken {
		for _, f := range needs.FreePorts {
			if f.Proto != at.proto || at.port < f.First || at.port > f.Last {
				continue
			}
			addrs := []netip.Addr{f.Addr}
			if f.Addr.IsUnspecified() {
				addrs = slices.DeleteFunc(slices.Clone(host), func(a netip.Addr) bool { return a.Is4() != f.Addr.Is4() })
			}
			for _, p := range programs {
				if slices.ContainsFunc(addrs, p.Takes) {
					found = append(found, finding{
						Area: areaKernel, Object: flows.Endpoint{Name: f.Endpoint}.String(),
						Problem: takenProblem(p, f),
					})
				}
			}
		}
	}
	slices.SortFunc(found, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.Object, b.Object), cmp.Compare(a.Problem, b.Problem))
	})
	return slices.Compact(found) // one that has both families is found for each
}

// takenProblem says who has a port that is published, and whom that concerns.
func takenProblem(p program, f flows.FreePort) string {
	who := "a program that is not seen from here"
	for i, b := range p.by {
		if i == 0 {
			who = ""
		} else {
			who += ", "
		}
		who += fmt.Sprintf("%s (process %d)", b.Name, b.PID)
	}
	has := fmt.Sprintf("%s has the published port %s/%s of the host", who, p.Local, f.Proto)
	if f.Addr.IsLoopback() {
		return has + ": the host's programs reach it, not the endpoint"
	}
	return has + ": from outside and from endpoints it is not reached any more"
}
