// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsproc_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/tier"
)

// certificate makes a certificate of 127.0.0.1 that is its own authority, for both sides of a connection.
func certificate(t *testing.T) (options ovsproc.Options, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	done(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{{127, 0, 0, 1}},
		IsCA: true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	done(t, err)
	keyBytes, err := x509.MarshalPKCS8PrivateKey(key)
	done(t, err)
	dir := t.TempDir()
	options = ovsproc.Options{PrivateKey: filepath.Join(dir, "key.pem"), Certificate: filepath.Join(dir, "cert.pem")}
	options.CACert = options.Certificate
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	done(t, os.WriteFile(options.Certificate, certPEM, 0o600),
		os.WriteFile(options.PrivateKey, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyBytes}), 0o600))
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(certPEM)
	return options, &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{{Certificate: [][]byte{cert}, PrivateKey: key}}}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	o, config := certificate(t)
	o.NoSwitch, o.Remotes = true, []string{"ptcp:0:127.0.0.1", "pssl:0:127.0.0.1"}
	ovs := start(t, o)
	address, ok := strings.CutPrefix(ovs.Remote(1), "ssl:")
	if !ok {
		t.Fatalf("remote: got %s, want ssl:...", ovs.Remote(1))
	}
	dialer := tls.Dialer{Config: config}
	conn, err := dialer.DialContext(testContext(t), "tcp", address)
	done(t, err)
	defer conn.Close()
	done(t, json.NewEncoder(conn).Encode(map[string]any{"id": 1, "method": "echo", "params": []string{"hello"}}))
	var reply struct{ Result []string }
	if err := json.NewDecoder(conn).Decode(&reply); err != nil || !slices.Equal(reply.Result, []string{"hello"}) {
		t.Errorf("reply to an echo: got %v, %v; want hello", reply.Result, err)
	}
}

// TestPortIsKept has others not get the port of a database that does not run.
func TestPortIsKept(t *testing.T) {
	t.Parallel()
	ovs := start(t, ovsproc.Options{NoSwitch: true, Remotes: []string{"ptcp:0:127.0.0.1"}})
	done(t, ovs.KillDatabase())
	address := strings.TrimPrefix(ovs.Remote(0), "tcp:")
	_, port, err := net.SplitHostPort(address)
	done(t, err)
	// A connection may come from a port that somebody chose, if nobody has it.
	from, err := net.ResolveTCPAddr("tcp", address)
	done(t, err)
	elsewhere, err := net.Listen("tcp", "127.0.0.1:0")
	done(t, err)
	defer elsewhere.Close()
	plain := net.Dialer{LocalAddr: from}
	if conn, err := plain.DialContext(testContext(t), "tcp", elsewhere.Addr().String()); err == nil {
		conn.Close()
		t.Errorf("a connection was made from port %s", port)
	}
	done(t, ovs.StartDatabase(testContext(t)))
	if _, err := ovsproc.Start(testContext(t), ovsproc.Options{Remotes: []string{"ptcp:" + port + ":127.0.0.1"}}); err == nil ||
		!strings.Contains(err.Error(), "address already in use") {
		t.Errorf("Start with a port that is taken: got error %v, want one that says so", err)
	}
}

func TestRemoteFails(t *testing.T) {
	t.Parallel()
	tier.Need(t, tier.Sandbox)
	const form = "not of the form ptcp:PORT:ADDRESS or pssl:PORT:ADDRESS"
	for remote, want := range map[string]string{
		"": form, "tcp:0:127.0.0.1": form, "ptcp:0": form, "ptcp::127.0.0.1": form, "ptcp:0:localhost": form, "ptcp:65536:127.0.0.1": form,
		"pssl:0:127.0.0.1": "needs a private key", "ptcp:0:192.0.2.1": "cannot assign requested address",
	} {
		ovs, err := ovsproc.Start(testContext(t), ovsproc.Options{NoSwitch: true, Remotes: []string{remote}})
		if err == nil {
			ovs.Stop()
			t.Fatalf("Start with remote %q succeeded", remote)
		}
		if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `remote "`+remote) {
			t.Errorf("remote %q: got error %v, want one that names it and says %q", remote, err, want)
		}
	}
}
