// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"crypto/tls"
	"net"
	"path/filepath"
	"sync"
	"testing"

	of "github.com/ovskit/ovskit/openflow"
)

// serve has a script talk to each connection to a socket until the test ends. The script's end closes its connection.
func serve(t *testing.T, l net.Listener, script func(p *peer)) {
	t.Helper()
	var mu sync.Mutex
	var open []net.Conn
	var running sync.WaitGroup
	running.Add(1)
	go func() {
		defer running.Done()
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, nc)
			mu.Unlock()
			running.Add(1)
			go func() {
				defer running.Done()
				defer nc.Close()
				script(&peer{t, nc})
			}()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, nc := range open {
			nc.Close()
		}
		mu.Unlock()
		running.Wait()
	})
}

// serveUnix is serve at a socket of its own.
func serveUnix(t *testing.T, script func(p *peer)) (endpoint string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sw")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, l, script)
	return "unix:" + path
}

// serveTCP is serve at a port of its own, with TLS if there is a configuration. The result is the address.
func serveTCP(t *testing.T, config *tls.Config, script func(p *peer)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	if config != nil {
		l = tls.NewListener(l, config)
	}
	serve(t, l, script)
	return address
}

// behave is a switch without flows.
func behave(p *peer) {
	p.greet()
	for m, xid := p.read(); m != nil; m, xid = p.read() {
		p.answer(m, xid)
	}
}

// answer answers what behave does.
func (p *peer) answer(m of.Message, xid uint32) {
	switch m := m.(type) {
	case of.EchoRequest:
		p.write(of.EchoReply(m), xid)
	case of.BarrierRequest:
		p.write(of.BarrierReply{}, xid)
	}
}
