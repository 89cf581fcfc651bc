// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/dbserver"
)

// RemoteEndpoint returns the endpoint for clients of a passive one of Options.Remotes, counted from 0, as in
// "tcp:127.0.0.1:40123". It stays the same when the database is restarted. It is "" for other remotes.
func (o *OVS) RemoteEndpoint(i int) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.endpoints[i]
}

// openRemotes opens the remotes of the options, the same as the last time.
func (o *OVS) openRemotes() error {
	if err := o.checkTLSFiles(); err != nil {
		return fmt.Errorf("open the remotes of the database: %w", err)
	}
	for _, t := range o.targets {
		if err := dbserver.CheckTarget(t); err != nil {
			return fmt.Errorf("open the remotes of the database: remote %w", err)
		}
		if o.tls == nil && o.tlsFiles == (TLSFiles{}) && (strings.HasPrefix(t, "pssl:") || strings.HasPrefix(t, "ssl:")) {
			return fmt.Errorf("open the remotes of the database: remote %q: no private key and certificate are given (Options.TLS or TLSFiles)", t)
		}
	}
	remotes, err := o.server.OpenRemotes(dbserver.RemotesOptions{Targets: slices.Clone(o.targets), TLS: o.remoteTLS, Logger: o.log})
	if err != nil {
		return fmt.Errorf("open the remotes of the database: %w", err)
	}
	o.remotes = remotes
	o.endpoints = make([]string, len(o.targets))
	for i, target := range o.targets {
		active, passive := remotes.Endpoint(target)
		if passive != "" {
			o.endpoints[i], o.targets[i] = active, passive
		}
	}
	return nil
}
