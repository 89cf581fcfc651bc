// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// chunks is a reader that returns its data in pieces of given sizes.
type chunks struct {
	data  []byte
	sizes func() int
}

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), c.sizes())], c.data)
	c.data = c.data[n:]
	return n, nil
}

func TestFramerCutsAnyStream(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		messages := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
			text := rapid.StringMatching(`[a-z{}\[\]"\\é]{0,9}`).Draw(t, "text")
			filler := rapid.SampledFrom([]int{0, 1, 100, 70_000}).Draw(t, "filler")
			quoted := appendString(nil, text+strings.Repeat("x", filler))
			return `{"a":[1,{"b":` + string(quoted) + `}]}`
		}), 0, 8).Draw(t, "messages")
		var stream []byte
		for _, m := range messages {
			stream = append(stream, m...)
			stream = append(stream, rapid.SampledFrom([]string{"", "\n", " \t\r\n"}).Draw(t, "space")...)
		}
		sizes := rapid.SampledFrom([]int{1, 7, 4096, 1 << 20})
		f := newFramer(&chunks{data: stream, sizes: func() int { return sizes.Draw(t, "size") }}, 1<<20)
		for i, want := range messages {
			got, err := f.next()
			if err != nil || string(got) != want {
				t.Fatalf("message %d: got %.80q, %v; want %.80q", i, got, err, want)
			}
		}
		if got, err := f.next(); err != io.EOF {
			t.Fatalf("after the last message: got %q, %v; want EOF", got, err)
		}
	})
}

func TestFramerRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, stream string
		want         error
		text         string
	}{
		{"garbage", "hello", ErrProtocol, "byte 0x68"},
		{"an OpenFlow hello", "\x04\x00\x00\x08\x00\x00\x00\x01", ErrProtocol, "byte 0x04"},
		{"an array", "[1,2]", ErrProtocol, "no JSON object"},
		{"a message too large", `{"a":"` + strings.Repeat("x", 2000) + `"}`, ErrProtocol, "larger than 1000 bytes"},
		{"a message nested too deeply", `{"a":` + strings.Repeat("[", 100), ErrProtocol, "deeper than 64"},
		{"an end inside a message", `{"a":"}`, io.ErrUnexpectedEOF, ""},
		{"an end between messages", "  \n", io.EOF, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := newFramer(iotest.OneByteReader(strings.NewReader(tt.stream)), 1000).next()
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got error %v, want %v with %q", err, tt.want, tt.text)
			}
		})
	}
}

// A stream of large messages must not make the buffer grow with its length.
func TestFramerMemoryIsBounded(t *testing.T) {
	message := []byte(`{"a":"` + strings.Repeat("x", 300_000) + `"}`)
	stream := append(bytes.Repeat(message, 50), `{"last":1}`...)
	f := newFramer(bytes.NewReader(stream), 1<<20)
	for range 50 {
		if _, err := f.next(); err != nil {
			t.Fatal(err)
		}
		if got, want := cap(f.buf), 1<<20; got > want {
			t.Fatalf("buffer has %d bytes after messages of %d, want at most %d", got, len(message), want)
		}
	}
	if _, err := f.next(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.next(); err != io.EOF {
		t.Fatal(err)
	}
	if got := cap(f.buf); got != framerBuffer {
		t.Errorf("buffer has %d bytes once the large messages are gone, want %d", got, framerBuffer)
	}
}

func FuzzFramer(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":"\"}"} {"b":[]}`, `[`, "\x00", `{"a":{{{{`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		framer := newFramer(bytes.NewReader(stream), 1000)
		total := 0
		for {
			message, err := framer.next()
			if err != nil {
				return
			}
			if total += len(message); len(message) > 1000 || total > len(stream) {
				t.Fatalf("message of %d bytes out of a stream of %d", len(message), len(stream))
			}
			if m, err := parseMessage(message); err == nil && m.method == nil && m.err != nil {
				parseServerError("x", m.err)
			}
		}
	})
}
