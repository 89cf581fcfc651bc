// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package faultproxy_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/faultproxy"
)

// A talker sends data to an echoing server over connection after connection.
type talker struct {
	t        *testing.T
	endpoint string
	data     []byte
	progress chan<- struct{} // gets something for each answer and each end
	stop     atomic.Bool
}

func (w *talker) run() {
	for !w.stop.Load() {
		conn, err := net.Dial("unix", strings.TrimPrefix(w.endpoint, "unix:"))
		if err != nil {
			if !errors.Is(err, syscall.ECONNREFUSED) {
				w.t.Error(err)
				return
			}
			continue
		}
		w.talk(conn)
	}
}

// talk uses a connection until it ends. What comes back is the beginning of
// what was sent.
func (w *talker) talk(conn net.Conn) {
	conn.SetDeadline(time.Now().Add(time.Minute))
	var sending sync.WaitGroup
	sending.Add(1)
	go func() {
		defer sending.Done()
		for rest := w.data; len(rest) > 0; {
			n, err := conn.Write(rest[:min(len(rest), 1+rand.IntN(5000))])
			if err != nil {
				return
			}
			rest = rest[n:]
		}
		conn.(*net.UnixConn).CloseWrite()
	}()
	defer sending.Wait()
	defer conn.Close()
	got := 0
	for buf := make([]byte, 4000); ; {
		n, err := conn.Read(buf)
		if got+n > len(w.data) || !bytes.Equal(buf[:n], w.data[got:got+n]) {
			w.t.Errorf("bytes %d to %d of the answer are not those that were sent", got, got+n)
			return
		}
		got += n
		select {
		case w.progress <- struct{}{}:
		default:
		}
		if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
			return
		}
		if err != nil {
			w.t.Errorf("read: %v", err)
			return
		}
	}
}

// Whatever is done to the proxy, by several at once, it alters nothing, and
// works when it is let.
func TestRandomOperations(t *testing.T) {
	targets := []string{serve(t, echo), serve(t, echo), "unix:/nonexistent/server"}
	p := faultproxy.New(t, targets[0])
	data := random(200_000)
	progress := make(chan struct{})
	var talkers []*talker
	var talking sync.WaitGroup
	for range 4 {
		w := &talker{t: t, endpoint: p.Endpoint(), data: data, progress: progress}
		talkers = append(talkers, w)
		talking.Add(1)
		go func() { defer talking.Done(); w.run() }()
	}

	meddle := func() {
		switch rand.IntN(8) {
		case 0:
			p.Cut()
		case 1:
			p.Refuse(true)
		case 2:
			p.Refuse(false)
		case 3:
			p.Stall(true)
		case 4:
			p.Stall(false)
		case 5:
			p.SetTarget(targets[rand.IntN(len(targets))])
		case 6:
			p.CutAfter(rand.Int64N(30_000)-5000, rand.Int64N(30_000)-5000)
		case 7:
			p.Connections()
		}
	}
	settle := func() {
		p.SetTarget(targets[0])
		p.Refuse(false)
		p.Stall(false)
	}
	for range 300 {
		var meddlers sync.WaitGroup
		for range 2 {
			meddlers.Add(1)
			go func() {
				defer meddlers.Done()
				for range rand.IntN(4) {
					meddle()
				}
			}()
		}
		meddlers.Wait()
		settle()
		<-progress
	}
	for _, w := range talkers {
		w.stop.Store(true)
	}
	p.CutAfter(-1, -1)
	talking.Wait()

	conn := dial(t, p.Endpoint())
	go func() { conn.Write(data); conn.CloseWrite() }()
	if got, err := io.ReadAll(conn); err != nil || !bytes.Equal(got, data) {
		t.Errorf("in the end: got %d bytes, %v, want the %d that were sent", len(got), err, len(data))
	}
}
