// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"time"
)

// DefaultPort is the TCP port of OpenFlow (OpenFlow 1.3.5, 6.3.1).
const DefaultPort = 6653

// DefaultProbe is the time after which a silent switch is asked for a sign of life when Options do not say otherwise.
const DefaultProbe = 5 * time.Second

// Options are the options of a connection. The zero value works.
type Options struct {
	// Versions are those that the greeting offers; the highest that both sides speak is used. None means Version13
	// only. Open vSwitch speaks what its bridge's column "protocols" says.
	Versions []Version
	// TLS configures "ssl:" and "pssl:" endpoints; TLSFiles of package ovsdb makes it out of PEM files. If it is nil,
	// Dial verifies the switch's certificate against the authorities that the system trusts; Listen needs one with a
	// certificate.
	TLS *tls.Config
	// Dial makes the connections to endpoints, in the form that those of Dial have, in place of the package: that of
	// package fakeovs makes them in memory. TLS is then its business. nil means sockets.
	Dial func(ctx context.Context, endpoint string) (net.Conn, error)
	// Probe is the time after which a silent switch is asked for a sign of life; after the same time again without
	// one the connection ends with ErrInactive. 0 means DefaultProbe, a negative value never: then a switch that is
	// stopped holds up all that waits for it.
	Probe time.Duration
	// Logger takes what happens on the connection; nil discards it.
	Logger *slog.Logger
}

func (o *Options) setDefaults() error {
	if len(o.Versions) == 0 {
		o.Versions = []Version{Version13}
	}
	for _, v := range o.Versions {
		if v < Version13 || v > Version15 {
			return fmt.Errorf("%v is offered, which is not spoken here", v)
		}
	}
	o.Versions = slices.Compact(slices.Sorted(slices.Values(o.Versions)))
	if o.Probe == 0 {
		o.Probe = DefaultProbe
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}
