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
	"net"
	"strings"
)

// DefaultDatabase is the database of Open vSwitch itself.
const DefaultDatabase = "Open_vSwitch"

// DefaultMaxMessage is the largest message accepted from a server when
// Options do not say otherwise, in bytes.
const DefaultMaxMessage = 256 << 20

// Options for [Dial]. Only Endpoint is required.
type Options struct {
	// Endpoint is where the server listens: "unix:PATH".
	Endpoint string
	// Database is the name of the database; empty means [DefaultDatabase].
	Database string
	// Logger receives what the session has to say; nil discards it.
	Logger *slog.Logger
	// MaxMessage is the size in bytes of the largest message accepted from
	// the server; 0 means [DefaultMaxMessage]. The first answer to a monitor
	// holds all its rows at once. A larger message ends the session.
	MaxMessage int
	// Hooks are told what the session does.
	Hooks Hooks
}

// A Client is a session with a database. [Dial] makes one.
type Client struct {
	endpoint string
	database string
	session  *session
	schema   *schema
}

// Dial connects to a server, fetches the schema of the database and returns
// the session. The context bounds Dial only; the session lives until Close or
// until the connection breaks.
func Dial(ctx context.Context, o Options) (*Client, error) {
	if o.Database == "" {
		o.Database = DefaultDatabase
	}
	if o.MaxMessage <= 0 {
		o.MaxMessage = DefaultMaxMessage
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Client{endpoint: o.Endpoint, database: o.Database}
	if err := c.dial(ctx, o); err != nil {
		return nil, fmt.Errorf("open database %q at %q: %w", o.Database, o.Endpoint, err)
	}
	return c, nil
}

func (c *Client) dial(ctx context.Context, o Options) error {
	path, ok := strings.CutPrefix(o.Endpoint, "unix:")
	if !ok || path == "" {
		return errors.New(`unsupported endpoint: want "unix:PATH"`)
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err != nil {
		return err
	}
	log := o.Logger.With("endpoint", o.Endpoint, "database", o.Database)
	log.Info("ovsdb session begun")
	o.Hooks.connected(o.Endpoint)
	c.session = newSession(conn, o.MaxMessage, log, o.Hooks)
	if c.schema, err = c.fetchSchema(ctx); err != nil {
		c.Close()
		return err
	}
	return nil
}

func (c *Client) fetchSchema(ctx context.Context) (*schema, error) {
	result, err := c.session.call(ctx, "get_schema", encodeParams(c.database))
	if err != nil {
		return nil, err
	}
	s, err := parseSchema(result)
	if err != nil {
		return nil, fmt.Errorf("get_schema: %w: %w", err, ErrProtocol)
	}
	if s.parsed.Name != c.database {
		return nil, fmt.Errorf("get_schema: server answered with the schema of %q: %w", s.parsed.Name, ErrProtocol)
	}
	return s, nil
}

// Close ends the session and returns at once, whatever is in flight: calls in
// progress fail with [ErrClosed]. It can be called more than once.
func (c *Client) Close() error {
	c.session.close()
	return nil
}

// Done is closed when the session has ended, by Close or otherwise.
func (c *Client) Done() <-chan struct{} { return c.session.done }

// Err returns nil while the session lives, then the reason of its end.
func (c *Client) Err() error { return c.session.err() }

// Endpoint returns the endpoint that was dialled.
func (c *Client) Endpoint() string { return c.endpoint }

// Schema returns the schema of the database. It must not be modified.
func (c *Client) Schema() Schema { return c.schema.parsed }

// Echo asks the server for a sign of life, RFC 7047 section 4.1.11.
func (c *Client) Echo(ctx context.Context) error {
	const token = "ovskit"
	result, err := c.session.call(ctx, "echo", encodeParams(token))
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
	result, err := c.session.call(ctx, "list_dbs", encodeParams())
	if err != nil {
		return nil, err
	}
	var names []string
	if err := json.Unmarshal(result, &names); err != nil {
		return nil, fmt.Errorf("list_dbs: server answered %s: %w", excerpt(result), ErrProtocol)
	}
	return names, nil
}
