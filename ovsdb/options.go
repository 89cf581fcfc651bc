// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"time"
)

// DefaultDatabase is the database of Open vSwitch itself.
const DefaultDatabase = "Open_vSwitch"

// DefaultPort is the TCP port of OVSDB servers, RFC 7047 section 6.
const DefaultPort = 6640

// DefaultMaxMessage is the largest message accepted from a server when
// Options do not say otherwise, in bytes.
const DefaultMaxMessage = 256 << 20

// DefaultProbe is the time after which a silent server is asked for a sign of
// life when Options do not say otherwise.
const DefaultProbe = 5 * time.Second

// The pauses between attempts to connect when Options do not say otherwise.
const (
	DefaultMinBackoff = 100 * time.Millisecond
	DefaultMaxBackoff = 8 * time.Second
)

// Options for [Dial]. Only Endpoint or Endpoints is required.
type Options struct {
	// Endpoint is where the server listens: "unix:PATH", "tcp:HOST[:PORT]" or
	// "ssl:HOST[:PORT]" as in ovsdb(7). The port is [DefaultPort] if it is not
	// given; an IPv6 address stands in brackets.
	Endpoint string
	// Endpoints are further servers of the same database, such as the other
	// members of its cluster. They are tried in turn.
	Endpoints []string
	// Database is the name of the database; empty means [DefaultDatabase].
	Database string
	// TLS configures "ssl:" endpoints; [TLSFiles] makes it out of PEM files.
	// If it is nil, the server's certificate is verified against the
	// authorities that the system trusts.
	TLS *tls.Config
	// Dial makes the connections to endpoints, in the form that Endpoint has, in
	// place of the package: that of package fakeovs makes them in memory. TLS
	// is then its business. nil means sockets.
	Dial func(ctx context.Context, endpoint string) (net.Conn, error)
	// LeaderOnly makes the client use the leader of a clustered database
	// only, and follow it. Otherwise any member will do that is connected to
	// the cluster.
	LeaderOnly bool
	// Retry makes Dial go on trying until its context ends.
	Retry bool
	// NoReconnect makes the client end with its first connection.
	NoReconnect bool
	// MinBackoff and MaxBackoff bound the pause between two rounds of
	// attempts to connect, which grows twofold with every round and is
	// shortened by up to a half at random. 0 means [DefaultMinBackoff] and
	// [DefaultMaxBackoff].
	MinBackoff, MaxBackoff time.Duration
	// Probe is the time after which a silent server is asked for a sign of
	// life; after the same time again without one the connection is given up.
	// 0 means [DefaultProbe], a negative value never: then a server that is
	// stopped holds up all that waits for it.
	Probe time.Duration
	// Logger receives what the client has to say; nil discards it.
	Logger *slog.Logger
	// MaxMessage is the size in bytes of the largest message accepted from
	// the server; 0 means [DefaultMaxMessage]. The first answer to a monitor
	// holds all its rows at once. A larger message ends the connection.
	MaxMessage int
	// Hooks are told what the client does.
	Hooks Hooks
}

func (o *Options) setDefaults() {
	if o.Database == "" {
		o.Database = DefaultDatabase
	}
	if o.MinBackoff <= 0 {
		o.MinBackoff = DefaultMinBackoff
	}
	if o.MaxBackoff <= 0 {
		o.MaxBackoff = DefaultMaxBackoff
	}
	o.MaxBackoff = max(o.MinBackoff, o.MaxBackoff)
	if o.Probe == 0 {
		o.Probe = DefaultProbe
	}
	if o.MaxMessage <= 0 {
		o.MaxMessage = DefaultMaxMessage
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

// endpoints returns all endpoints, the first one even if it is empty and there
// is no other.
func (o *Options) endpoints() []string {
	if o.Endpoint == "" && len(o.Endpoints) > 0 {
		return o.Endpoints
	}
	return append([]string{o.Endpoint}, o.Endpoints...)
}
