// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"fmt"
	"io"
)

const (
	// maxDepth bounds the nesting of a message. The deepest that RFC 7047
	// knows is a schema, with less than ten levels.
	maxDepth = 64
	// framerBuffer is the size in bytes that the buffer has at first and
	// returns to after a larger message.
	framerBuffer = 64 << 10
)

// A framer cuts a stream of concatenated JSON objects into messages, RFC 7047
// section 4. It looks at strings and brackets only; what lies between is the
// scanner's business.
type framer struct {
	r          io.Reader
	maxMessage int
	buf        []byte // buf[start:] has been read and not yet returned
	start      int
}

func newFramer(r io.Reader, maxMessage int) *framer {
	return &framer{r: r, maxMessage: maxMessage, buf: make([]byte, 0, framerBuffer)}
}

// next returns the next message, valid until the following call. It returns
// io.EOF at the end of the stream, io.ErrUnexpectedEOF if that is inside a
// message.
func (f *framer) next() ([]byte, error) {
	if f.start == len(f.buf) {
		f.start = 0
		if cap(f.buf) > framerBuffer {
			f.buf = make([]byte, 0, framerBuffer)
		}
		f.buf = f.buf[:0]
	}
	var (
		pos      = f.start
		depth    int
		inString bool
		escaped  bool
	)
	for {
		for ; pos < len(f.buf); pos++ {
			b := f.buf[pos]
			switch {
			case inString:
				switch {
				case escaped:
					escaped = false
				case b == '\\':
					escaped = true
				case b == '"':
					inString = false
				}
			case b == '{' || b == '[':
				if depth++; depth > maxDepth {
					return nil, fmt.Errorf("message nested deeper than %d levels: %w", maxDepth, ErrProtocol)
				}
				if depth == 1 && b == '[' {
					return nil, fmt.Errorf("message is no JSON object: %w", ErrProtocol)
				}
			case depth == 0:
				if b != ' ' && b != '\n' && b != '\r' && b != '\t' {
					return nil, fmt.Errorf("byte 0x%02x where a JSON object begins: %w", b, ErrProtocol)
				}
				f.start = pos + 1
			case b == '"':
				inString = true
			case b == '}' || b == ']':
				if depth--; depth == 0 {
					message := f.buf[f.start : pos+1]
					f.start = pos + 1
					return message, nil
				}
			}
			if pos-f.start >= f.maxMessage {
				return nil, fmt.Errorf("message larger than %d bytes: %w", f.maxMessage, ErrProtocol)
			}
		}
		pos -= f.start
		if err := f.fill(); err != nil {
			if err == io.EOF && depth > 0 {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		pos += f.start
	}
}

// fill reads once more, after moving or growing the buffer if it is full.
func (f *framer) fill() error {
	if len(f.buf) == cap(f.buf) {
		unread := f.buf[f.start:]
		buf := f.buf[:0]
		if len(unread) > cap(f.buf)/2 {
			buf = make([]byte, 0, 2*cap(f.buf))
		}
		f.buf, f.start = append(buf, unread...), 0
	}
	n, err := f.r.Read(f.buf[len(f.buf):cap(f.buf)])
	f.buf = f.buf[:len(f.buf)+n]
	if n > 0 {
		return nil
	}
	if err == nil {
		return io.ErrNoProgress
	}
	return err
}
