// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"context"
	"fmt"
	"slices"
)

// hook brings the switch up to date on a connection.
type hook struct {
	run func(ctx context.Context, c *Conn) error
}

// Prepare calls a function with the connection in use, waiting for one if there is none, and from then on, until stop is
// called, with every new connection before others get it: it is ClientOptions.OnConnect for those who come later. If the
// first call fails, that is the error, and there are no others; if a later one does, the connection is closed and the
// attempt has failed. The function's context ends with the connection and with the client, that of the first call also
// with ctx. It must not call the client.
//
// Functions are called in the order in which they came. One may be under way when stop returns.
func (c *Client) Prepare(ctx context.Context, prepare func(ctx context.Context, c *Conn) error) (stop func(), err error) {
	h := &hook{prepare}
	stop = func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.hooks = slices.DeleteFunc(slices.Clone(c.hooks), func(other *hook) bool { return other == h })
	}
	for {
		conn, err := c.Conn(ctx)
		if err != nil {
			return nil, err
		}
		if err := during(ctx, conn, prepare); err != nil {
			if conn.Err() != nil && ctx.Err() == nil {
				continue
			}
			return nil, fmt.Errorf("bring switch %s up to date: %w", c.endpoint, err)
		}
		c.mu.Lock()
		current := c.conn == conn // else the next connection may have been prepared already, without this function
		if current {
			c.hooks = append(slices.Clip(c.hooks), h)
		}
		c.mu.Unlock()
		if current {
			return stop, nil
		}
	}
}

// prepare has a new connection prepared by all who asked for it.
func (c *Client) prepare(ctx context.Context, conn *Conn) error {
	c.mu.Lock()
	hooks := c.hooks
	c.mu.Unlock()
	if c.options.OnConnect != nil {
		hooks = append([]*hook{{c.options.OnConnect}}, hooks...)
	}
	for _, h := range hooks {
		if err := during(ctx, conn, h.run); err != nil {
			return fmt.Errorf("bring switch %s up to date: %w", c.endpoint, err)
		}
	}
	return nil
}

// during calls a function with a context that ends with the connection.
func during(ctx context.Context, conn *Conn, f func(context.Context, *Conn) error) error {
	ctx, cancel := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-conn.Done():
			cancel()
		case <-ctx.Done():
		}
	}()
	err := f(ctx, conn)
	cancel()
	<-watched
	return err
}
