// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/endpoint"
	"github.com/ovskit/ovskit/internal/testpki"
)

// listenTLS starts a server for one connection that says "ready" to a client
// it accepts, and returns the server's port on 127.0.0.1. The test does not end
// before the server has.
func listenTLS(t testing.TB, config *tls.Config) (port int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		plain, err := l.Accept()
		if err != nil {
			return
		}
		defer plain.Close()
		plain.SetDeadline(time.Now().Add(time.Minute))
		conn := tls.Server(plain, config)
		if conn.Handshake() == nil {
			conn.Write([]byte("ready"))
			io.Copy(io.Discard, conn)
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

// dialTLS returns nil if the server and the client accept each other.
func dialTLS(t testing.TB, host string, port int, files TLSFiles) error {
	t.Helper()
	config, err := files.Config()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := endpoint.Endpoint{Scheme: endpoint.SSL, Host: host, Port: port}.Dial(testContext(t), config)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	_, err = io.ReadFull(conn, make([]byte, len("ready")))
	return err
}

func TestTLS(t *testing.T) {
	servers, clients, others := testpki.NewCA(), testpki.NewCA(), testpki.NewCA()
	cacert, otherCACert := servers.Write(t), others.Write(t)
	key, certificate := testpki.Write(t, clients.Client())
	otherKey, otherCertificate := testpki.Write(t, others.Client())
	named := servers.Server("127.0.0.1")
	ovsPKI := servers.Server("sc id:05913f5b-6c7a-4490-a284-4783d069092a")
	unknown, invalid, misnamed := new(x509.UnknownAuthorityError), new(x509.CertificateInvalidError), new(x509.HostnameError)
	for _, tt := range []struct {
		name   string
		server tls.Certificate
		mutual bool
		host   string // if it is not 127.0.0.1
		files  TLSFiles
		want   any // what errors.As finds; nil with a text: a refusal by the server
		text   string
	}{
		{"right authority", named, false, "", TLSFiles{CACert: cacert}, nil, ""},
		{"mutual", named, true, "", TLSFiles{CACert: cacert, PrivateKey: key, Certificate: certificate}, nil, ""},
		{"mutual, any name", ovsPKI, true, "", TLSFiles{CACert: cacert, PrivateKey: key, Certificate: certificate, AnyName: true}, nil, ""},
		{"no name", servers.Server(), false, "", TLSFiles{CACert: cacert, AnyName: true}, nil, ""},
		{"another name", servers.Server("db.example"), false, "", TLSFiles{CACert: cacert, AnyName: true}, nil, ""},

		{"system's authorities", named, false, "", TLSFiles{}, unknown, "certificate signed by unknown authority"},
		{"system's authorities, any name", named, false, "", TLSFiles{AnyName: true}, unknown, "certificate signed by unknown authority"},
		{"other authority", named, false, "", TLSFiles{CACert: otherCACert}, unknown, "certificate signed by unknown authority"},
		{"other authority, any name", named, false, "", TLSFiles{CACert: otherCACert, AnyName: true}, unknown, "certificate signed by unknown authority"},
		{"expired", servers.ExpiredServer("127.0.0.1"), false, "", TLSFiles{CACert: cacert}, invalid, "certificate has expired"},
		{"expired, any name", servers.ExpiredServer(), false, "", TLSFiles{CACert: cacert, AnyName: true}, invalid, "certificate has expired"},
		{"for clients, any name", servers.Client(), false, "", TLSFiles{CACert: cacert, AnyName: true}, invalid, "incompatible key usage"},
		{"another address refused", servers.Server("127.0.0.2"), false, "", TLSFiles{CACert: cacert}, misnamed, "valid for 127.0.0.2, not 127.0.0.1"},
		{"another name refused", servers.Server("db.example"), false, "localhost", TLSFiles{CACert: cacert}, misnamed, "valid for db.example, not localhost"},
		{"no name refused", servers.Server(), false, "localhost", TLSFiles{CACert: cacert}, misnamed, "not valid for any names, but wanted to match localhost"},
		{"name of ovs-pki refused", ovsPKI, false, "localhost", TLSFiles{CACert: cacert}, misnamed, "not localhost"},

		{"no client certificate", named, true, "", TLSFiles{CACert: cacert}, nil, "certificate required (the server asks for a client certificate"},
		{"client certificate of another authority", named, true, "", TLSFiles{CACert: cacert, PrivateKey: otherKey, Certificate: otherCertificate}, nil,
			"certificate required (the server asks for a client certificate"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := &tls.Config{Certificates: []tls.Certificate{tt.server}}
			if tt.mutual {
				server.ClientAuth, server.ClientCAs = tls.RequireAndVerifyClientCert, clients.Pool()
			}
			if tt.host == "" {
				tt.host = "127.0.0.1"
			}
			err := dialTLS(t, tt.host, listenTLS(t, server), tt.files)
			if tt.text == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.text) {
				t.Fatalf("got error %v, want one that says %q", err, tt.text)
			}
			if tt.want == nil {
				if op := (*net.OpError)(nil); !errors.As(err, &op) || op.Op != "remote error" {
					t.Errorf("got error %v, want a *net.OpError of a remote error", err)
				}
			} else if !errors.As(err, tt.want) || !errors.As(err, new(*tls.CertificateVerificationError)) {
				t.Errorf("got error %v, want a %T in a *tls.CertificateVerificationError", err, tt.want)
			}
		})
	}
}

// A server's certificate may come from an authority below the one that the
// client knows.
func TestTLSIntermediate(t *testing.T) {
	root := testpki.NewCA()
	server := root.NewCA().Server("127.0.0.1")
	for _, anyName := range []bool{false, true} {
		port := listenTLS(t, &tls.Config{Certificates: []tls.Certificate{server}})
		if err := dialTLS(t, "127.0.0.1", port, TLSFiles{CACert: root.Write(t), AnyName: anyName}); err != nil {
			t.Errorf("AnyName %t: %v", anyName, err)
		}
	}
}

func TestTLSFilesRefused(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	ca := testpki.NewCA()
	key, certificate := testpki.Write(t, ca.Client())
	otherKey, _ := testpki.Write(t, ca.Client())
	empty := file("empty.pem", nil)
	broken := file("broken.pem", append(ca.PEM(), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"...))
	missing := filepath.Join(dir, "missing.pem")
	for _, tt := range []struct {
		name  string
		files TLSFiles
		want  []string // one of them is the file
	}{
		{"key only", TLSFiles{PrivateKey: key}, []string{key, "its certificate is not given"}},
		{"certificate only", TLSFiles{Certificate: certificate}, []string{certificate, "its private key is not given"}},
		{"no key file", TLSFiles{PrivateKey: missing, Certificate: certificate}, []string{"private key: open " + missing, "no such file"}},
		{"no certificate file", TLSFiles{PrivateKey: key, Certificate: missing}, []string{"certificate: open " + missing, "no such file"}},
		{"empty key", TLSFiles{PrivateKey: empty, Certificate: certificate}, []string{empty, "failed to find any PEM data in key input"}},
		{"empty certificate", TLSFiles{PrivateKey: key, Certificate: empty}, []string{empty, "failed to find any PEM data in certificate input"}},
		{"exchanged", TLSFiles{PrivateKey: certificate, Certificate: key}, []string{key, certificate, "PEM inputs may have been switched"}},
		{"another's key", TLSFiles{PrivateKey: otherKey, Certificate: certificate}, []string{otherKey, "private key does not match public key"}},
		{"no CA file", TLSFiles{CACert: missing}, []string{"CA certificate", missing, "no such file"}},
		{"a directory", TLSFiles{CACert: dir}, []string{"CA certificate", dir, "is a directory"}},
		{"empty CA file", TLSFiles{CACert: empty}, []string{"CA certificate", empty, "no certificate in PEM format"}},
		{"a key as CA", TLSFiles{CACert: key}, []string{"CA certificate", key, "no certificate in PEM format"}},
		{"broken CA file", TLSFiles{CACert: broken}, []string{"CA certificate", broken, "x509: malformed certificate"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			config, err := tt.files.Config()
			if config != nil || err == nil {
				t.Fatalf("got %v, %v, want an error", config, err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got error %q, want one with %q", err, want)
				}
			}
		})
	}
}

// Files of ovs-pki have each certificate in clear text before it.
func TestTLSFilesWithText(t *testing.T) {
	first, second := testpki.NewCA(), testpki.NewCA()
	path := filepath.Join(t.TempDir(), "cacert.pem")
	text := "Certificate:\n    Data:\n        Version: 3 (0x2)\n" + string(first.PEM()) + "\n\nCertificate:\n" + string(second.PEM()) + "end\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := TLSFiles{CACert: path}.Config()
	if err != nil {
		t.Fatal(err)
	}
	want := first.Pool()
	want.AppendCertsFromPEM(second.PEM())
	if !config.RootCAs.Equal(want) {
		t.Error("the pool does not hold the two certificates of the file")
	}
}
