// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/testpki"
	of "github.com/ovskit/ovskit/openflow"
)

func listenAt(t *testing.T, endpoint string, o of.Options) *of.Listener {
	t.Helper()
	l, err := of.Listen(testContext(t), endpoint, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// comeTo connects to a listener and behaves as a switch until the other side closes.
func comeTo(t *testing.T, nc net.Conn) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer nc.Close()
		behave(&peer{t: t, nc: nc})
	}()
	t.Cleanup(func() {
		nc.Close()
		<-done
	})
}

func netDial(t *testing.T, a net.Addr) net.Conn {
	t.Helper()
	nc, err := net.Dial(a.Network(), a.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	return nc
}

// accept takes a connection and finds that it works.
func accept(t *testing.T, l *of.Listener) *of.Conn {
	t.Helper()
	c, err := l.Accept(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Echo(testContext(t)); err != nil {
		t.Error(err)
	}
	return c
}

func TestListen(t *testing.T) {
	for _, endpoint := range []string{"punix:" + filepath.Join(t.TempDir(), "c"), "ptcp:0:127.0.0.1", "ptcp:0:[::1]"} {
		l := listenAt(t, endpoint, of.Options{})
		for range 3 {
			nc := netDial(t, l.Addr())
			comeTo(t, nc)
			c := accept(t, l)
			want := endpoint
			if a := nc.LocalAddr(); a.Network() == "tcp" {
				want = "tcp:" + a.String()
			}
			if c.Endpoint() != want {
				t.Errorf("a switch that has connected to %s is called %s, want %s", endpoint, c.Endpoint(), want)
			}
		}
		l.Close()
		if _, err := net.Dial(l.Addr().Network(), l.Addr().String()); err == nil {
			t.Errorf("%s is still listened at", endpoint)
		}
	}
}

// TestListenStrangers has more of them than are greeted at once, most of which say nothing, and some nonsense: a switch
// gets through long before all of them have had the time of a greeting.
func TestListenStrangers(t *testing.T) {
	t.Parallel()
	l := listenAt(t, "ptcp:0:127.0.0.1", of.Options{})
	for i := range 200 {
		nc := netDial(t, l.Addr())
		if i%10 == 0 {
			nc.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
		}
	}
	comeTo(t, netDial(t, l.Addr()))
	ctx, cancel := context.WithTimeout(testContext(t), 20*time.Second)
	defer cancel()
	c, err := l.Accept(ctx)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

// TestListenNotAccepted has more switches come than may wait: none is lost.
func TestListenNotAccepted(t *testing.T) {
	const n = 100
	l := listenAt(t, "ptcp:0:127.0.0.1", of.Options{})
	for range n {
		comeTo(t, netDial(t, l.Addr()))
	}
	seen := map[string]bool{}
	for range n {
		c := accept(t, l)
		seen[c.Endpoint()] = true
	}
	if len(seen) != n {
		t.Errorf("%d switches are accepted, want %d", len(seen), n)
	}
}

func TestListenerCloses(t *testing.T) {
	l := listenAt(t, "ptcp:0:127.0.0.1", of.Options{})
	ctx, cancel := context.WithCancel(testContext(t))
	cancel()
	if _, err := l.Accept(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Accept gives %v, want the context's error", err)
	}
	comeTo(t, netDial(t, l.Addr()))
	kept := accept(t, l)
	netDial(t, l.Addr())            // never greets
	comeTo(t, netDial(t, l.Addr())) // is never accepted
	result := make(chan error)
	go func() {
		for {
			c, err := l.Accept(context.Background())
			if err != nil {
				result <- err
				return
			}
			c.Close()
		}
	}()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := <-result; !errors.Is(err, of.ErrClosed) || !strings.Contains(err.Error(), "ptcp:0:127.0.0.1") {
		t.Errorf("Accept gives %v, want %v and the endpoint", err, of.ErrClosed)
	}
	if err := kept.Echo(testContext(t)); err != nil {
		t.Errorf("the accepted connection does not outlive its listener: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestListenFailures(t *testing.T) {
	taken := listenAt(t, "ptcp:0:127.0.0.1", of.Options{})
	for endpoint, want := range map[string]string{
		"tcp:127.0.0.1":            "a client connects there",
		"pssl:0":                   "without a certificate",
		"punix:/nonexistent/dir/s": "no such file",
		"ptcp" + strings.TrimPrefix(taken.Addr().String(), "127.0.0.1") + ":127.0.0.1": "in use",
	} {
		l, err := of.Listen(testContext(t), endpoint, of.Options{})
		if err == nil {
			l.Close()
			t.Errorf("Listen at %q succeeds", endpoint)
		} else if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), endpoint) {
			t.Errorf("Listen at %q gives %v, want %q", endpoint, err, want)
		}
	}
	if _, err := of.Listen(testContext(t), "ptcp:0:127.0.0.1", of.Options{Versions: []of.Version{2}}); err == nil {
		t.Error("Listen offers OpenFlow 1.1")
	}
}

// TestTLS connects both ways with certificates, and without the right ones does not.
func TestTLS(t *testing.T) {
	ca, otherCA := testpki.NewCA(), testpki.NewCA()
	server := ca.Server("127.0.0.1")
	client := ca.Client()
	for _, tc := range []struct {
		name   string
		config *tls.Config // of who connects
		ok     bool
	}{
		{"good", &tls.Config{RootCAs: ca.Pool(), Certificates: []tls.Certificate{client}}, true},
		{"other authority there", &tls.Config{RootCAs: otherCA.Pool(), Certificates: []tls.Certificate{client}}, false},
		{"other authority here", &tls.Config{RootCAs: ca.Pool(), Certificates: []tls.Certificate{otherCA.Client()}}, false},
		{"no certificate", &tls.Config{RootCAs: ca.Pool()}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			address := serveTCP(t, &tls.Config{
				Certificates: []tls.Certificate{server}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.Pool(),
			}, func(p *peer) {
				// Greets only who passes the handshake.
				if p.nc.(*tls.Conn).Handshake() == nil {
					behave(p)
				}
			})
			c, err := of.Dial(testContext(t), "ssl:"+address, of.Options{TLS: tc.config})
			if err == nil {
				if err := c.Echo(testContext(t)); err != nil {
					t.Error(err)
				}
				c.Close()
			}
			if (err == nil) != tc.ok {
				t.Errorf("Dial gives %v", err)
			}

			l := listenAt(t, "pssl:0:127.0.0.1", of.Options{
				TLS: &tls.Config{Certificates: []tls.Certificate{server}, RootCAs: ca.Pool()},
			})
			config := tc.config.Clone()
			config.ServerName = "127.0.0.1"
			stranger := tls.Client(netDial(t, l.Addr()), config)
			if err := stranger.Handshake(); err == nil && tc.ok {
				comeTo(t, stranger)
				if c := accept(t, l); c.Endpoint() != "ssl:"+stranger.LocalAddr().String() {
					t.Errorf("the switch is called %s", c.Endpoint())
				}
			} else if tc.ok {
				t.Error(err)
			} else if err == nil {
				// TLS 1.3 says it with the first byte.
				if _, err := stranger.Read(make([]byte, 1)); err == nil {
					t.Error("a stranger is greeted")
				}
			}
		})
	}
}

func TestDialTCP(t *testing.T) {
	c := dial(t, "tcp:"+serveTCP(t, nil, behave))
	if err := c.Echo(testContext(t)); err != nil {
		t.Error(err)
	}
}
