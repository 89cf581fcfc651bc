// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack

import (
	"maps"
	"strings"

	"github.com/ovskit/ovskit/openflow"
)

// timeout is one of those that a policy has.
type timeout uint8

const (
	unchanged timeout = iota
	tcpSynSent
	tcpSynRecv
	tcpEstablished
	tcpFinWait
	tcpTimeWait
	tcpClose
	udpFirst
	udpSingle
	udpMultiple
	icmpFirst
	icmpReply
	numTimeouts
)

// timeoutNames are the keys of the column timeouts of CT_Timeout_Policy (ovs-vswitchd.conf.db(5)) that the userspace
// datapath uses.
var timeoutNames = [numTimeouts]string{
	tcpSynSent: "tcp_syn_sent", tcpSynRecv: "tcp_syn_recv", tcpEstablished: "tcp_established", tcpFinWait: "tcp_fin_wait",
	tcpTimeWait: "tcp_time_wait", tcpClose: "tcp_close", udpFirst: "udp_first", udpSingle: "udp_single",
	udpMultiple: "udp_multiple", icmpFirst: "icmp_first", icmpReply: "icmp_reply",
}

// defaultTimeouts are in seconds.
var defaultTimeouts = [numTimeouts]uint32{
	tcpSynSent: 30, tcpSynRecv: 30, tcpEstablished: 24 * 60 * 60, tcpFinWait: 15 * 60, tcpTimeWait: 45, tcpClose: 30,
	udpFirst: 60, udpSingle: 60, udpMultiple: 30, icmpFirst: 60, icmpReply: 30,
}

// policy is what the timeouts of some zones are.
type policy struct {
	named   map[string]uint32
	seconds [numTimeouts]uint32
	// zones is how many have it. Connections that were entered under a policy that no zone has any more have the
	// default timeouts.
	zones int
}

func (p *policy) milliseconds(kind timeout) int64 {
	if p == nil || p.zones == 0 {
		return int64(defaultTimeouts[kind]) * 1000
	}
	return int64(p.seconds[kind]) * 1000
}

type timeouts struct {
	zones map[uint16]*policy
}

func newTimeouts() timeouts { return timeouts{zones: make(map[uint16]*policy)} }

// of is the policy of a new connection. Only some protocols have one.
func (t *timeouts) of(zone uint16, proto uint8) *policy {
	switch proto {
	case openflow.IPProtoTCP, openflow.IPProtoUDP, openflow.IPProtoICMP, openflow.IPProtoICMPv6:
		return t.zones[zone]
	}
	return nil
}

// SetTimeouts gives a zone a policy: seconds by the keys of the column timeouts of CT_Timeout_Policy, others are passed
// over; what is missing has its default. It counts for connections that are entered from now on; connections of a policy
// that is replaced go back to the default timeouts with their next packet.
func (t *Tracker) SetTimeouts(zone uint16, seconds map[string]uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var p *policy
	for _, other := range t.timeouts.zones {
		if maps.Equal(other.named, seconds) {
			p = other
			break
		}
	}
	if p == nil {
		p = &policy{named: maps.Clone(seconds), seconds: defaultTimeouts}
		for name, v := range seconds {
			for kind := range p.seconds {
				if strings.EqualFold(name, timeoutNames[kind]) {
					p.seconds[kind] = v
				}
			}
		}
	}
	p.zones++
	t.timeouts.drop(zone)
	t.timeouts.zones[zone] = p
}

// DeleteTimeouts takes a zone's policy away.
func (t *Tracker) DeleteTimeouts(zone uint16) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.timeouts.drop(zone)
}

func (t *timeouts) drop(zone uint16) {
	if p := t.zones[zone]; p != nil {
		p.zones--
		delete(t.zones, zone)
	}
}
