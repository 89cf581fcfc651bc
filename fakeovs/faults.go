// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs

import (
	"context"
	"net"
	"sync"

	"github.com/ovskit/ovskit/fakeovs/internal/intercept"
	"github.com/ovskit/ovskit/fakeovs/internal/mempipe"
)

// Faults lets things go wrong. Its methods may be called from any goroutine.
type Faults struct {
	ovs *OVS

	mu     sync.Mutex
	list   []*Injected // in the order in which they were added
	failed map[string]string
	closed bool
	// proxies run as long as their connections are.
	proxies map[*intercept.Proxy]struct{}
	done    sync.WaitGroup
}

// Faults returns what lets things go wrong with the fake. Faults of messages concern connections to the database's socket,
// to management sockets and by OVS.Dial that are made after it was first called: call it before clients connect.
func (o *OVS) Faults() *Faults {
	o.faultsMu.Lock()
	defer o.faultsMu.Unlock()
	if o.faults == nil {
		o.faults = &Faults{ovs: o, proxies: map[*intercept.Proxy]struct{}{}}
	}
	return o.faults
}

// usedFaults returns the faults if anybody wants any.
func (o *OVS) usedFaults() *Faults {
	o.faultsMu.Lock()
	defer o.faultsMu.Unlock()
	return o.faults
}

// Add lets a fault happen from now on. Of several that select a message, the one that was added first and has not done its
// number acts; all count the message.
func (f *Faults) Add(fault Fault) *Injected {
	i := &Injected{faults: f, fault: fault, released: make(chan struct{}), changed: make(chan struct{})}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, i)
	return i
}

// Injected is a fault that was added.
type Injected struct {
	faults   *Faults
	fault    Fault
	once     sync.Once
	released chan struct{}

	// What follows is guarded by faults.mu.
	seen, hit int
	over      bool
	changed   chan struct{} // closed when hit has changed
}

// Count is how many messages the fault has acted on.
func (i *Injected) Count() int {
	i.faults.mu.Lock()
	defer i.faults.mu.Unlock()
	return i.hit
}

// Await returns when the fault has acted on n messages, or with the error of the context if that ends first.
func (i *Injected) Await(ctx context.Context, n int) error {
	for {
		i.faults.mu.Lock()
		hit, changed := i.hit, i.changed
		i.faults.mu.Unlock()
		if hit >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Release ends the fault, and lets the messages that it holds go on their way. Releasing again does nothing.
func (i *Injected) Release() {
	i.once.Do(func() {
		i.faults.mu.Lock()
		i.over = true
		i.faults.mu.Unlock()
		close(i.released)
	})
}

// judge decides on a message of the database, or of a bridge.
func (f *Faults) judge(bridge string, fromServer bool, message []byte) intercept.Verdict {
	m := parseMessage(bridge, fromServer, message)
	f.mu.Lock()
	defer f.mu.Unlock()
	var verdict intercept.Verdict
	acted := false
	for _, i := range f.list {
		if i.over || !i.fault.selects(m) {
			continue
		}
		i.seen++
		if acted || i.seen <= i.fault.Skip || i.fault.Times > 0 && i.hit == i.fault.Times {
			continue
		}
		if verdict, acted = i.act(m); acted {
			i.hit++
			close(i.changed)
			i.changed = make(chan struct{})
		}
	}
	return verdict
}

// proxy puts itself between a server and a client, whose connection it returns the server's side of, if anybody wants
// faults.
func (o *OVS) proxy(bridge string, conn net.Conn) net.Conn {
	f := o.usedFaults()
	if f == nil {
		return conn
	}
	split := intercept.JSON
	if bridge != "" {
		split = intercept.OpenFlow
	}
	ours, theirs := mempipe.New()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		ours.Close()
		conn.Close()
		return theirs
	}
	p := intercept.Start(conn, ours, split, func(fromServer bool, message []byte) intercept.Verdict {
		return f.judge(bridge, fromServer, message)
	})
	f.proxies[p] = struct{}{}
	f.done.Add(1)
	go func() {
		defer f.done.Done()
		p.Wait()
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.proxies, p)
	}()
	return theirs
}

// close cuts what runs through faults.
func (f *Faults) close() {
	if f == nil {
		return
	}
	f.mu.Lock()
	f.closed = true
	var all []*intercept.Proxy
	for p := range f.proxies {
		all = append(all, p)
	}
	f.mu.Unlock()
	for _, p := range all {
		p.Close()
	}
	f.done.Wait()
}

// proxied is a listener whose connections faults can happen to.
type proxied struct {
	net.Listener
	ovs    *OVS
	bridge string
}

func (p *proxied) Accept() (net.Conn, error) {
	conn, err := p.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return p.ovs.proxy(p.bridge, conn), nil
}
