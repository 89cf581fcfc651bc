// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs_test

import (
	"crypto/tls"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/internal/dbcall"
	"github.com/ovskit/ovskit/internal/testpki"
)

const filesSchema = `{"name":"N","tables":{"SSL":{"isRoot":true,"columns":{
	"private_key":{"type":"string"},"certificate":{"type":{"key":"string","min":0,"max":"unlimited"}},"ca_cert":{"type":"string"},
	"n":{"type":"integer"},"m":{"type":{"key":"string","value":"string","min":0,"max":"unlimited"}}}}}}`

// TestTLSFilesInColumns has a database name the server's files, and name others later.
func TestTLSFilesInColumns(t *testing.T) {
	ovs := startWith(t, fakeovs.Options{
		Schemas: [][]byte{[]byte(filesSchema)}, Remotes: []string{"pssl:0:127.0.0.1"},
		TLSFiles: fakeovs.TLSFiles{
			PrivateKey: "db:N,SSL,private_key", Certificate: "db:N,SSL,certificate", CACert: "db:N,SSL,ca_cert",
		},
	})
	address := strings.TrimPrefix(ovs.RemoteEndpoint(0), "ssl:")
	use := func(ops ...any) {
		t.Helper()
		if _, err := dbcall.Transact(t.Context(), ovs.DatabaseEndpoint(), "N", ops...); err != nil {
			t.Fatal(err)
		}
	}
	first, second := testpki.NewCA(), testpki.NewCA()
	if _, err := shown(t, address, first); err == nil {
		t.Error("before there are files: got a certificate")
	}
	use(map[string]any{"op": "insert", "table": "SSL", "row": map[string]any{}})
	for _, ca := range []*testpki.CA{first, second} {
		key, certificate := testpki.Write(t, ca.Server())
		use(map[string]any{"op": "update", "table": "SSL", "where": []any{}, "row": map[string]any{
			"private_key": key, "ca_cert": ca.Write(t), "certificate": []any{"set", []string{"", certificate}},
		}})
		for _, from := range []*testpki.CA{first, second} {
			if _, err := shown(t, address, from); (err == nil) != (from == ca) {
				t.Errorf("client with a certificate of the authority that the database names: %t; got %v", from == ca, err)
			}
		}
	}
}

// shown connects with a certificate of an authority, and returns how many certificates the server shows once that has said
// something.
func shown(t *testing.T, address string, ca *testpki.CA) (int, error) {
	t.Helper()
	conn, err := tls.Dial("tcp", address, &tls.Config{Certificates: []tls.Certificate{ca.Client()}, InsecureSkipVerify: true})
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(`{"id":1,"method":"echo","params":[]}`)); err != nil {
		return 0, err
	}
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		return 0, err
	}
	return len(conn.ConnectionState().PeerCertificates), nil
}

// TestPeerCACert has a server show its authority to clients that are to take it over.
func TestPeerCACert(t *testing.T) {
	ca := testpki.NewCA()
	files := fakeovs.TLSFiles{CACert: ca.Write(t)}
	files.PrivateKey, files.Certificate = testpki.Write(t, ca.Server())
	for want := 1; want <= 2; want++ {
		ovs := startWith(t, fakeovs.Options{Remotes: []string{"pssl:0:127.0.0.1"}, TLSFiles: files})
		if got, err := shown(t, strings.TrimPrefix(ovs.RemoteEndpoint(0), "ssl:"), ca); got != want {
			t.Errorf("certificates of %+v: got %d, %v; want %d", files, got, err, want)
		}
		files.PeerCACert = files.CACert
	}
}

func TestBadTLSFiles(t *testing.T) {
	ca := testpki.NewCA()
	key, certificate := testpki.Write(t, ca.Server())
	for _, tt := range []struct {
		files fakeovs.TLSFiles
		says  string
	}{
		{fakeovs.TLSFiles{PrivateKey: key}, `private key "` + key + `", certificate "": open`},
		{fakeovs.TLSFiles{PrivateKey: key, Certificate: key}, "failed to find certificate PEM data"},
		{fakeovs.TLSFiles{CACert: "none"}, "CA certificate: open none"},
		{fakeovs.TLSFiles{CACert: key}, "no certificate in PEM format"},
		{fakeovs.TLSFiles{PrivateKey: key, Certificate: certificate, PeerCACert: key}, "no certificate in PEM format"},
		{fakeovs.TLSFiles{PrivateKey: "db:N,SSL"}, `"db:N,SSL": invalid syntax`},
		{fakeovs.TLSFiles{PrivateKey: "db:M,SSL,n"}, `"db:M,SSL,n": no database named M`},
		{fakeovs.TLSFiles{Certificate: "db:N,SSL,n"}, `"db:N,SSL,n": table "SSL" column "n" is not string or set of strings`},
		{fakeovs.TLSFiles{CACert: "db:N,SSL,m"}, `"db:N,SSL,m": table "SSL" column "m" is not string or set of strings`},
	} {
		o, err := fakeovs.Start(fakeovs.Options{Schemas: [][]byte{[]byte(filesSchema)}, TLSFiles: tt.files})
		if err == nil {
			closeFake(t, o)
		}
		if err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("files %+v: got error %v, want one with %q", tt.files, err, tt.says)
		}
	}
}

// TestBootstrapCACert has the database connect to managers before it knows their authority: it takes that over from the
// first one that shows it.
func TestBootstrapCACert(t *testing.T) {
	ca, other := testpki.NewCA(), testpki.NewCA()
	file := filepath.Join(t.TempDir(), "cacert.pem")
	ovs := startWith(t, fakeovs.Options{Remotes: []string{managers}, NoSwitch: true})
	key, certificate := testpki.Write(t, ca.Client())
	operate(t, ovs.DatabaseEndpoint(), insertRoot, map[string]any{"op": "insert", "table": "SSL", "uuid-name": "s", "row": map[string]any{
		"private_key": key, "certificate": certificate, "ca_cert": file, "bootstrap_ca_cert": true,
	}}, map[string]any{"op": "update", "table": "Open_vSwitch", "where": []any{}, "row": map[string]any{"ssl": []string{"named-uuid", "s"}}})

	withCA := func(ca *testpki.CA) tls.Certificate {
		pair := ca.Server()
		block, _ := pem.Decode(ca.PEM())
		pair.Certificate = append(pair.Certificate, block.Bytes)
		return pair
	}
	for _, tt := range []struct {
		name        string
		certificate tls.Certificate
		there       bool // the file, afterwards
		good        bool
	}{
		{"that does not show its authority", ca.Server(), false, false},
		{"that shows its authority", withCA(ca), true, false},
		{"of the authority that was taken over", ca.Server(), true, true},
		{"of another authority", withCA(other), true, false},
	} {
		config := &tls.Config{Certificates: []tls.Certificate{tt.certificate}, ClientAuth: tls.RequireAnyClientCert}
		if err := callOfManager(t, ovs, config); (err == nil) != tt.good {
			t.Errorf("manager %s: got error %v", tt.name, err)
		}
		text, err := os.ReadFile(file)
		if there := err == nil; there != tt.there || there && string(text) != string(ca.PEM()) {
			t.Errorf("after the manager %s: got %s, %v; want the certificate of the authority: %t", tt.name, text, err, tt.there)
		}
	}
}

// callOfManager is a manager that the database connects to, and which makes a request.
func callOfManager(t *testing.T, ovs *fakeovs.OVS, config *tls.Config) error {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	setManager(t, ovs, "ssl:"+l.Addr().String(), nil)
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	defer conn.Close()
	if _, err := conn.Write([]byte(`{"id":1,"method":"echo","params":[]}`)); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 1))
	return err
}
