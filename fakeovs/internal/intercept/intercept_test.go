// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package intercept

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/ovskit/ovskit/fakeovs/internal/mempipe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pieces splits a whole stream.
func pieces(split Splitter, stream string) (list []string, err error) {
	r := bufio.NewReader(strings.NewReader(stream))
	for {
		b, err := split(r)
		if len(b) > 0 {
			list = append(list, string(b))
		}
		if err != nil {
			return list, err
		}
	}
}

func TestSplit(t *testing.T) {
	for _, tt := range []struct {
		name   string
		split  Splitter
		stream string
		want   []string
	}{
		{"objects", JSON, `{"a":"}\""} [{}]{`, []string{`{"a":"}\""}`, ` [{}]`, `{`}},
		{"nothing", JSON, "", nil},
		{"messages", OpenFlow, "\x04\x00\x00\x08abcd\x04\x01\x00\x0aabcdxy\x04\x00", []string{"\x04\x00\x00\x08abcd", "\x04\x01\x00\x0aabcdxy", "\x04\x00"}},
		{"length that is too short", OpenFlow, "\x04\x00\x00\x00abcd", []string{"\x04\x00\x00\x00abcd"}},
	} {
		got, err := pieces(tt.split, tt.stream)
		if strings.Join(got, "|") != strings.Join(tt.want, "|") || err == nil {
			t.Errorf("%s: got %q, %v; want %q and the end", tt.name, got, err, tt.want)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add(`{"a":1}[`)
	f.Add("\x04\x00\x00\x08abcd\xff\xff\xff\xff")
	f.Fuzz(func(t *testing.T, stream string) {
		got, _ := pieces(JSON, stream)
		if all := strings.Join(got, ""); all != stream {
			t.Errorf("JSON: got %q out of %q", all, stream)
		}
		if _, err := pieces(OpenFlow, stream); !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("OpenFlow: got error %v of %q, want the end", err, stream)
		}
	})
}

// What waits when the connection ends waits no more.
func TestProxyEnds(t *testing.T) {
	client, a := mempipe.New()
	b, server := mempipe.New()
	never := make(chan struct{})
	p := Start(a, b, JSON, func(fromServer bool, message []byte) Verdict {
		switch {
		case fromServer:
			return Verdict{Wait: never}
		case bytes.Contains(message, []byte("late")):
			return Verdict{Until: never}
		}
		return Verdict{}
	})
	if _, err := io.WriteString(client, `{"late":1}{}`); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 2)
	if _, err := io.ReadFull(server, got); err != nil || string(got) != "{}" {
		t.Errorf("the server read %q, %v; want the message that overtakes", got, err)
	}
	if _, err := io.WriteString(server, "{}"); err != nil {
		t.Fatal(err)
	}
	client.Close()
	p.Wait()
	server.Close()
	p.Close()
}
