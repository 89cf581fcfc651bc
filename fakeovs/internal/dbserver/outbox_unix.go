// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package dbserver

import "syscall"

// rawWriter writes to a connection as much as goes without waiting.
type rawWriter struct {
	conn syscall.RawConn
	try  func(fd uintptr) bool // (*rawWriter).write, made once
	rest []byte
	err  error
}

func newRawWriter(conn syscall.RawConn) *rawWriter {
	w := &rawWriter{conn: conn}
	w.try = w.write
	return w
}

// Write returns how many bytes went. It must not be called by two at once.
func (w *rawWriter) Write(b []byte) (int, error) {
	w.rest, w.err = b, nil
	err := w.conn.Write(w.try)
	if err == nil {
		err = w.err
	}
	n := len(b) - len(w.rest)
	w.rest = nil
	return n, err
}

func (w *rawWriter) write(fd uintptr) (done bool) {
	for len(w.rest) > 0 {
		n, err := syscall.Write(int(fd), w.rest)
		switch err {
		case nil:
			w.rest = w.rest[n:]
		case syscall.EINTR:
		case syscall.EAGAIN:
			return true
		default:
			w.err = err
			return true
		}
	}
	return true
}
