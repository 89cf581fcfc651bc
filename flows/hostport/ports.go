// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package hostport

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/netns"
)

// Errors of ports. Those of single mappings name them.
var (
	// ErrTaken says that a program of the host has the port: it listens there, or has a connection with that port.
	ErrTaken = errors.New("taken by a program of the host")
	// ErrConflict says that another endpoint has the port.
	ErrConflict = errors.New("taken by another endpoint")
	// ErrInvalid says that a mapping makes no sense.
	ErrInvalid = errors.New("invalid")
	// ErrClosed says that the ports are closed, or their context has ended.
	ErrClosed = errors.New("closed")
)

// Mapping is a port of the host that is published by an endpoint.
type Mapping struct {
	Proto flows.Proto
	// At is one of the host's addresses, or a loopback address, and the port. A link-local one is none of them.
	At netip.AddrPort
	// To is the address and port of the endpoint to which the host's own programs are led. Zero: they are not, the port is
	// only reserved. SCTP is not forwarded. Where a kernel has no SCTP its ports are nobody's and need no reservation.
	To netip.AddrPort
}

func (m Mapping) String() string {
	s := m.At.String()
	if m.To.IsValid() {
		s += "->" + m.To.String()
	}
	return s + "/" + m.Proto.String()
}

// check holds a mapping against what can be done.
func (m Mapping) check() error {
	cannot := func(a netip.AddrPort) bool {
		addr := a.Addr()
		return !a.IsValid() || a.Port() == 0 || addr.IsUnspecified() || addr.IsMulticast() || addr.Zone() != "" ||
			addr.Is6() && addr.IsLinkLocalUnicast()
	}
	switch {
	case m.Proto != flows.TCP && m.Proto != flows.UDP && m.Proto != flows.SCTP:
		return fmt.Errorf("port %s: neither tcp nor udp nor sctp: %w", m, ErrInvalid)
	case cannot(m.At):
		return fmt.Errorf("port %s: not an address and port of the host: %w", m, ErrInvalid)
	case m.To != netip.AddrPort{} && cannot(m.To):
		return fmt.Errorf("port %s: %s is not an address and port of an endpoint: %w", m, m.To, ErrInvalid)
	case m.To == m.At:
		return fmt.Errorf("port %s: it would be forwarded to itself: %w", m, ErrInvalid)
	case m.To.IsValid() && m.Proto == flows.SCTP:
		return fmt.Errorf("port %s: sctp is not forwarded: %w", m, ErrInvalid)
	}
	return nil
}

// Mappings are what an endpoint publishes ([flows.Switch.Published]) as mappings at the host's own addresses: a mapping that
// names an address is there, if that is one of own or a loopback address, else at each of own. They lead to the endpoint's
// address of the same family, or to that of the other if it has none; without any they are reserved.
func Mappings(published []flows.PortMapping, own, endpoint []netip.Addr) (all []Mapping) {
	for _, p := range published {
		at := own
		if p.HostAddr.IsValid() {
			at = nil
			if p.HostAddr.IsLoopback() || slices.Contains(own, p.HostAddr) {
				at = []netip.Addr{p.HostAddr}
			}
		}
		if p.HostPort == 0 {
			at = nil // published at the endpoint's own address
		}
		for _, a := range at {
			var to netip.Addr
			for _, e := range slices.Backward(endpoint) {
				if !to.IsValid() || e.Is4() == a.Is4() {
					to = e
				}
			}
			for port := int(p.HostPort); port <= int(max(p.HostPort, p.HostPortEnd)); port++ {
				m := Mapping{Proto: p.Proto, At: netip.AddrPortFrom(a, uint16(port))}
				if to.IsValid() && p.Proto != flows.SCTP {
					m.To = netip.AddrPortFrom(to, p.Port+uint16(port)-p.HostPort)
				}
				all = append(all, m)
			}
		}
	}
	return all
}

// Options are the limits of a [Ports]. Zero values are those that fit most.
type Options struct {
	// Netns is the host's network namespace: a name of ip-netns(8), "pid:" and the number of a process, or the path of a
	// namespace file. Empty is that of the process.
	Netns string
	// Streams is how many TCP connections are forwarded at a time, of all ports together; 0 is 1024. Those beyond are reset.
	Streams int
	// Clients is how many sources of UDP datagrams have their answers forwarded, of all ports together; 0 is 1024. One
	// beyond takes the place of that which has been silent for longest.
	Clients int
	// ClientIdle is how long a client and the endpoint may be silent before answers are no longer forwarded; 0 is a minute.
	ClientIdle time.Duration
	// DialTimeout limits how long a client waits for its connection to the endpoint; 0 is 10 seconds.
	DialTimeout time.Duration
	// Logger gets what becomes of connections that are not forwarded; nil discards it.
	Logger *slog.Logger
}

// Ports are ports of the host that are reserved or forwarded. Its methods may be used concurrently.
type Ports struct {
	o       Options
	ns      *netns.NS // nil: that of the process
	ctx     context.Context
	cancel  context.CancelFunc
	streams chan struct{} // one element a stream
	clients *clients
	buffers sync.Pool // *[]byte of the size of the largest datagram

	mu     sync.Mutex
	held   map[portKey]*holding
	closed bool
}

// portKey is what one socket has.
type portKey struct {
	proto flows.Proto
	at    netip.AddrPort
}

// Open makes a Ports that has no port yet. It ends with its context, in the same way as by [Ports.Close].
func Open(ctx context.Context, o Options) (*Ports, error) {
	o.Streams, o.Clients = cmp.Or(o.Streams, 1024), cmp.Or(o.Clients, 1024)
	o.ClientIdle, o.DialTimeout = cmp.Or(o.ClientIdle, time.Minute), cmp.Or(o.DialTimeout, 10*time.Second)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Streams < 0 || o.Clients < 0 || o.ClientIdle < 0 || o.DialTimeout < 0 {
		return nil, fmt.Errorf("ports of the host: a limit below zero: %w", ErrInvalid)
	}
	p := &Ports{
		o: o, streams: make(chan struct{}, o.Streams), clients: newClients(o.Clients), held: map[portKey]*holding{},
		buffers: sync.Pool{New: func() any { b := make([]byte, maxDatagram); return &b }},
	}
	if o.Netns != "" {
		ns, err := netns.Open(o.Netns)
		if err != nil {
			return nil, fmt.Errorf("ports of the host: %w", err)
		}
		p.ns = ns
	}
	p.ctx, p.cancel = context.WithCancel(ctx)
	context.AfterFunc(p.ctx, p.end)
	return p, nil
}

// Set has an endpoint have these ports of the host and no others: what it has already stays as it is, connections included;
// connections by way of what is gone, or leads elsewhere now, are reset. Without mappings it has none. When Set fails
// because a port cannot be had, with [ErrTaken] or [ErrConflict] if somebody has it, the endpoint has what it had.
func (p *Ports) Set(endpoint string, mappings []Mapping) error {
	if err := p.set(endpoint, mappings); err != nil {
		return fmt.Errorf("ports of endpoint %q: %w", endpoint, err)
	}
	return nil
}

func (p *Ports) set(endpoint string, mappings []Mapping) (err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.ctx.Err() != nil {
		return ErrClosed
	}
	wanted := make(map[portKey]Mapping, len(mappings))
	for _, m := range mappings {
		m.At, m.To = unmap(m.At), unmap(m.To)
		if err := m.check(); err != nil {
			return err
		}
		key := portKey{m.Proto, m.At}
		if _, twice := wanted[key]; twice {
			return fmt.Errorf("port %s: given twice: %w", m, ErrInvalid)
		}
		if h := p.held[key]; h != nil && h.endpoint != endpoint {
			return fmt.Errorf("port %s: endpoint %q: %w", m, h.endpoint, ErrConflict)
		}
		wanted[key] = m
	}

	taken := map[portKey]*holding{}
	for key, m := range wanted {
		if p.held[key] != nil {
			continue
		}
		h, err := p.take(endpoint, m)
		if err != nil {
			for _, h := range taken {
				h.release()
			}
			return fmt.Errorf("port %s: %w", m, err)
		}
		taken[key] = h
	}
	var errs []error
	for key, h := range p.held {
		m, stays := wanted[key]
		switch {
		case h.endpoint != endpoint:
		case !stays:
			h.release()
			delete(p.held, key)
		default:
			if err := h.lead(m.To); err != nil {
				errs = append(errs, fmt.Errorf("port %s: %w", m, err))
			}
		}
	}
	for key, h := range taken {
		p.held[key] = h
	}
	return errors.Join(errs...)
}

// Taken reports whether somebody has a port, be it a program of the host or an endpoint: [flows.Options] has a place for it.
func (p *Ports) Taken(proto flows.Proto, at netip.AddrPort) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.ctx.Err() != nil {
		return false
	}
	h, err := p.take("", Mapping{Proto: proto, At: unmap(at)})
	if err == nil {
		h.release()
	}
	return errors.Is(err, ErrTaken)
}

// unmap gives an IPv4 address its own form.
func unmap(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// Close gives all ports back and resets what is forwarded. When it returns nothing of it is left.
func (p *Ports) Close() error {
	p.cancel()
	p.end()
	return nil
}

// end is called when the context has ended.
func (p *Ports) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.closed = true
	for _, h := range p.held {
		h.release()
	}
	p.held = nil
	if p.ns != nil {
		p.ns.Close()
	}
}

// inside runs fn where the ports are; sockets that it opens stay there.
func (p *Ports) inside(fn func() error) error {
	if p.ns == nil {
		return fn()
	}
	return p.ns.Do(fn)
}
