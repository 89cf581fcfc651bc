// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/internal/testpki"
	"github.com/ovskit/ovskit/ovsdb"
)

func startWith(t *testing.T, o fakeovs.Options) *fakeovs.OVS {
	t.Helper()
	ovs, err := fakeovs.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeFake(t, ovs) })
	return ovs
}

// TestRemotes has a database listen in four ways at once, before and after a restart.
func TestRemotes(t *testing.T) {
	ca := testpki.NewCA()
	ovs := startWith(t, fakeovs.Options{
		Remotes: []string{"ptcp:0:127.0.0.1", "punix:" + filepath.Join(t.TempDir(), "s"), "pssl:0:127.0.0.1"},
		TLS:     &tls.Config{Certificates: []tls.Certificate{ca.Server()}, RootCAs: ca.Pool()},
	})
	client := &tls.Config{
		Certificates: []tls.Certificate{ca.Client()}, RootCAs: ca.Pool(),
		InsecureSkipVerify: true, // the name: there is none in the certificate
	}
	endpoints := []string{ovs.DatabaseEndpoint()}
	for i := range 3 {
		endpoints = append(endpoints, ovs.RemoteEndpoint(i))
	}
	use := func() {
		t.Helper()
		for i, endpoint := range endpoints {
			c, err := ovsdb.Dial(t.Context(), ovsdb.Options{Endpoint: endpoint, TLS: client})
			if err != nil {
				t.Errorf("dial %s: %v", endpoint, err)
				continue
			}
			if err := c.Close(); err != nil {
				t.Errorf("close the client of %s: %v", endpoint, err)
			}
			if i > 0 && endpoint != ovs.RemoteEndpoint(i-1) {
				t.Errorf("endpoint of remote %d: got %s, want %s as before", i-1, ovs.RemoteEndpoint(i-1), endpoint)
			}
		}
	}
	use()
	if err := ovs.RestartDatabase(); err != nil {
		t.Fatal(err)
	}
	use()
	stranger := &tls.Config{Certificates: []tls.Certificate{testpki.NewCA().Client()}, InsecureSkipVerify: true}
	for name, config := range map[string]*tls.Config{"of another authority": stranger, "without one": {InsecureSkipVerify: true}} {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		if c, err := ovsdb.Dial(ctx, ovsdb.Options{Endpoint: endpoints[3], TLS: config, NoReconnect: true}); err == nil {
			c.Close()
			t.Errorf("client with a certificate %s: got a connection, want a refusal", name)
		}
		cancel()
	}
}

func TestBadRemotes(t *testing.T) {
	taken := fakeovs.New(t)
	for remote, says := range map[string]string{
		"foo":                            `"foo": not a connection method`,
		"ptcp:999999":                    `"999999" is not a port`,
		"tcp:":                           "the host is missing",
		"pssl:0:127.0.0.1":               "Options.TLS",
		"ssl:127.0.0.1:6640":             "Options.TLS",
		"db:Open_vSwitch,Open_vSwitch":   `"db:Open_vSwitch,Open_vSwitch": invalid syntax`,
		"db:other,Open_vSwitch,a":        "no database named other",
		"db:Open_vSwitch,Other,a":        "no table named Other",
		"db:Open_vSwitch,Open_vSwitch,a": `table "Open_vSwitch" has no column "a"`,
		"p" + taken.DatabaseEndpoint():   "address already in use",
	} {
		o, err := fakeovs.Start(fakeovs.Options{Remotes: []string{"ptcp:0:127.0.0.1", remote}})
		if err == nil {
			closeFake(t, o)
		}
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("remote %s: got error %v, want one with %q", remote, err, says)
		}
	}
}

// TestActiveRemote has a database connect to its clients, and connect again.
func TestActiveRemote(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ovs := startWith(t, fakeovs.Options{Remotes: []string{"tcp:" + l.Addr().String()}})
	for range 2 {
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if got := echo(t, conn); got != `["there"]` {
			t.Errorf("echo at a connection that the server made: got %s", got)
		}
		conn.Close()
	}
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	closeFake(t, ovs)
	if _, err := io.Copy(io.Discard, conn); err != nil {
		t.Errorf("connection of a fake that was closed: %v, want its end", err)
	}
}

func echo(t *testing.T, conn net.Conn) string {
	t.Helper()
	if _, err := io.WriteString(conn, `{"id":"me","method":"echo","params":["there"]}`); err != nil {
		t.Fatal(err)
	}
	for in := json.NewDecoder(conn); ; {
		var m struct {
			ID     any
			Result json.RawMessage
		}
		if err := in.Decode(&m); err != nil {
			t.Fatal(err)
		}
		if m.ID == "me" {
			return string(m.Result)
		}
	}
}

const managers = "db:Open_vSwitch,Open_vSwitch,manager_options"

// setManager gives the switch one manager and its rows' further columns.
func setManager(t *testing.T, ovs *fakeovs.OVS, target string, columns map[string]any) {
	t.Helper()
	row := map[string]any{"target": target}
	for name, value := range columns {
		row[name] = value
	}
	operate(t, ovs.DatabaseEndpoint(),
		map[string]any{"op": "insert", "table": "Manager", "row": row, "uuid-name": "m"},
		map[string]any{"op": "update", "table": "Open_vSwitch", "where": []any{}, "row": map[string]any{"manager_options": []string{"named-uuid", "m"}}})
}

// awaitManager waits until the one row of Manager says whether there is a client, and returns its status.
func awaitManager(t *testing.T, ovs *fakeovs.OVS, connected bool, key string) map[string]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c, err := ovsdb.Dial(ctx, ovsdb.Options{Endpoint: ovs.DatabaseEndpoint()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for ctx.Err() == nil {
		results, err := c.Transact(ctx, ovsdb.Select("Manager", []string{"is_connected", "status"}))
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range results[0].Rows {
			status := row["status"].(map[string]string)
			if row["is_connected"] == connected && (key == "" || status[key] != "") {
				return status
			}
		}
	}
	t.Fatalf("no manager with is_connected=%v and status %s came", connected, key)
	return nil
}

// TestPassiveManager has clients come at a port that the database says.
func TestPassiveManager(t *testing.T) {
	ovs := startWith(t, fakeovs.Options{Remotes: []string{managers}, NoSwitch: true})
	operate(t, ovs.DatabaseEndpoint(), insertRoot)
	setManager(t, ovs, "ptcp:0:127.0.0.1", nil)
	status := awaitManager(t, ovs, false, "bound_port")
	port := status["bound_port"]
	if want := (map[string]string{"bound_port": port, "sec_since_connect": "0", "sec_since_disconnect": "0"}); fmt.Sprint(status) != fmt.Sprint(want) {
		t.Errorf("status without clients: got %v, want %v", status, want)
	}
	var clients []net.Conn
	for range 2 {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		echo(t, conn)
		clients = append(clients, conn)
	}
	if got := awaitManager(t, ovs, true, "n_connections")["n_connections"]; got != "2" {
		t.Errorf("n_connections: got %s, want 2", got)
	}
	clients[0].Close()
	for awaitManager(t, ovs, true, "")["n_connections"] != "" { // one is not counted
	}
	operate(t, ovs.DatabaseEndpoint(), map[string]any{
		"op": "update", "table": "Open_vSwitch", "where": []any{}, "row": map[string]any{"manager_options": []any{"set", []any{}}}})
	if _, err := io.Copy(io.Discard, clients[1]); err != nil {
		t.Errorf("client of a manager that was taken away: %v, want the end", err)
	}
	if conn, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
		conn.Close()
		t.Error("the port of a manager that was taken away is still listened at")
	}
}

// TestActiveManager has the database connect to a manager that takes a lock, is probed, and does not answer.
func TestActiveManager(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ovs := startWith(t, fakeovs.Options{Remotes: []string{managers}, NoSwitch: true})
	operate(t, ovs.DatabaseEndpoint(), insertRoot)
	setManager(t, ovs, "tcp:"+l.Addr().String(), map[string]any{"inactivity_probe": 50})
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, `{"id":"lock","method":"lock","params":["mine"]}`); err != nil {
		t.Fatal(err)
	}
	const probe = `{"id":"echo","method":"echo","params":[]}`
	in := json.NewDecoder(conn)
	receive := func() string {
		t.Helper()
		var m json.RawMessage
		if err := in.Decode(&m); err != nil {
			t.Fatal(err)
		}
		return string(m)
	}
	if got, want := receive(), `{"id":"lock","result":{"locked":true},"error":null}`; got != want {
		t.Fatalf("reply: got %s, want %s", got, want)
	}
	for range 3 {
		if got := receive(); got != probe {
			t.Fatalf("while nothing is said: got %s, want %s", got, probe)
		}
		if _, err := io.WriteString(conn, `{"id":"echo","result":[],"error":null}`); err != nil {
			t.Fatal(err)
		}
	}
	if got := receive(); got != probe {
		t.Fatalf("while nothing is said: got %s, want %s", got, probe)
	}
	if err := in.Decode(new(any)); err != io.EOF {
		t.Errorf("after a probe that is not answered: got %v, want the end", err)
	}
	status := awaitManager(t, ovs, false, "sec_since_disconnect")
	if status["state"] != "BACKOFF" || status["sec_since_connect"] == "" || status["locks_held"] != "" {
		t.Errorf("status after the end: got %v, want BACKOFF, sec_since_connect and no locks", status)
	}
}

// TestManagerThatCannotBe has a target that is nothing.
func TestManagerThatCannotBe(t *testing.T) {
	ovs := startWith(t, fakeovs.Options{Remotes: []string{managers}, NoSwitch: true})
	operate(t, ovs.DatabaseEndpoint(), insertRoot)
	for _, target := range []string{"foo:bar", "ptcp:99999"} {
		setManager(t, ovs, target, nil)
		for status := awaitManager(t, ovs, false, "state"); status["state"] != "BACKOFF"; status = awaitManager(t, ovs, false, "state") {
		}
	}
}

// TestManagerWithSSLTable has a client come by TLS, first before there is a row in table SSL.
func TestManagerWithSSLTable(t *testing.T) {
	ca := testpki.NewCA()
	ovs := startWith(t, fakeovs.Options{Remotes: []string{managers}, NoSwitch: true})
	operate(t, ovs.DatabaseEndpoint(), insertRoot)
	setManager(t, ovs, "pssl:0:127.0.0.1", nil)
	endpoint := "ssl:127.0.0.1:" + awaitManager(t, ovs, false, "bound_port")["bound_port"]
	dial := func(client tls.Certificate) error {
		config := &tls.Config{Certificates: []tls.Certificate{client}, InsecureSkipVerify: true}
		c, err := ovsdb.Dial(t.Context(), ovsdb.Options{Endpoint: endpoint, TLS: config, NoReconnect: true})
		if err == nil {
			c.Close()
		}
		return err
	}
	if err := dial(ca.Client()); err == nil {
		t.Error("client before there is a certificate: got a connection")
	}
	setSSL(t, ovs, ca, ca.Server())
	if err := dial(ca.Client()); err != nil {
		t.Errorf("client with a certificate of the authority: got %v", err)
	}
	if err := dial(testpki.NewCA().Client()); err == nil {
		t.Error("client with a certificate of another authority: got a connection")
	}
}

// setSSL gives the switch a certificate and an authority.
func setSSL(t *testing.T, ovs *fakeovs.OVS, ca *testpki.CA, pair tls.Certificate) {
	t.Helper()
	key, certificate := testpki.Write(t, pair)
	row := map[string]any{"private_key": key, "certificate": certificate, "ca_cert": ca.Write(t)}
	operate(t, ovs.DatabaseEndpoint(), map[string]any{"op": "insert", "table": "SSL", "uuid-name": "s", "row": row},
		map[string]any{"op": "update", "table": "Open_vSwitch", "where": []any{}, "row": map[string]any{"ssl": []string{"named-uuid", "s"}}})
}

// TestActiveManagerWithTLS has the database connect to managers by TLS: only to one whose certificate is the authority's.
func TestActiveManagerWithTLS(t *testing.T) {
	ca := testpki.NewCA()
	ovs := startWith(t, fakeovs.Options{Remotes: []string{managers}, NoSwitch: true})
	operate(t, ovs.DatabaseEndpoint(), insertRoot)
	setSSL(t, ovs, ca, ca.Client())
	for name, tt := range map[string]struct {
		certificate tls.Certificate
		good        bool
	}{
		"of the authority":     {ca.Server(), true},
		"of another authority": {testpki.NewCA().Server(), false},
	} {
		config := &tls.Config{Certificates: []tls.Certificate{tt.certificate}, ClientCAs: ca.Pool(), ClientAuth: tls.RequireAndVerifyClientCert}
		if err := callOfManager(t, ovs, config); (err == nil) != tt.good {
			t.Errorf("certificate %s: got error %v", name, err)
		}
	}
}
