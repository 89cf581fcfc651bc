// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack

import (
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

// state is the state machine of one connection. Which part of it is in use depends on the protocol.
type state struct {
	tcp tcp
	// answered is true once a packet of the other direction has come.
	answered bool
}

// mayOpen reports whether the packet can be the first of a connection. As in Open vSwitch the protocol alone counts, not
// whether it is one of IPv4 or IPv6.
func mayOpen(proto uint8, p *packet.Packet) bool {
	l4 := p.Transport()
	switch proto {
	case openflow.IPProtoTCP:
		return tcpMayOpen(flagsOf(l4))
	case openflow.IPProtoICMPv6:
		return len(l4) > 0 && l4[0] == icmp6Echo
	case openflow.IPProtoICMP:
		return len(l4) > 0 && (l4[0] == icmpEcho || l4[0] == icmpTimestamp || l4[0] == icmpInfo)
	}
	return true
}

// open starts the state machine of a connection with its first packet and says which of the timeouts it has.
func (s *state) open(proto uint8, p *packet.Packet) timeout {
	switch proto {
	case openflow.IPProtoTCP:
		s.tcp = openTCP(p.Transport())
		return tcpSynSent
	case openflow.IPProtoICMP, openflow.IPProtoICMPv6:
		return icmpFirst
	}
	return udpFirst
}

// update takes a packet of the connection. lenient is for TCP.
func (s *state) update(proto uint8, p *packet.Packet, reply, lenient bool) (verdict, timeout) {
	if proto == openflow.IPProtoTCP {
		return s.tcp.update(p.Transport(), reply, lenient)
	}
	s.answered = s.answered || reply
	kinds := [...]timeout{udpSingle, udpMultiple}
	if proto == openflow.IPProtoICMP || proto == openflow.IPProtoICMPv6 {
		kinds = [...]timeout{icmpFirst, icmpReply}
	}
	if !s.answered {
		return unanswered, kinds[0]
	}
	return established, kinds[1]
}
