// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"fmt"
	"sync"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// A Pool has the namespaces that are in use, each with one netlink handle that
// all who use it share. It keeps none open that nobody uses, since an open
// namespace and its devices do not end.
type Pool struct {
	mu   sync.Mutex
	open map[identity]*shared
}

// identity tells a namespace from others, whatever its path.
type identity struct{ dev, ino uint64 }

type shared struct {
	users int // guarded by the pool's lock
	mu    sync.Mutex
	links *netlink.Handle // nil until somebody needs it
}

// NewPool makes an empty pool.
func NewPool() *Pool { return &Pool{open: make(map[identity]*shared)} }

// A Shared is an open namespace of a [Pool].
type Shared struct {
	*NS
	pool *Pool
	id   identity
	s    *shared
}

// Open is [OpenOrCurrent] in a pool.
func (p *Pool) Open(ref string) (*Shared, error) {
	ns, err := OpenOrCurrent(ref)
	if err != nil {
		return nil, err
	}
	var stat unix.Stat_t
	if err := unix.Fstat(ns.Fd(), &stat); err != nil {
		ns.Close()
		return nil, fmt.Errorf("open network namespace %q: %w", ref, err)
	}
	id := identity{uint64(stat.Dev), stat.Ino}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.open[id]
	if s == nil {
		s = new(shared)
		p.open[id] = s
	}
	s.users++
	return &Shared{NS: ns, pool: p, id: id, s: s}, nil
}

// Netlink returns the namespace's netlink handle. It is closed by the last user's
// Close, not by the caller.
func (n *Shared) Netlink() (*netlink.Handle, error) {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	if n.s.links == nil {
		h, err := n.NS.Netlink()
		if err != nil {
			return nil, err // another attempt may succeed
		}
		n.s.links = h
	}
	return n.s.links, nil
}

// Is reports whether two are the same namespace.
func (n *Shared) Is(other *Shared) bool { return n.id == other.id }

// Close ends the use of the namespace. It may be called once.
func (n *Shared) Close() error {
	n.pool.mu.Lock()
	n.s.users--
	last := n.s.users == 0
	if last {
		delete(n.pool.open, n.id)
	}
	n.pool.mu.Unlock()
	if last && n.s.links != nil {
		n.s.links.Close()
	}
	return n.NS.Close()
}
