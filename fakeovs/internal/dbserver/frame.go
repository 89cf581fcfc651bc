// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"errors"
	"fmt"
	"io"
)

// frameReader splits a stream of JSON objects: RFC 7047, section 4, leaves no other mark between messages.
type frameReader struct {
	r     io.Reader
	limit int

	buf []byte
	// buf[start:end] has been read and not been returned; buf[start:at] has been looked at.
	start, at, end int
	received       int64 // bytes in all
	// resized is told of each new size of the buffer; it may be nil.
	resized           func(size int)
	depth             int
	inString, escaped bool

	checked int // how much of the beginning of an object is known to be well-formed
}

// The size of a reader's buffer, which grows for the time of a longer message.
const (
	frameBuffer    = 4 << 10
	maxFrameBuffer = 64 << 10
)

func newFrameReader(r io.Reader, limit int) *frameReader {
	return &frameReader{r: r, limit: limit, buf: make([]byte, frameBuffer)}
}

// next returns the text of the next object, which is valid until the next call.
func (f *frameReader) next() ([]byte, error) {
	for {
		frame, err := f.scan()
		if frame != nil || err != nil {
			return frame, err
		}
		if err := f.check(); err != nil {
			return nil, err
		}
		if err := f.fill(); err != nil {
			if err == io.EOF && f.depth > 0 {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
}

// maxChecked is up to which length the beginning of a message is checked.
const maxChecked = 64 << 10

// check fails if what has come of a message cannot be the beginning of one, so that the client need not send the end to
// learn of it. It looks at a message that comes in many pieces only as often as its length doubles.
func (f *frameReader) check() error {
	n := f.end - f.start
	if n > maxChecked || n > frameBuffer && n < 2*f.checked {
		return nil
	}
	f.checked = n
	if n > 0 && !incompleteJSON(f.buf[f.start:f.end]) {
		return errors.New("message is not JSON")
	}
	return nil
}

// ready reports whether next will return an object without reading.
func (f *frameReader) ready() bool {
	ahead := *f
	frame, _ := ahead.scan()
	return frame != nil
}

// fill reads more. What was returned before is lost.
func (f *frameReader) fill() error {
	if f.start == f.end {
		f.start, f.at, f.end = 0, 0, 0
		if len(f.buf) > maxFrameBuffer {
			f.setBuffer(make([]byte, frameBuffer))
		}
	}
	if f.end == len(f.buf) {
		to := f.buf
		if f.start < len(f.buf)/2 {
			to = make([]byte, 2*len(f.buf))
		}
		f.end = copy(to, f.buf[f.start:f.end])
		f.at -= f.start
		f.start = 0
		f.setBuffer(to)
	}
	n, err := f.r.Read(f.buf[f.end:])
	f.end += n
	f.received += int64(n)
	if n > 0 {
		return nil
	}
	return err
}

func (f *frameReader) setBuffer(b []byte) {
	if f.resized != nil && len(b) != len(f.buf) {
		f.resized(len(b))
	}
	f.buf = b
}

// scan returns the text of the next object if it is in the buffer, else nil.
func (f *frameReader) scan() ([]byte, error) {
	for ; f.at < f.end; f.at++ {
		c := f.buf[f.at]
		if f.depth == 0 {
			switch c {
			case ' ', '\t', '\r', '\n':
				f.start = f.at + 1
				continue
			case '{':
			default:
				return nil, fmt.Errorf("message does not begin with '{' but with %q", c)
			}
		}
		if f.at-f.start == f.limit {
			return nil, fmt.Errorf("message of more than %d bytes", f.limit)
		}
		switch {
		case f.escaped:
			f.escaped = false
		case f.inString:
			f.escaped = c == '\\'
			f.inString = c != '"'
		case c == '"':
			f.inString = true
		case c == '{' || c == '[':
			if f.depth++; f.depth > maxDepth {
				return nil, fmt.Errorf("message nested deeper than %d levels", maxDepth)
			}
		case c == '}' || c == ']':
			if f.depth--; f.depth == 0 {
				f.at++
				frame := f.buf[f.start:f.at]
				f.start = f.at
				return frame, nil
			}
		}
	}
	return nil, nil
}
