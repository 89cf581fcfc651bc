// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/ovskit/ovskit/internal/testbed"
)

// probe is a question that was not asked yet. run says what it got.
type probe struct {
	name, want string
	run        func(ctx context.Context) (got string)
}

// machine is a station with its addresses.
type machine struct {
	testbed.Station
	addr    netip.Addr // the one it is reached at
	gateway netip.Addr
	others  []netip.Addr
}

func (m *machine) has(a netip.Addr) bool { return a == m.addr || slices.Contains(m.others, a) }

type proto string

const (
	icmp proto = "icmp"
	tcp  proto = "tcp"
	udp  proto = "udp"
)

var protos = []proto{icmp, tcp, udp}

// call is an attempt of one machine to reach another at an address.
type call struct {
	proto    proto
	from, to *machine
	at       netip.AddrPort // no port for ICMP
}

func (c call) name() string {
	at := c.at.String()
	if c.proto == icmp {
		at = c.at.Addr().String()
	}
	return fmt.Sprintf("%s %s -> %s %s", c.proto, c.from.Name(), c.to.Name(), at)
}

// attempt makes the call, from the local port if that is not 0.
func (c call) attempt(ctx context.Context, local uint16) (answer, error) {
	from := netip.AddrPort{}
	if local != 0 {
		from = netip.AddrPortFrom(netip.Addr{}, local)
	}
	switch c.proto {
	case tcp:
		return askTCP(ctx, c.from, from, c.at)
	case udp:
		return askUDP(ctx, c.from, from, c.at)
	}
	return answer{}, c.from.Ping(ctx, c.at.Addr())
}

// answered wants the machine that is called, and no other, to answer.
func (v *view) answered(c call) probe {
	return probe{c.name(), reply, func(ctx context.Context) string {
		a, err := v.try(ctx, c)
		if err == nil && c.proto != icmp && a.server != c.to.Name() {
			return reply + " of " + a.server
		}
		return verdict(err)
	}}
}

// seenAs wants the machine that is called to answer, and to see the given address calling.
func (v *view) seenAs(c call, want netip.Addr) probe {
	return probe{c.name(), "seen as " + want.String(), func(ctx context.Context) string {
		a, err := v.try(ctx, c)
		if err != nil {
			return verdict(err)
		}
		if a.server != c.to.Name() {
			return reply + " of " + a.server
		}
		return "seen as " + host(a.client)
	}}
}

// fails wants the attempt to be answered with an error.
func (v *view) fails(c call, want string) probe {
	return probe{c.name(), want, func(ctx context.Context) string {
		_, err := v.try(ctx, c)
		return verdict(err)
	}}
}

func (v *view) try(ctx context.Context, c call) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, v.within)
	defer cancel()
	return c.attempt(ctx, 0)
}

// blocked wants that nothing answers and that nothing of the attempt arrives at the machine that is called. It gives the
// attempt some time to be made, and then waits until what was sent must have been where it can get.
func (v *view) blocked(c call) probe {
	local := v.freshPort()
	return probe{c.name(), blocked, func(ctx context.Context) string {
		capture, err := c.to.Capture(ctx)
		if err != nil {
			return verdict(err)
		}
		defer capture.Close()

		attempt, cancel := context.WithCancel(ctx)
		defer cancel()
		answered := make(chan error, 1)
		go func() {
			_, err := c.attempt(attempt, local)
			answered <- err
		}()
		timer := time.NewTimer(v.patience)
		defer timer.Stop()
		select {
		case err := <-answered:
			return verdict(err)
		case <-timer.C:
		}
		fenced := v.fence(ctx, c.from)
		cancel()
		if err := <-answered; !errors.Is(err, context.Canceled) {
			return verdict(err)
		}
		if fenced != nil {
			return "error: " + fenced.Error()
		}
		err = find(attempt, capture, func(frame []byte) bool { return c.sent(frame, local) })
		switch {
		case err == nil:
			return "not answered, but arrived"
		case errors.Is(err, context.Canceled):
			return blocked
		}
		return verdict(err)
	}}
}

// fence returns when the switch, and the host if it forwards, have dealt with all that a machine has sent before: they
// keep the order of what comes from one machine. It asks for nothing that depends on the intents.
func (v *view) fence(ctx context.Context, from *machine) error {
	ctx, cancel := context.WithTimeout(ctx, v.within)
	defer cancel()
	var err error
	switch from {
	case v.host:
	case v.outside:
		err = from.Ping(ctx, v.host.addr)
	default:
		_, err = resolve(ctx, from, from.addr, from.gateway)
	}
	if err == nil && v.egress == Address { // the way outside is not by way of the switch
		_, err = resolve(ctx, v.host, v.host.addr, v.in.spare)
	}
	if err != nil {
		return err
	}
	return v.host.Ping(ctx, v.outside.addr)
}

// sent tells whether a frame that arrived is of the attempt.
func (c call) sent(frame []byte, local uint16) bool {
	p, ok := parseIP(frame)
	if !ok || p.proto != c.proto || !c.from.has(p.src) || p.dst != c.at.Addr() {
		return false
	}
	return p.srcPort == local || p.echoRequest
}

// find reads a capture until a frame is like that.
func find(ctx context.Context, capture testbed.Capture, like func(frame []byte) bool) error {
	for {
		frame, err := capture.Next(ctx)
		if err != nil {
			return err
		}
		if like(frame) {
			return nil
		}
	}
}

// host is the address of an address and port.
func host(addrPort string) string {
	a, err := netip.ParseAddrPort(addrPort)
	if err != nil {
		return addrPort
	}
	return a.Addr().String()
}
