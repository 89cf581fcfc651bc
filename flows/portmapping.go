// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"fmt"
	"net/netip"

	of "github.com/ovskit/ovskit/openflow"
)

// Proto is a transport protocol, by its IANA number.
type Proto uint8

// The protocols of published ports and services.
const (
	TCP  Proto = 6
	UDP  Proto = 17
	SCTP Proto = 132
	// ICMP is that of either family. It has no ports to publish.
	ICMP Proto = 1
)

func (p Proto) String() string {
	switch p {
	case TCP:
		return "tcp"
	case UDP:
		return "udp"
	case SCTP:
		return "sctp"
	case ICMP:
		return "icmp"
	}
	return fmt.Sprintf("protocol %d", uint8(p))
}

// hasPorts reports whether the protocol is one whose ports flows can match.
func (p Proto) hasPorts() bool { return p == TCP || p == UDP || p == SCTP }

// ports are the fields of the protocol's source and destination port.
func (p Proto) ports() (src, dst of.Field) {
	switch p {
	case TCP:
		return of.FieldTCPSrc, of.FieldTCPDst
	case UDP:
		return of.FieldUDPSrc, of.FieldUDPDst
	default:
		return of.FieldSCTPSrc, of.FieldSCTPDst
	}
}

// PortMapping publishes ports of an endpoint at ports of an address outside. In a routed network ports are published at
// the endpoint's own address: HostAddr and HostPort stay zero.
type PortMapping struct {
	Proto Proto `json:"proto"`
	// HostAddr is the address outside: one of the host's if the way out is the uplink, one of the [Address] if it is that.
	// Zero means all of them, of the families that the endpoint has. At a loopback address the port is for the host's own
	// programs: no flow leads to it.
	HostAddr netip.Addr `json:"hostAddr,omitzero"`
	// HostPort is the first port outside, and HostPortEnd the last; a zero HostPortEnd means HostPort alone. A zero HostPort
	// is one that is free, which [Switch.Published] tells; free of the host's programs as well if [Options.Taken] says so.
	HostPort    uint16 `json:"hostPort,omitempty"`
	HostPortEnd uint16 `json:"hostPortEnd,omitempty"`
	// Port is the port of the endpoint that HostPort leads to; those that follow lead to those that follow.
	Port uint16 `json:"port"`
	// Balance lets endpoints share the port outside: each that publishes it at the same address, with the same Balance and a
	// Port of its own, gets some of its connections. Ranges, ports that are to be chosen, and ports at loopback addresses are
	// not shared, nor are those of routed networks, where each endpoint has its own address.
	Balance Balance `json:"balance,omitempty"`
}

// count is how many ports are published.
func (m PortMapping) count() int {
	if m.HostPortEnd == 0 {
		return 1
	}
	return int(m.HostPortEnd) - int(m.HostPort) + 1
}

func (m PortMapping) String() string {
	port := fmt.Sprint(m.HostPort)
	if m.HostPortEnd != 0 {
		port += fmt.Sprintf("-%d", m.HostPortEnd)
	}
	if m.HostAddr.IsValid() {
		port = netip.AddrPortFrom(m.HostAddr, m.HostPort).String()
		if m.HostPortEnd != 0 {
			port += fmt.Sprintf("-%d", m.HostPortEnd)
		}
	}
	return port + "/" + m.Proto.String()
}

// check holds a mapping against itself and the way out of the network it is in.
func (m PortMapping) check(n Network, e Endpoint) error {
	switch {
	case !m.Proto.hasPorts():
		return fmt.Errorf("port %s: neither tcp nor udp nor sctp: %w", m, ErrInvalid)
	case m.Port == 0:
		return fmt.Errorf("port %s to %d: a port is 1 to 65535: %w", m, m.Port, ErrInvalid)
	case m.HostPortEnd != 0 && m.HostPortEnd < m.HostPort:
		return fmt.Errorf("port %s: the range ends before it begins: %w", m, ErrInvalid)
	case m.HostPortEnd != 0 && m.HostPort == 0:
		return fmt.Errorf("port %s: the range begins at no port: %w", m, ErrInvalid)
	case int(m.Port)+m.count()-1 > 65535:
		return fmt.Errorf("port %s: the endpoint's ports would end at %d: %w", m, int(m.Port)+m.count()-1, ErrInvalid)
	}
	if err := m.checkBalance(); err != nil {
		return err
	}
	if m.HostAddr.IsValid() {
		if _, ok := e.addr(familyOf(m.HostAddr)); !ok {
			return fmt.Errorf("port %s: the endpoint has no %s address: %w", m, familyOf(m.HostAddr).name, ErrInvalid)
		}
	}
	possible, translated := false, false
	for _, f := range families {
		if _, has := e.addr(f); !has || m.HostAddr.IsValid() && !f.has(m.HostAddr) {
			continue
		}
		switch w := n.Egress.way(f); {
		case w.mode == internal:
		case w.mode == routed && (m.HostAddr.IsValid() || m.HostPort != 0 && m.HostPort != m.Port):
			return fmt.Errorf("port %s: %s is routed, its ports are published as they are: %w", m, n, ErrInvalid)
		default:
			possible = true
			translated = translated || w.mode != routed
		}
	}
	if !possible {
		return fmt.Errorf("port %s: %s has no way out to be published by: %w", m, n, ErrInvalid)
	}
	if m.Balance != Exclusive && !translated {
		return fmt.Errorf("port %s: %s is routed, no other endpoint has the address to balance with: %w", m, n, ErrInvalid)
	}
	return nil
}

// checkBalance holds the mapping to be one that endpoints can share, if it says so.
func (m PortMapping) checkBalance() error {
	switch {
	case m.Balance == Exclusive:
		return nil
	case m.Balance != ByConnection && m.Balance != ByClientIP:
		return fmt.Errorf("port %s: balance %q is neither %q nor %q: %w", m, m.Balance, ByConnection, ByClientIP, ErrInvalid)
	case m.HostPort == 0 || m.HostPortEnd != 0:
		return fmt.Errorf("port %s is %s: it has to be one port with a number: %w", m, m.Balance.words(), ErrInvalid)
	case m.HostAddr.IsLoopback():
		return fmt.Errorf("port %s is %s: no flow leads to a loopback address: %w", m, m.Balance.words(), ErrInvalid)
	}
	return nil
}

// portMask is a set of ports that one flow can match: those that equal value in the bits of mask.
type portMask struct{ value, mask uint16 }

// match is the condition that the field is one of the ports.
func (p portMask) match(f of.Field) of.MatchField {
	if p.mask == 0xffff {
		return of.Uint(f, uint64(p.value))
	}
	return of.UintMasked(f, uint64(p.value), uint64(p.mask))
}

// portMasks covers first to last with as few sets as there can be, at most 30.
func portMasks(first, last uint16) []portMask {
	var masks []portMask
	for from := int(first); from <= int(last); {
		size := 1
		for from&(2*size-1) == 0 && from+2*size-1 <= int(last) && size < 1<<15 {
			size *= 2
		}
		masks = append(masks, portMask{uint16(from), ^uint16(size - 1)})
		from += size
	}
	return masks
}
