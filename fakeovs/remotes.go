// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs

import (
	"crypto/tls"
	"fmt"
	"slices"

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
	server, client := bothSides(o.tls)
	remotes, err := o.server.OpenRemotes(dbserver.RemotesOptions{
		Targets: slices.Clone(o.targets), ServerTLS: server, ClientTLS: client, Logger: o.log,
	})
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

// bothSides makes the configurations of a TLS server and of a client. Like the programs of Open vSwitch, the client takes
// a certificate whatever name is in it if its configuration says so, and the server knows no names at all.
func bothSides(config *tls.Config) (server, client *tls.Config) {
	if config == nil {
		return nil, nil
	}
	server = config.Clone()
	server.InsecureSkipVerify, server.VerifyConnection = false, nil // of the client's side
	if server.ClientCAs == nil && server.RootCAs != nil {
		server.ClientCAs, server.ClientAuth = server.RootCAs, tls.RequireAndVerifyClientCert
	}
	return server, config
}
