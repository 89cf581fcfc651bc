// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/netns"
)

// hostAddress is an address of a device of the machine.
type hostAddress struct {
	netip.Prefix
	index  int
	device string
}

// checkKernel compares what intents need of the machine with the network namespace that the switch runs in.
func checkKernel(namespace string, intents flows.Intents) ([]finding, error) {
	ns, err := netns.OpenOrCurrent(namespace)
	if err != nil {
		return nil, err
	}
	defer ns.Close()
	h, err := ns.Netlink()
	if err != nil {
		return nil, err
	}
	defer h.Close()
	k := &kernelCheck{bridge: intents.Bridge}
	if err := k.read(h); err != nil {
		return nil, fmt.Errorf("addresses in network namespace %q: %w", ns.Name(), err)
	}
	if k.index == 0 {
		k.note("there is no device %s: the switch runs in another network namespace (--switch-netns) or has no devices (--no-kernel)", k.bridge)
		return k.found, nil
	}
	if mac := hostMAC(intents); mac != nil && !bytes.Equal(mac, k.mac) {
		k.note("the device %s has the MAC %s, the host of the intents %s: it is another bridge's (--switch-netns), or has another MAC now",
			k.bridge, k.mac, mac)
		return k.found, nil
	}
	needs := intents.Needs()
	k.addresses(needs)
	for _, a := range needs.BridgeRoutes {
		routes, err := h.RouteGet(a.AsSlice())
		if err != nil || len(routes) == 0 || routes[0].LinkIndex != k.index {
			k.note("the spare address %s is not routed to the device %s", a, k.bridge)
		}
	}
	for _, s := range needs.Sysctls {
		value, err := ns.Sysctl(s.Key)
		if err != nil {
			return nil, err
		}
		if value != s.Value {
			k.note("%s is %s, the intents need %s: sysctl -w %s=%s", s.Key, value, s.Value, s.Key, s.Value)
		}
	}
	if err := k.forwarding(ns, needs); err != nil {
		return nil, err
	}
	var programs []program
	if err := ns.Do(func() (err error) { programs, err = listPrograms(); return err }); err != nil {
		return nil, err
	}
	k.found = append(k.found, checkHostPorts(needs, programs, intents.Process)...)
	return k.found, nil
}

func hostMAC(intents flows.Intents) net.HardwareAddr {
	for _, o := range intents.Objects {
		if h, ok := o.(flows.Host); ok {
			return h.MAC
		}
	}
	return nil
}

// peerNetns is the network namespace of the program that serves a local socket; empty if it is the present one, or cannot
// be told.
func peerNetns(endpoint string) string {
	path, ok := strings.CutPrefix(endpoint, "unix:")
	if !ok {
		return ""
	}
	c, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return ""
	}
	defer c.Close()
	raw, err := c.SyscallConn()
	if err != nil {
		return ""
	}
	var peer *unix.Ucred
	if err := raw.Control(func(fd uintptr) { peer, _ = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); err != nil || peer == nil {
		return ""
	}
	theirs := fmt.Sprintf("/proc/%d/ns/net", peer.Pid)
	there, err := os.Stat(theirs)
	if err != nil {
		return ""
	}
	if here, err := os.Stat("/proc/self/ns/net"); err != nil || os.SameFile(here, there) {
		return ""
	}
	return theirs
}

// kernelCheck collects findings.
type kernelCheck struct {
	bridge string
	index  int // of the bridge's device; 0 if there is none
	mac    net.HardwareAddr
	addrs  []hostAddress
	found  []finding
}

func (k *kernelCheck) note(format string, args ...any) {
	k.found = append(k.found, finding{Area: areaKernel, Object: flows.Host{}.String(), Problem: fmt.Sprintf(format, args...)})
}

// read reads the addresses of all devices.
func (k *kernelCheck) read(h *netlink.Handle) error {
	links, err := h.LinkList()
	if err != nil {
		return err
	}
	names := map[int]string{}
	for _, l := range links {
		names[l.Attrs().Index] = l.Attrs().Name
		if l.Attrs().Name == k.bridge {
			k.index, k.mac = l.Attrs().Index, l.Attrs().HardwareAddr
		}
	}
	addrs, err := h.AddrList(nil, unix.AF_UNSPEC)
	if err != nil {
		return err
	}
	for _, a := range addrs {
		addr, ok := netip.AddrFromSlice(a.IP)
		if !ok || a.IPNet == nil {
			continue
		}
		bits, _ := a.Mask.Size()
		k.addrs = append(k.addrs, hostAddress{netip.PrefixFrom(addr.Unmap(), bits), a.LinkIndex, names[a.LinkIndex]})
	}
	slices.SortFunc(k.addrs, func(a, b hostAddress) int {
		return cmp.Or(cmp.Compare(a.device, b.device), a.Addr().Compare(b.Addr()))
	})
	return nil
}

// forwarding wants a device of the host's to forward what comes in for endpoints.
func (k *kernelCheck) forwarding(ns *netns.NS, needs flows.Needs) error {
	if !needs.ForwardsIn {
		return nil
	}
	var devices []string
	for _, h := range k.addrs {
		if h.index == k.index || !h.Addr().Is4() || h.Addr().IsLoopback() {
			continue
		}
		value, err := ns.Sysctl("net/ipv4/conf/" + h.device + "/forwarding")
		if err != nil {
			return err
		}
		if value == "1" {
			return nil
		}
		devices = append(devices, h.device)
	}
	if len(devices) > 0 {
		k.note("no device but the bridge's forwards, of: %s; nothing from outside gets to endpoints: sysctl -w net/ipv4/conf/DEVICE/forwarding=1",
			strings.Join(slices.Compact(devices), ", "))
	}
	return nil
}

// addresses compares the machine's addresses with those that the intents know.
func (k *kernelCheck) addresses(needs flows.Needs) {
	has := func(a netip.Addr, like func(hostAddress) bool) bool {
		return slices.ContainsFunc(k.addrs, func(h hostAddress) bool { return h.Addr() == a && like(h) })
	}
	known := map[netip.Addr]bool{}
	for _, p := range needs.HostAddrs {
		known[p.Addr()] = true
		if !has(p.Addr(), func(h hostAddress) bool { return h.Bits() == p.Bits() }) {
			k.note("no device has the host's address %s", p)
		}
	}
	for _, a := range needs.BridgeAddrs {
		known[a] = true
		if !has(a, func(h hostAddress) bool { return h.index == k.index }) {
			k.note("the device %s has not the address %s", k.bridge, a)
		}
	}
	for _, h := range k.addrs {
		if a := h.Addr(); !known[a] && !a.IsLoopback() && !a.IsLinkLocalUnicast() {
			k.note("the address %s of the device %s is not among the host's: endpoints reach it as they reach the outside", h.Prefix, h.device)
		}
	}
}
