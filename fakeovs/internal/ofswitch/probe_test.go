// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// TestProbe has a controller that greets and says no more: after a minute it is asked whether it is there, and one that
// does not answer for another is cut off.
func TestProbe(t *testing.T) {
	b := newBed(t)
	c, err := net.Dial("unix", b.socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	hello := []byte{1, 0, 0, 8, 0, 0, 0, 0}
	barrier := []byte{1, 18, 0, 8, 0, 0, 0, 7}
	if _, err := c.Write(append(hello, barrier...)); err != nil {
		t.Fatal(err)
	}
	next := func() byte {
		t.Helper()
		header := make([]byte, 8)
		if _, err := io.ReadFull(c, header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, c, int64(header[2])<<8+int64(header[3])-8); err != nil {
			t.Fatal(err)
		}
		return header[1]
	}
	for _, want := range []byte{0, 19} {
		if got := next(); got != want {
			t.Fatalf("type of a message: got %d, want %d", got, want)
		}
	}
	pass := func(d time.Duration) {
		b.clock.advance(d)
		b.Expire()
	}
	pass(59 * time.Second)
	pass(time.Second)
	if got := next(); got != 2 {
		t.Fatalf("type of the message after a minute: got %d, want an echo request", got)
	}
	if _, err := c.Write([]byte{1, 3, 0, 8, 0, 0, 0, 0, 1, 18, 0, 8, 0, 0, 0, 8}); err != nil {
		t.Fatal(err)
	}
	if got := next(); got != 19 {
		t.Fatalf("type of the message after the answer: got %d, want that of a barrier reply", got)
	}
	pass(59 * time.Second)
	pass(time.Second)
	if got := next(); got != 2 {
		t.Fatalf("type of the message after another minute: got %d, want an echo request", got)
	}
	end := make(chan error, 1)
	go func() {
		_, err := c.Read(make([]byte, 1))
		end <- err
	}()
	for {
		pass(time.Minute)
		select {
		case err := <-end:
			if !errors.Is(err, io.EOF) {
				t.Errorf("after no answer: got %v, want the end of the connection", err)
			}
			return
		default:
		}
	}
}
