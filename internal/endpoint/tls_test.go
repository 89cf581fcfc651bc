// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package endpoint_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/testpki"
)

// listenTLS starts an echoing server and returns its port.
func listenTLS(t testing.TB, config *tls.Config) (port string) {
	t.Helper()
	return portOf(t, listen(t, "tcp", "127.0.0.1:0", func(conn net.Conn) { echo(tls.Server(conn, config)) }))
}

func with(certificate tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{certificate}}
}

func TestDialSSL(t *testing.T) {
	ca := testpki.NewCA()
	for _, tt := range []struct {
		name        string
		certificate tls.Certificate
		host        string
		config      *tls.Config
	}{
		{"system's roots", systemCA.Server("127.0.0.1"), "127.0.0.1", nil},
		{"system's roots, empty configuration", systemCA.Server("127.0.0.1"), "127.0.0.1", &tls.Config{}},
		{"address", ca.Server("127.0.0.1"), "127.0.0.1", &tls.Config{RootCAs: ca.Pool()}},
		{"name", ca.Server("localhost"), "localhost", &tls.Config{RootCAs: ca.Pool()}},
		{"other name", ca.Server("db.example"), "127.0.0.1", &tls.Config{RootCAs: ca.Pool(), ServerName: "db.example"}},
		{"client certificate nobody asks for", ca.Server("127.0.0.1"), "127.0.0.1", &tls.Config{RootCAs: ca.Pool(), Certificates: []tls.Certificate{ca.Client()}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			port := listenTLS(t, with(tt.certificate))
			conn, err := parse(t, "ssl:"+tt.host+":"+port).Dial(testContext(t), tt.config)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			exchange(t, conn)
			if c := tt.config; c != nil && (c.ServerName != "" && c.ServerName != "db.example" || c.GetClientCertificate != nil) {
				t.Error("Dial modified the configuration")
			}
		})
	}
}

func TestDialSSLScope(t *testing.T) {
	needIPv6(t)
	config := with(systemCA.Server("::1"))
	port := portOf(t, listen(t, "tcp", "[::1]:0", func(conn net.Conn) { echo(tls.Server(conn, config)) }))
	conn, err := parse(t, "ssl:[::1%lo]:"+port).Dial(testContext(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	exchange(t, conn)
}

func TestDialSSLRefusesServer(t *testing.T) {
	for _, tt := range []struct {
		name        string
		certificate tls.Certificate
		host        string
		want        any
		text        string
	}{
		{"unknown authority", testpki.NewCA().Server("127.0.0.1"), "127.0.0.1", new(x509.UnknownAuthorityError), "certificate signed by unknown authority"},
		{"expired", systemCA.ExpiredServer("127.0.0.1"), "127.0.0.1", new(x509.CertificateInvalidError), "certificate has expired"},
		{"other name", systemCA.Server("db.example"), "localhost", new(x509.HostnameError), "certificate is valid for db.example, not localhost"},
		{"other address", systemCA.Server("127.0.0.2"), "127.0.0.1", new(x509.HostnameError), "certificate is valid for 127.0.0.2, not 127.0.0.1"},
		{"no name", systemCA.Server(), "127.0.0.1", new(x509.HostnameError), "doesn't contain any IP SANs"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			port := listenTLS(t, with(tt.certificate))
			conn, err := parse(t, "ssl:"+tt.host+":"+port).Dial(testContext(t), nil)
			if conn != nil || !errors.As(err, tt.want) || !errors.As(err, new(*tls.CertificateVerificationError)) {
				t.Fatalf("got %v, %v, want a %T in a *tls.CertificateVerificationError", conn, err, tt.want)
			}
			if begin := "TLS handshake with " + tt.host + ":" + port + ": "; !strings.HasPrefix(err.Error(), begin) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got error %q, want one that begins with %q and says %q", err, begin, tt.text)
			}
		})
	}
}

func TestDialSSLToOtherServers(t *testing.T) {
	for _, tt := range []struct {
		name  string
		serve func(net.Conn)
		want  any
		text  string
	}{
		{"a server without TLS", func(conn net.Conn) {
			conn.Write([]byte(`{"id":null,"error":"not JSON"}`))
			io.Copy(io.Discard, conn)
		}, new(tls.RecordHeaderError), "does not look like a TLS handshake"},
		{"a server that hangs up", func(conn net.Conn) {
			conn.Read(make([]byte, 1<<16))
			conn.(*net.TCPConn).CloseWrite()
			io.Copy(io.Discard, conn)
		}, nil, "connection closed by the server: EOF"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			port := portOf(t, listen(t, "tcp", "127.0.0.1:0", tt.serve))
			conn, err := parse(t, "ssl:127.0.0.1:"+port).Dial(testContext(t), nil)
			if conn != nil || err == nil || !strings.Contains(err.Error(), tt.text) || tt.want != nil && !errors.As(err, tt.want) {
				t.Errorf("got %v, %v, want an error that says %q", conn, err, tt.text)
			}
		})
	}
}

// A server that says nothing after the client's hello holds up nobody whose
// context ends, and sees the connection closed.
func TestDialSSLCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(testContext(t))
	closed := make(chan error, 1)
	port := portOf(t, listen(t, "tcp", "127.0.0.1:0", func(conn net.Conn) {
		conn.Read(make([]byte, 1))
		cancel()
		_, err := io.Copy(io.Discard, conn)
		closed <- err
	}))
	conn, err := parse(t, "ssl:127.0.0.1:"+port).Dial(ctx, nil)
	if conn != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v, want %v", conn, err, context.Canceled)
	}
	if err := <-closed; err != nil {
		t.Errorf("server: %v, want the end of the connection", err)
	}
}

// Until TLS 1.2, a server refuses a client in the handshake; from 1.3 on, after
// it.
func TestDialSSLRefusedByServer(t *testing.T) {
	const hint = "(the server asks for a client certificate and none that it accepts is configured)"
	clients := testpki.NewCA()
	right := clients.Client()
	server := with(systemCA.Server("127.0.0.1"))
	server.ClientAuth, server.ClientCAs = tls.RequireAndVerifyClientCert, clients.Pool()
	for _, tt := range []struct {
		name    string
		version uint16
		client  []tls.Certificate
		want    []string
	}{
		{"no certificate, TLS 1.2", tls.VersionTLS12, nil, []string{"remote error: tls: ", hint}},
		{"no certificate, TLS 1.3", tls.VersionTLS13, nil, []string{"remote error: tls: certificate required", hint}},
		{"other authority, TLS 1.2", tls.VersionTLS12, []tls.Certificate{testpki.NewCA().Client()}, []string{"remote error: tls: ", hint}},
		{"other authority, TLS 1.3", tls.VersionTLS13, []tls.Certificate{testpki.NewCA().Client()}, []string{"remote error: tls: ", hint}},
		{"for servers, TLS 1.3", tls.VersionTLS13, []tls.Certificate{clients.Server()}, []string{"remote error: tls: bad certificate"}},
		{"right, TLS 1.2", tls.VersionTLS12, []tls.Certificate{right}, nil},
		{"right, TLS 1.3", tls.VersionTLS13, []tls.Certificate{testpki.NewCA().Client(), right}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			config := server.Clone()
			config.MaxVersion = tt.version
			port := listenTLS(t, config)
			conn, err := parse(t, "ssl:127.0.0.1:"+port).Dial(testContext(t), &tls.Config{Certificates: tt.client})
			if (err != nil) != (tt.want != nil && tt.version == tls.VersionTLS12) {
				t.Fatalf("Dial: %v", err)
			}
			if err == nil {
				defer conn.Close()
				if tt.want == nil {
					exchange(t, conn)
					return
				}
				_, err = conn.Read(make([]byte, 1))
			}
			for _, want := range tt.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got error %v, want one with %q", err, want)
				}
			}
			if op := (*net.OpError)(nil); !errors.As(err, &op) || op.Op != "remote error" {
				t.Errorf("got error %v, want a *net.OpError of a remote error", err)
			}
		})
	}
}

// What is no refusal is not taken for one: here the server only would have
// liked a certificate.
func TestDialSSLOptionalCertificate(t *testing.T) {
	config := with(systemCA.Server("127.0.0.1"))
	config.ClientAuth = tls.RequestClientCert
	dial := func(serve func(*tls.Conn)) net.Conn {
		port := portOf(t, listen(t, "tcp", "127.0.0.1:0", func(conn net.Conn) { serve(tls.Server(conn, config)) }))
		conn, err := parse(t, "ssl:127.0.0.1:"+port).Dial(testContext(t), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	exchange(t, dial(func(conn *tls.Conn) { echo(conn) }))

	conn := dial(func(conn *tls.Conn) { conn.Handshake(); conn.Close() })
	if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("server closed in order: got error %v, want %v", err, io.EOF)
	}

	conn = dial(func(conn *tls.Conn) { echo(conn) })
	conn.SetReadDeadline(time.Unix(1, 0))
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || strings.Contains(err.Error(), "certificate") {
		t.Errorf("read with a deadline: got error %v, want %v", err, os.ErrDeadlineExceeded)
	}

	conn = dial(func(conn *tls.Conn) { echo(conn) })
	conn.Close()
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) || strings.Contains(err.Error(), "certificate") {
		t.Errorf("closed by the client: got error %v, want %v", err, net.ErrClosed)
	}
}
