// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"fmt"
	"sync/atomic"
)

// captureFrames is how many frames a capture of a StackInterface holds before it loses some.
const captureFrames = 1024

type stackCapture struct {
	at     *StackInterface
	frames chan []byte
	lost   atomic.Uint64
}

// Capture implements Station.
func (i *StackInterface) Capture(context.Context) (Capture, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return nil, fmt.Errorf("capture at %q: %w", i.station.name, ErrClosed)
	}
	c := &stackCapture{at: i, frames: make(chan []byte, captureFrames)}
	i.captures[c] = struct{}{}
	return c, nil
}

// put adds a frame that arrived, which nobody changes any more.
func (c *stackCapture) put(frame []byte) {
	select {
	case c.frames <- frame:
	default:
		c.lost.Add(1)
	}
}

// Next implements Capture.
func (c *stackCapture) Next(ctx context.Context) ([]byte, error) {
	if n := c.lost.Swap(0); n != 0 {
		return nil, fmt.Errorf("%q: %w: %d", c.at.station.name, ErrLost, n)
	}
	select {
	case frame, ok := <-c.frames:
		return c.next(frame, ok)
	default:
	}
	select {
	case frame, ok := <-c.frames:
		return c.next(frame, ok)
	case <-ctx.Done():
		return nil, fmt.Errorf("capture at %q: %w", c.at.station.name, ctx.Err())
	}
}

func (c *stackCapture) next(frame []byte, ok bool) ([]byte, error) {
	if !ok {
		return nil, fmt.Errorf("capture at %q: %w", c.at.station.name, ErrClosed)
	}
	return frame, nil
}

// Close implements Capture.
func (c *stackCapture) Close() error {
	i := c.at
	i.mu.Lock()
	defer i.mu.Unlock()
	if _, open := i.captures[c]; open {
		delete(i.captures, c)
		close(c.frames)
	}
	return nil
}
