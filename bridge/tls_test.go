// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/internal/testpki"
	"github.com/ovskit/ovskit/openflow"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// authorityOf is what a controller shows whose certificate comes from an authority,
// with the authority's own for a switch that does not know that yet.
func authorityOf(ca *testpki.CA) []tls.Certificate {
	pair := ca.Server("127.0.0.1")
	root, _ := pem.Decode(ca.PEM())
	pair.Certificate = append(pair.Certificate, root.Bytes)
	return []tls.Certificate{pair}
}

// setController makes a controller the bridge's only one, which is to connect to it.
func setController(t *testing.T, sw *switchtest.Switch, at net.Addr) {
	t.Helper()
	_, err := bridge.Update(testContext(t), sw.DB, bridge.Config{Name: "br0",
		Controllers: []bridge.Controller{{Target: "ssl:" + at.String(), MaxBackoff: time.Second}}})
	if err != nil {
		t.Fatal(err)
	}
}

// expectController fails unless the bridge lets a controller control it that demands
// a certificate of an authority.
func expectController(t *testing.T, sw *switchtest.Switch, ca *testpki.CA) {
	t.Helper()
	ctx := testContext(t)
	l, err := openflow.Listen(ctx, "pssl:0:127.0.0.1", openflow.Options{
		TLS: &tls.Config{Certificates: authorityOf(ca), ClientCAs: ca.Pool()},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	setController(t, sw, l.Addr())
	conn, err := l.Accept(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Apply(ctx, openflow.Add(openflow.Flow{Cookie: 7})); err != nil {
		t.Error(err)
	}
}

// expectRefusal fails unless the bridge sends a controller away because of whose
// certificate it shows.
func expectRefusal(t *testing.T, sw *switchtest.Switch, ca *testpki.CA) {
	t.Helper()
	// By TLS 1.3 the alert can come in a form that only those understand who have
	// asked for a certificate.
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: authorityOf(ca), MaxVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	defer context.AfterFunc(testContext(t), func() { l.Close() })()
	setController(t, sw, l.Addr())
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = conn.Read(make([]byte, 1))
	var alert *net.OpError
	if !errors.As(err, &alert) || alert.Op != "remote error" {
		t.Errorf("a controller with the certificate of a stranger reads %v, want an alert", err)
	}
}

// expectService fails unless a bridge that waits for controllers takes one with a
// certificate of the authority, and none without.
func expectService(t *testing.T, sw *switchtest.Switch, ca *testpki.CA) {
	t.Helper()
	ctx := testContext(t)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	free.Close()
	_, err = bridge.Update(ctx, sw.DB, bridge.Config{Name: "br0", Controllers: []bridge.Controller{{Target: "pssl:" + port + ":127.0.0.1"}}})
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{RootCAs: ca.Pool(), Certificates: []tls.Certificate{ca.Client()}}
	config.InsecureSkipVerify = true // of the name: the switch's certificate has none
	config.VerifyConnection = func(state tls.ConnectionState) error {
		_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: ca.Pool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
		return err
	}
	conn, err := openflow.Dial(ctx, "ssl:127.0.0.1:"+port, openflow.Options{TLS: config})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Echo(ctx); err != nil {
		t.Error(err)
	}
	config = config.Clone()
	config.Certificates = nil
	if conn, err := openflow.Dial(ctx, "ssl:127.0.0.1:"+port, openflow.Options{TLS: config}); err == nil {
		conn.Close()
		t.Error("a controller without a certificate is served")
	}
}

// TestTLSWithoutSwitch has a database that nobody has set up.
func TestTLSWithoutSwitch(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		if _, err := sw.DB.Client().Transact(ctx, ovsdb.Delete(vswitch.TableOpenVSwitch)); err != nil {
			t.Fatal(err)
		}
		err := bridge.SetTLS(ctx, sw.DB, bridge.TLS{PrivateKey: "/k", Certificate: "/c", CACert: "/ca"})
		if err == nil || !strings.Contains(err.Error(), "no row in table Open_vSwitch") {
			t.Errorf("SetTLS: %v, want an error that says what is missing", err)
		}
	})
}

// TestControllerOverTLS has controllers wait for the bridge. Each looks at the
// other's certificate.
func TestControllerOverTLS(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ca, stranger := testpki.NewCA(), testpki.NewCA()
		key, certificate := testpki.Write(t, ca.Client())
		set := func(tls bridge.TLS) {
			t.Helper()
			if err := bridge.SetTLS(testContext(t), sw.DB, tls); err != nil {
				t.Fatal(err)
			}
		}
		set(bridge.TLS{PrivateKey: key, Certificate: certificate, CACert: ca.Write(t)})
		if _, err := bridge.Ensure(testContext(t), sw.DB, bridge.Config{Name: "br0", Datapath: sw.Datapath}); err != nil {
			t.Fatal(err)
		}
		expectController(t, sw, ca)
		expectRefusal(t, sw, stranger)
		expectService(t, sw, ca)

		trusted := filepath.Join(t.TempDir(), "cacert.pem")
		set(bridge.TLS{PrivateKey: key, Certificate: certificate, CACert: trusted, Bootstrap: true})
		expectController(t, sw, ca)
		if written, err := os.ReadFile(trusted); err != nil || string(written) != string(ca.PEM()) {
			t.Errorf("the switch took over %q, %v; want the controller's authority", written, err)
		}
		expectRefusal(t, sw, stranger)
	})
}
