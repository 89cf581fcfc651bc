// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/ofswitch"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/openflow"
)

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// bed is a switch that serves a socket.
type bed struct {
	*ofswitch.Switch
	clock  *clock
	socket string
	ctx    context.Context
}

func newBed(t testing.TB) *bed { return newBedWith(t, pipeline.DatapathOptions{}) }

// newBedWith is newBed with options, of which the clock is the bed's own.
func newBedWith(t testing.TB, o pipeline.DatapathOptions) *bed {
	dir, err := os.MkdirTemp("", "ofs")
	if err != nil {
		t.Fatal(err)
	}
	b := &bed{clock: &clock{now: time.Unix(1_000_000, 0)}, socket: filepath.Join(dir, "br0.mgmt")}
	o.Now = b.clock.Now
	b.Switch = ofswitch.NewDatapath(o).NewSwitch(ofswitch.Options{Name: "br0", DatapathID: 0x0000020000000042})
	l, err := net.Listen("unix", b.socket)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- b.Serve(l) }()
	var cancel context.CancelFunc
	b.ctx, cancel = context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(func() {
		cancel()
		_ = l.Close()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
		if err := b.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		_ = os.RemoveAll(dir)
	})
	return b
}

func (b *bed) dial(t testing.TB) *openflow.Conn {
	c, err := openflow.Dial(b.ctx, "unix:"+b.socket, openflow.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// peer speaks OpenFlow message by message.
type peer struct {
	t  testing.TB
	nc net.Conn
}

// peer connects and says hello.
func (b *bed) peer(t testing.TB) *peer {
	p := b.silent(t)
	p.send(openflow.Hello{Version: openflow.Version13, Bitmap: 1 << openflow.Version13}, 0)
	if m, _ := p.receive(); !isHello(m) {
		t.Fatalf("first message: got %#v, want a hello", m)
	}
	return p
}

// isHello reports whether a message offers OpenFlow 1.3.
func isHello(m openflow.Message) bool {
	h, ok := m.(openflow.Hello)
	return ok && h.Supports(openflow.Version13)
}

func (b *bed) silent(t testing.TB) *peer {
	nc, err := net.Dial("unix", b.socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(30 * time.Second))
	return &peer{t, nc}
}

func (p *peer) send(m openflow.Message, xid uint32) {
	p.t.Helper()
	b, err := openflow.Encode(openflow.Version13, m, xid)
	if err != nil {
		p.t.Fatalf("encode %#v: %v", m, err)
	}
	p.write(b)
}

func (p *peer) write(b []byte) {
	p.t.Helper()
	if _, err := p.nc.Write(b); err != nil {
		p.t.Fatalf("write: %v", err)
	}
}

func (p *peer) receive() (openflow.Message, uint32) {
	p.t.Helper()
	b := make([]byte, 8)
	if _, err := io.ReadFull(p.nc, b); err != nil {
		p.t.Fatalf("read a message: %v", err)
	}
	b = append(b, make([]byte, int(binary.BigEndian.Uint16(b[2:]))-8)...)
	if _, err := io.ReadFull(p.nc, b[8:]); err != nil {
		p.t.Fatalf("read a message: %v", err)
	}
	m, xid, err := openflow.Decode(b)
	if err != nil {
		p.t.Fatalf("decode %x: %v", b, err)
	}
	return m, xid
}

// wantError expects an error in answer to a message.
func (p *peer) wantError(code openflow.ErrorCode, xid uint32) {
	p.t.Helper()
	m, got := p.receive()
	e, ok := m.(openflow.Error)
	if !ok || e.Code != code || got != xid {
		p.t.Errorf("answer to %d: got %#v to %d, want error %v", xid, m, got, code)
	}
}

func want[M openflow.Message](p *peer, xid uint32) M {
	p.t.Helper()
	m, got := p.receive()
	w, ok := m.(M)
	if !ok || got != xid {
		p.t.Fatalf("answer to %d: got %#v to %d, want a %T", xid, m, got, w)
	}
	return w
}
