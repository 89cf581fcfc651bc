// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
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
	for _, t := range o.targets {
		if o.tls == nil && (strings.HasPrefix(t, "pssl:") || strings.HasPrefix(t, "ssl:")) {
			return fmt.Errorf("open the remotes of the database: remote %q: Options.TLS is not set", t)
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

// remoteTLS is what TLS connections of remotes need: by the options, else by the database.
func (o *OVS) remoteTLS() (server, client *tls.Config, err error) {
	config := o.tls
	if config == nil {
		if config, err = o.databaseTLS(); err != nil {
			return nil, nil, fmt.Errorf("table SSL: %w", err)
		}
	}
	server, client = bothSides(config)
	return server, client, nil
}

// databaseTLS reads the files that table SSL names: ovs-vswitchd.conf.db(5).
func (o *OVS) databaseTLS() (*tls.Config, error) {
	db := o.switchDB()
	if db == nil {
		return nil, errors.New("there is no database Open_vSwitch")
	}
	s := db.Snapshot("Open_vSwitch", "SSL")
	for _, root := range s.Rows("Open_vSwitch") {
		row := s["SSL"][root.Get("ssl").String()]
		if row == nil {
			continue
		}
		pair, err := tls.LoadX509KeyPair(row.Get("certificate").String(), row.Get("private_key").String())
		if err != nil {
			return nil, err
		}
		authority, err := os.ReadFile(row.Get("ca_cert").String())
		if err != nil {
			return nil, err
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(authority) {
			return nil, fmt.Errorf("no certificate in %s", row.Get("ca_cert").String())
		}
		return &tls.Config{
			Certificates: []tls.Certificate{pair}, RootCAs: roots,
			// The name is not looked at, only whose certificate it is.
			InsecureSkipVerify: true,
			VerifyConnection:   func(state tls.ConnectionState) error { return verifyServer(state.PeerCertificates, roots) },
		}, nil
	}
	return nil, errors.New("there is no row")
}

func verifyServer(chain []*x509.Certificate, roots *x509.CertPool) error {
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between})
	return err
}

// bothSides makes the configurations of a TLS server and of a client. Like the programs of Open vSwitch, the client takes
// a certificate whatever name is in it if its configuration says so, and the server knows no names at all.
func bothSides(config *tls.Config) (server, client *tls.Config) {
	server = config.Clone()
	server.InsecureSkipVerify, server.VerifyConnection = false, nil // of the client's side
	if server.ClientCAs == nil && server.RootCAs != nil {
		server.ClientCAs, server.ClientAuth = server.RootCAs, tls.RequireAndVerifyClientCert
	}
	return server, config
}
