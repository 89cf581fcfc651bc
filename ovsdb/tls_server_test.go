// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"reflect"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/ovsproc/ovsproctest"
	"github.com/ovskit/ovskit/internal/testpki"
	"github.com/ovskit/ovskit/ovsdb"
)

// startTLSServer starts an ovsdb-server with the database Items that shows a
// certificate and asks for one of an authority. Its first remote is of TLS, its
// second one of TCP.
func startTLSServer(t *testing.T, shown tls.Certificate, clients *testpki.CA) *ovsproc.OVS {
	t.Helper()
	o := ovsproc.Options{NoSwitch: true, Schema: schemaFile(t, itemsSchema), CACert: clients.Write(t),
		Remotes: []string{"pssl:0:127.0.0.1", "ptcp:0:127.0.0.1"}}
	o.PrivateKey, o.Certificate = testpki.Write(t, shown)
	ovs := ovsproctest.Start(t, o)
	return ovs
}

// clientFiles are the files of a client with a certificate of one authority
// that knows another one.
func clientFiles(t *testing.T, own, known *testpki.CA) ovsdb.TLSFiles {
	t.Helper()
	f := ovsdb.TLSFiles{CACert: known.Write(t)}
	f.PrivateKey, f.Certificate = testpki.Write(t, own.Client())
	return f
}

func mustConfig(t *testing.T, f ovsdb.TLSFiles) *tls.Config {
	t.Helper()
	config, err := f.Config()
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// Over TLS and TCP all works as over a unix socket, over several connections.
func TestTLSServer(t *testing.T) {
	t.Parallel()
	servers, clients := testpki.NewCA(), testpki.NewCA()
	ovs := startTLSServer(t, servers.Server("127.0.0.1"), clients)
	writer := dialWith(t, ovsdb.Options{Endpoint: ovs.DatabaseEndpoint()})
	insertItems(t, writer, "still", 200)
	type user struct {
		client *ovsdb.Client
		m      *ovsdb.Monitor
		table  *ovsdb.Table[item]
		r      *replica[item]
	}
	var users []user
	for _, endpoint := range []string{ovs.Remote(0), ovs.Remote(1)} {
		u := user{client: dialWith(t, ovsdb.Options{Endpoint: endpoint, TLS: mustConfig(t, clientFiles(t, clients, servers))})}
		u.table = itemTable(ovsdb.TableOptions{})
		u.m = monitorTables(t, u.client, u.table)
		u.r = newReplica(t, u.m, u.table)
		users = append(users, u)
	}
	check := func(what string) {
		t.Helper()
		want := readItems(t, ovsdb.Options{Endpoint: ovs.DatabaseEndpoint()})
		for _, u := range users {
			waitItems(t, u.m, u.table, want)
			u.r.catchUp()
			if got := u.client.Schema().Name; got != "Items" {
				t.Errorf("%s: schema over %s: got %q", what, u.client.Endpoint(), got)
			}
		}
	}
	check("at first")
	for i, u := range users {
		insertItems(t, u.client, []string{"tls", "tcp"}[i], 2)
	}
	check("after inserts")
	must(t, ovs.KillDatabase())
	for _, u := range users {
		waitState(t, u.client, "disconnected", func(s ovsdb.State) bool { return s.Endpoint == "" })
	}
	must(t, ovs.StartDatabase(testContext(t)))
	before := byUUID(users[0].table)
	for _, u := range users {
		waitState(t, u.client, "connected again", func(s ovsdb.State) bool { return s.Endpoint != "" })
		transact(t, u.client, ovsdb.Mutate("Item", []ovsdb.Mutation{ovsdb.Change("n", ovsdb.Add, 1)}, ovsdb.Where("name", ovsdb.Equal, "tls-0")))
	}
	check("after a restart")
	samePointers(t, before, users[0].table, "still")
}

// A client and a server that do not trust each other part, and the client says
// why.
func TestTLSServerRefused(t *testing.T) {
	t.Parallel()
	servers, clients, others := testpki.NewCA(), testpki.NewCA(), testpki.NewCA()
	good := servers.Server("127.0.0.1")
	ovsPKI := servers.Server("sc id:05913f5b-6c7a-4490-a284-4783d069092a")
	files := clientFiles(t, clients, servers)
	anyName, stranger, othersKnown, bare := files, clientFiles(t, others, servers), clientFiles(t, clients, others), files
	anyName.AnyName = true
	bare.PrivateKey, bare.Certificate = "", ""
	othersAnyName := othersKnown
	othersAnyName.AnyName = true
	unknown, invalid, misnamed := new(x509.UnknownAuthorityError), new(x509.CertificateInvalidError), new(x509.HostnameError)
	remote := new(*net.OpError)
	for _, tt := range []struct {
		name   string
		server tls.Certificate
		files  ovsdb.TLSFiles
		want   any // of the type that errors.As finds; nil if the client is accepted
		text   string
	}{
		{"right", good, files, nil, ""},
		{"name of ovs-pki, any name", ovsPKI, anyName, nil, ""},
		{"name of ovs-pki", ovsPKI, files, misnamed, "127.0.0.1"},
		{"another address", servers.Server("127.0.0.2"), files, misnamed, "valid for 127.0.0.2, not 127.0.0.1"},
		{"another authority", good, othersKnown, unknown, "certificate signed by unknown authority"},
		{"another authority, any name", good, othersAnyName, unknown, "certificate signed by unknown authority"},
		{"expired", servers.ExpiredServer("127.0.0.1"), files, invalid, "certificate has expired"},
		{"expired, any name", servers.ExpiredServer(), anyName, invalid, "certificate has expired"},
		{"no client certificate", good, bare, remote, "the server asks for a client certificate and none that it accepts is configured"},
		{"client certificate of another authority", good, stranger, remote, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ovs := startTLSServer(t, tt.server, clients)
			c, err := ovsdb.Dial(testContext(t), ovsdb.Options{Endpoint: ovs.Remote(0), Database: "Items", TLS: mustConfig(t, tt.files)})
			if err == nil {
				defer c.Close()
				if err := c.Echo(testContext(t)); err != nil {
					t.Errorf("Echo: %v", err)
				}
			}
			switch {
			case tt.want == nil:
				if err != nil {
					t.Error(err)
				}
			case err == nil || !errors.As(err, reflect.New(reflect.TypeOf(tt.want).Elem()).Interface()) || !strings.Contains(err.Error(), tt.text) || !strings.Contains(err.Error(), ovs.Remote(0)):
				t.Errorf("got error %v, want a %T that says %q and names the endpoint", err, tt.want, tt.text)
			}
			if verification := new(*tls.CertificateVerificationError); tt.want != nil && tt.want != any(remote) && !errors.As(err, verification) {
				t.Errorf("got error %v, want a %T", err, *verification)
			}
		})
	}
}

// A client that speaks TLS to a server that does not, or the other way round,
// is told.
func TestTLSServerMisunderstood(t *testing.T) {
	t.Parallel()
	servers, clients := testpki.NewCA(), testpki.NewCA()
	ovs := startTLSServer(t, servers.Server("127.0.0.1"), clients)
	config := mustConfig(t, clientFiles(t, clients, servers))
	for _, tt := range []struct {
		endpoint string
		want     error
	}{
		{"tcp:" + strings.TrimPrefix(ovs.Remote(0), "ssl:"), nil},
		{"ssl:" + strings.TrimPrefix(ovs.Remote(1), "tcp:"), io.EOF},
	} {
		c, err := ovsdb.Dial(testContext(t), ovsdb.Options{Endpoint: tt.endpoint, Database: "Items", TLS: config})
		if err == nil {
			c.Close()
			t.Errorf("%s: no error", tt.endpoint)
		} else if tt.want != nil && !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.endpoint) {
			t.Errorf("%s: got error %v, want %v that names the endpoint", tt.endpoint, err, tt.want)
		}
	}
}

// Close does not wait for a server that reads nothing.
func TestTLSServerFrozen(t *testing.T) {
	t.Parallel()
	servers, clients := testpki.NewCA(), testpki.NewCA()
	ovs := startTLSServer(t, servers.Server("127.0.0.1"), clients)
	c := dialWith(t, ovsdb.Options{Endpoint: ovs.Remote(0), TLS: mustConfig(t, clientFiles(t, clients, servers)), Probe: -1})
	must(t, ovs.FreezeDatabase())
	ended := make(chan error)
	const calls = 20
	for range calls {
		go func() {
			_, err := c.Transact(testContext(t), ovsdb.Comment(strings.Repeat("x", 1<<20)))
			ended <- err
		}()
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	for range calls {
		if err := <-ended; !errors.Is(err, ovsdb.ErrClosed) {
			t.Errorf("transaction: got error %v, want %v", err, ovsdb.ErrClosed)
		}
	}
	<-c.Done()
	must(t, ovs.ThawDatabase())
}
