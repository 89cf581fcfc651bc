// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/ovskit/ovskit/internal/endpoint"
)

// A Client gives access to a database. It has one connection at a time, and
// makes a new one when that breaks. [Dial] makes a client.
type Client struct {
	options   Options
	endpoints []endpoint.Endpoint
	log       *slog.Logger
	alive     context.Context // until Close
	kill      context.CancelFunc
	done      chan struct{}
	schema    atomic.Pointer[schema] // of the latest connection
	next      int                    // the endpoint to be tried next

	mu          sync.Mutex
	session     *session // the connection in use; nil while there is none
	endpoint    string   // of the latest connection
	err         error    // why the client has ended
	state       State
	changed     chan struct{} // closed at the next change of the state; nil while nobody waits
	monitors    []*Monitor
	lastMonitor int
	claims      map[string]*claim // by lock
	position    clusterPosition
}

// Dial connects to a server, fetches the schema of the database and returns a
// client. It tries each endpoint once, or until the context ends if
// Options.Retry says so. The context bounds Dial only; the client lives until
// Close.
func Dial(ctx context.Context, o Options) (*Client, error) {
	o.setDefaults()
	c := &Client{
		options: o,
		log:     o.Logger.With("database", o.Database),
		done:    make(chan struct{}),
		claims:  map[string]*claim{},
	}
	for _, text := range o.endpoints() {
		e, err := endpoint.Parse(text, DefaultPort)
		if err != nil {
			return nil, fmt.Errorf("open database %q: %w", o.Database, err)
		}
		c.endpoints = append(c.endpoints, e)
	}
	c.alive, c.kill = context.WithCancel(context.Background())
	s, err := c.dial(ctx)
	if err != nil {
		c.kill()
		return nil, fmt.Errorf("open database %q: %w", o.Database, err)
	}
	go c.supervise(s)
	return c, nil
}

// Close ends the client and returns at once, whatever is in flight: calls in
// progress fail with [ErrClosed]. It can be called more than once.
func (c *Client) Close() error {
	c.end(ErrClosed)
	return nil
}

// Done is closed when the client has ended: by Close, or with its first
// connection if Options.NoReconnect is set.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err returns nil while the client lives, then the reason of its end.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Endpoint returns the endpoint of the server that the client is connected to,
// or was last.
func (c *Client) Endpoint() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.endpoint
}

// Schema returns the schema of the database as the server has it that the
// client is connected to, or was last. It must not be modified.
func (c *Client) Schema() Schema { return c.schema.Load().parsed }

// Echo asks the server for a sign of life, RFC 7047 section 4.1.11.
func (c *Client) Echo(ctx context.Context) error {
	const token = "ovskit"
	result, err := c.call(ctx, "echo", encodeParams(token))
	if err != nil {
		return err
	}
	if !bytes.Equal(bytes.TrimSpace(result), encodeParams(token)) {
		return fmt.Errorf("echo: server answered %s: %w", excerpt(result), ErrProtocol)
	}
	return nil
}

// ListDatabases returns the names of the server's databases, RFC 7047 section
// 4.1.1.
func (c *Client) ListDatabases(ctx context.Context) ([]string, error) {
	result, err := c.call(ctx, "list_dbs", encodeParams())
	if err != nil {
		return nil, err
	}
	var names []string
	if err := json.Unmarshal(result, &names); err != nil {
		return nil, fmt.Errorf("list_dbs: server answered %s: %w", excerpt(result), ErrProtocol)
	}
	return names, nil
}

// Call makes any request and returns its result in JSON, for methods that this
// package has no function for, such as get_server_id and convert,
// ovsdb-server(7). A request that the server refuses is a [*ServerError]; if no
// server has received it the error wraps [ErrNotSent].
func (c *Client) Call(ctx context.Context, method string, params ...any) (json.RawMessage, error) {
	if params == nil {
		params = []any{}
	}
	encoded, err := json.Marshal(params)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	return c.call(ctx, method, encoded)
}

// call makes a request.
func (c *Client) call(ctx context.Context, method string, params json.RawMessage) (json.RawMessage, error) {
	return c.callWith(ctx, method, nil, func(*session, *call) (json.RawMessage, error) { return params, nil })
}

// callWith makes a request on the connection in use, waiting for one if there
// is none, and makes it again on the next one as long as it is sure that no
// server has received it. It ends with the error of check, which may be nil, if
// that has one while there is no connection. The params are made for each
// connection; they may give the call what it needs besides.
func (c *Client) callWith(ctx context.Context, method string, check func() error, params func(*session, *call) (json.RawMessage, error)) (json.RawMessage, error) {
	var s *session
	for {
		var err error
		if s, err = c.connection(ctx, s, check); err != nil {
			return nil, fmt.Errorf("%s: %w", method, err)
		}
		request := &call{method: method}
		p, err := params(s, request)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", method, err)
		}
		result, err := s.do(ctx, request, p)
		if !errors.Is(err, ErrNotSent) || s.err() == nil {
			return result, err
		}
	}
}
