// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	of "github.com/ovskit/ovskit/openflow"
)

// peer is one side of a connection as a test writes it, in OpenFlow 1.3 if it has no other version.
type peer struct {
	t  *testing.T
	nc net.Conn
	v  of.Version
	// xid is the last transaction number of ask.
	xid uint32
}

// read reads a message; nil when the connection has ended.
func (p *peer) read() (of.Message, uint32) {
	m, xid, _ := p.readFrame()
	return m, xid
}

// readFrame reads a message, which it returns as it went over the wire as well.
func (p *peer) readFrame() (of.Message, uint32, []byte) {
	b := p.readBytes()
	if b == nil {
		return nil, 0, nil
	}
	m, xid, err := of.Decode(b)
	if err != nil {
		p.t.Errorf("the connection sends what cannot be decoded: %v\n% x", err, b)
		return nil, 0, nil
	}
	return m, xid, b
}

// readBytes reads a message as it went over the wire; nil when the connection has ended.
func (p *peer) readBytes() []byte {
	header := make([]byte, of.HeaderLen)
	if _, err := io.ReadFull(p.nc, header); err != nil {
		return nil
	}
	b := append(header, make([]byte, int(binary.BigEndian.Uint16(header[2:]))-len(header))...)
	if _, err := io.ReadFull(p.nc, b[len(header):]); err != nil {
		return nil
	}
	return b
}

func (p *peer) write(m of.Message, xid uint32) {
	b, err := of.Encode(max(p.v, of.Version13), m, xid)
	if err != nil {
		p.t.Error(err)
	}
	p.nc.Write(b)
}

// greet behaves as a switch up to the features.
func (p *peer) greet() {
	v := max(p.v, of.Version13)
	p.write(of.Hello{Version: v, Bitmap: 1 << v}, 1)
	for {
		m, xid := p.read()
		switch m.(type) {
		case of.Hello:
			continue
		case of.FeaturesRequest:
			p.write(of.FeaturesReply{DatapathID: 7, Tables: 254}, xid)
		}
		return
	}
}

// drain reads until the other side closes.
func (p *peer) drain() { io.Copy(io.Discard, p.nc) }

// frame is a message and its bytes.
type frame struct {
	of.Message
	bytes []byte
}

// dialPeer greets a switch without a Conn: for damaged bytes, for requests that a Conn does not make, and to see the bytes
// of what is answered.
func dialPeer(t *testing.T, endpoint string, v of.Version) *peer {
	t.Helper()
	nc, err := net.Dial("unix", strings.TrimPrefix(endpoint, "unix:"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	if err := nc.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	p := &peer{t: t, nc: nc, v: v}
	p.write(of.Hello{Version: v, Bitmap: 1 << v}, 0)
	if m, _ := p.read(); m == nil || !m.(of.Hello).Supports(v) {
		t.Fatalf("the switch begins with %+v, want that it speaks %v", m, v)
	}
	return p
}

// ask sends messages, and returns all that the switch says until it has carried them out.
func (p *peer) ask(messages ...of.Message) (answer []frame) {
	p.t.Helper()
	p.xid++
	for _, m := range messages {
		p.write(m, p.xid)
	}
	p.write(of.BarrierRequest{}, p.xid)
	for {
		m, _, b := p.readFrame()
		switch m.(type) {
		case nil:
			p.t.Fatalf("the switch has not answered %+v", messages)
		case of.BarrierReply:
			return answer
		}
		answer = append(answer, frame{m, b})
	}
}

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
				script(&peer{t: t, nc: nc})
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
