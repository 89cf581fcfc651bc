// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package mempipe

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestWriteDoesNotWait(t *testing.T) {
	a, b := New()
	for _, word := range []string{"one ", "two ", "three"} {
		if n, err := a.Write([]byte(word)); err != nil || n != len(word) {
			t.Fatalf("write: got %d, %v", n, err)
		}
	}
	a.Close()
	got, err := io.ReadAll(b)
	if err != nil || string(got) != "one two three" {
		t.Errorf("read after the other end is closed: got %q, %v; want one two three", got, err)
	}
}

func TestMoreThanFits(t *testing.T) {
	a, b := New()
	defer a.Close()
	sent := bytes.Repeat([]byte("0123456789"), capacity/3)
	done := make(chan error, 1)
	go func() {
		n, err := a.Write(sent)
		if err == nil && n != len(sent) {
			err = io.ErrShortWrite
		}
		done <- err
		a.Close()
	}()
	got, err := io.ReadAll(b)
	if err != nil || !bytes.Equal(got, sent) {
		t.Errorf("got %d bytes, %v; want the %d that were written", len(got), err, len(sent))
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestClose(t *testing.T) {
	a, b := New()
	read := make(chan error, 1)
	go func() {
		_, err := a.Read(make([]byte, 1))
		read <- err
	}()
	a.Close()
	if err := <-read; !errors.Is(err, net.ErrClosed) {
		t.Errorf("read at an end that is closed: got %v, want %v", err, net.ErrClosed)
	}
	if _, err := a.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("write at an end that is closed: got %v, want %v", err, net.ErrClosed)
	}
	if _, err := b.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("write to an end that is closed: got %v, want %v", err, syscall.EPIPE)
	}
	if _, err := b.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("read from an end that is closed: got %v, want EOF", err)
	}
}

func TestDeadlines(t *testing.T) {
	a, b := New()
	defer a.Close()
	defer b.Close()
	if err := a.SetDeadline(time.Now().Add(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read: got %v, want %v", err, os.ErrDeadlineExceeded)
	}
	if _, err := a.Write(make([]byte, 2*capacity)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("write: got %v, want %v", err, os.ErrDeadlineExceeded)
	}
	a.SetDeadline(time.Time{})
	read := make(chan error, 1)
	go func() {
		_, err := a.Read(make([]byte, 1))
		read <- err
	}()
	a.SetReadDeadline(time.Now())
	if err := <-read; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read that waits while its deadline changes: got %v, want %v", err, os.ErrDeadlineExceeded)
	}
	a.SetReadDeadline(time.Time{})
	if _, err := b.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if n, err := a.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Errorf("read without a deadline again: got %d, %v", n, err)
	}
}
