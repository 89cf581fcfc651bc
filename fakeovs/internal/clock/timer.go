// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package clock

import (
	"container/heap"
	"time"
)

// Timer is a function that is to run.
type Timer struct {
	c      *Clock
	f      func()
	when   time.Time
	serial uint64
	at     int // in the heap; -1: not set
}

// AfterFunc sets a function to run once, a time from now: on the goroutine of Advance, or one of its own if the machine's
// time comes for it. Functions of one clock never run at once, whatever runs them. It does nothing on a closed clock.
func (c *Clock) AfterFunc(d time.Duration, f func()) *Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &Timer{c: c, f: f, at: -1}
	c.set(t, c.now().Add(d))
	c.firstChanged(t)
	return t
}

// Reset sets the function to run a time from now instead of when it was set for, also if it has run or was stopped.
func (t *Timer) Reset(d time.Duration) {
	t.c.mu.Lock()
	defer t.c.mu.Unlock()
	t.unset()
	t.c.set(t, t.c.now().Add(d))
	t.c.setAlarmUnlessRunning()
}

// Stop reports whether the function was set to run, and lets it not run. It does not wait for it where it runs already.
func (t *Timer) Stop() bool {
	t.c.mu.Lock()
	defer t.c.mu.Unlock()
	was := t.at >= 0
	t.unset()
	t.c.setAlarmUnlessRunning()
	return was
}

// set puts a timer into the heap. mu is held, as in all that follows.
func (c *Clock) set(t *Timer, when time.Time) {
	if c.closed {
		return
	}
	c.serial++
	t.when, t.serial = when, c.serial
	heap.Push(&c.timers, t)
}

func (t *Timer) unset() {
	if t.at >= 0 {
		heap.Remove(&t.c.timers, t.at)
	}
}

// firstChanged sets the alarm anew if a timer is the first one now.
func (c *Clock) firstChanged(t *Timer) {
	if t.at == 0 {
		c.setAlarmUnlessRunning()
	}
}

// setAlarmUnlessRunning leaves the alarm to Advance while that runs functions.
func (c *Clock) setAlarmUnlessRunning() {
	if c.running.IsZero() {
		c.setAlarm()
	}
}

// timerHeap has the first timer at index 0.
type timerHeap []*Timer

func (h timerHeap) Len() int { return len(h) }

func (h timerHeap) Less(i, j int) bool {
	if !h[i].when.Equal(h[j].when) {
		return h[i].when.Before(h[j].when)
	}
	return h[i].serial < h[j].serial
}

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].at, h[j].at = i, j
}

// Push implements heap.Interface.
func (h *timerHeap) Push(x any) {
	t := x.(*Timer)
	t.at = len(*h)
	*h = append(*h, t)
}

// Pop implements heap.Interface.
func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h, t.at = old[:len(old)-1], -1
	return t
}
