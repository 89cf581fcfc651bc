// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"sync"
	"sync/atomic"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

// stackClock is a stack's clock that knows what the stack has begun and not finished. When a neighbour's MAC is known,
// the stack sends the packets that waited for it from a goroutine of their own, which reads the MAC without a lock: a
// neighbour that says another one just then would be a data race. So such messages wait for that goroutine.
type stackClock struct {
	tcpip.Clock
	neighbours sync.Mutex // held while a message from a neighbour is given to the stack

	mu      sync.Mutex
	idle    sync.Cond
	started int
}

func newStackClock() *stackClock {
	c := &stackClock{Clock: tcpip.NewStdClock()}
	c.idle.L = &c.mu
	return c
}

// AfterFunc implements tcpip.Clock.
func (c *stackClock) AfterFunc(d time.Duration, f func()) tcpip.Timer {
	if d > 0 {
		return c.Clock.AfterFunc(d, f)
	}
	c.mu.Lock()
	c.started++
	c.mu.Unlock()
	t := &startedTimer{clock: c}
	t.Timer = c.Clock.AfterFunc(d, func() {
		defer t.finish()
		f()
	})
	return t
}

// startedTimer is that of a function that is to run at once.
type startedTimer struct {
	tcpip.Timer
	clock    *stackClock
	finished atomic.Bool
}

// Stop implements tcpip.Timer.
func (t *startedTimer) Stop() bool {
	stopped := t.Timer.Stop()
	if stopped {
		t.finish()
	}
	return stopped
}

func (t *startedTimer) finish() {
	if t.finished.Swap(true) {
		return // it was started again, with a delay
	}
	t.clock.mu.Lock()
	t.clock.started--
	t.clock.mu.Unlock()
	t.clock.idle.Broadcast()
}

// ordered calls give with a frame: one behind the other, and when the stack has finished what it began, if the frame is a
// message between neighbours.
func (c *stackClock) ordered(frame []byte, give func([]byte)) {
	if !isNeighbours(frame) {
		give(frame)
		return
	}
	c.neighbours.Lock()
	defer c.neighbours.Unlock()
	c.mu.Lock()
	for c.started > 0 {
		c.idle.Wait()
	}
	c.mu.Unlock()
	give(frame)
}

// isNeighbours tells ARP and neighbour discovery (RFC 4861, 4) from the rest.
func isNeighbours(frame []byte) bool {
	switch header.Ethernet(frame).Type() {
	case header.ARPProtocolNumber:
		return true
	case header.IPv6ProtocolNumber:
		ip := frame[header.EthernetMinimumSize:]
		if len(ip) < header.IPv6MinimumSize+1 || header.IPv6(ip).NextHeader() != uint8(header.ICMPv6ProtocolNumber) {
			return false
		}
		t := header.ICMPv6Type(ip[header.IPv6MinimumSize])
		return t >= header.ICMPv6RouterSolicit && t <= header.ICMPv6RedirectMsg
	}
	return false
}
