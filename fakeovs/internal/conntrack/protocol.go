// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack

import (
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// verdict is what a packet does to its connection.
type verdict uint8

const (
	// unanswered: the packet belongs to a connection of which no answer has been seen.
	unanswered verdict = iota
	established
	invalid
	// reopened: the connection is over and the packet opens it anew.
	reopened
)

// protocol is the state machine of one connection.
type protocol interface {
	// update takes a packet of the connection and says how long it stays without a further one; 0 leaves the
	// connection's time as it is.
	update(p *packet.Packet, reply bool) (verdict, time.Duration)
}

// mayOpen reports whether the packet can be the first of a connection.
func mayOpen(t *tuple, p *packet.Packet) bool {
	l4 := p.Transport()
	switch {
	case t.proto == openflow.IPProtoTCP:
		return tcpMayOpen(flagsOf(l4))
	case t.isICMP() && t.v6:
		return l4[0] == icmp6Echo
	case t.isICMP():
		return l4[0] == icmpEcho || l4[0] == icmpTimestamp || l4[0] == icmpInfo
	}
	return true
}

// open starts the state machine of a connection with its first packet.
func open(t *tuple, p *packet.Packet) (protocol, time.Duration) {
	switch {
	case t.proto == openflow.IPProtoTCP:
		return openTCP(p.Transport()), tcpOpeningTimeout
	case t.isICMP():
		return &icmp{}, icmpFirstTimeout
	}
	return &datagrams{}, datagramTimeout
}

// Timeouts of Open vSwitch's default policy.
const (
	icmpFirstTimeout     = 60 * time.Second
	icmpAnsweredTimeout  = 30 * time.Second
	datagramTimeout      = 60 * time.Second
	datagramBothTimeout  = 30 * time.Second
	tcpOpeningTimeout    = 30 * time.Second
	tcpOpenTimeout       = 24 * time.Hour
	tcpHalfClosedTimeout = 15 * time.Minute
	tcpClosingTimeout    = 45 * time.Second
	tcpClosedTimeout     = 30 * time.Second
)

// icmp is a query and its answers.
type icmp struct{ answered bool }

func (c *icmp) update(_ *packet.Packet, reply bool) (verdict, time.Duration) {
	c.answered = c.answered || reply
	if !c.answered {
		return unanswered, icmpFirstTimeout
	}
	return established, icmpAnsweredTimeout
}

// datagrams is UDP and every protocol without a state of its own.
type datagrams struct{ answered bool }

func (c *datagrams) update(_ *packet.Packet, reply bool) (verdict, time.Duration) {
	c.answered = c.answered || reply
	if !c.answered {
		return unanswered, datagramTimeout
	}
	return established, datagramBothTimeout
}
