// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofwire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must(t *testing.T) func([]byte, error) []byte {
	return func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}

var reg0 = Field{Class: 1, Number: 0, Bytes: 4}

// TestGroupOfDelete looks at out_group, in whose place libOpenflow would write out_port.
func TestGroupOfDelete(t *testing.T) {
	b := must(t)(FlowMod{Command: 3, OutPort: 0x11, OutGroup: 0x22}.Encode(1))
	if port, group := binary.BigEndian.Uint32(b[36:]), binary.BigEndian.Uint32(b[40:]); port != 0x11 || group != 0x22 {
		t.Errorf("out_port is %#x and out_group %#x, want 0x11 and 0x22", port, group)
	}
}

// TestInstructionsOfDelete gives a delete instructions, of which libOpenflow would write some.
func TestInstructionsOfDelete(t *testing.T) {
	bare := must(t)(FlowMod{Command: 4}.Encode(1))
	b := must(t)(FlowMod{Command: 4, Instructions: Instructions{Goto: 3}}.Encode(1))
	if !bytes.Equal(b, bare) {
		t.Errorf("got\n% x, want\n% x", b, bare)
	}
}

func TestNATWithOnePort(t *testing.T) {
	b := must(t)(NAT{Source: true, AddrMin: netip.MustParseAddr("10.0.0.1"), PortMin: 80}.Encode())
	want := []byte{0xff, 0xff, 0, 24, 0, 0, 0x23, 0x20, 0, 36, 0, 0, 0, 1, 0, 0x31, 10, 0, 0, 1, 0, 80, 0, 80}
	if !bytes.Equal(b, want) {
		t.Errorf("got\n% x, want\n% x", b, want)
	}
}

func TestTooLong(t *testing.T) {
	long := make([]byte, 65528)
	many := make([]TLV, 10_000)
	for i := range many {
		many[i] = TLV{Field: reg0, Value: make([]byte, 4)}
	}
	for name, encode := range map[string]func() ([]byte, error){
		"actions":    func() ([]byte, error) { return FlowMod{Instructions: Instructions{Apply: [][]byte{long}}}.Encode(1) },
		"both lists": func() ([]byte, error) { return Instructions{Apply: [][]byte{long}, Write: [][]byte{long}}.Append(nil) },
		"match":      func() ([]byte, error) { return FlowMod{Match: many}.Encode(1) },
		"bare match": func() ([]byte, error) { return Match(many) },
		"request":    func() ([]byte, error) { return FlowStatsRequest{Match: many}.Encode(1) },
		"ct":         func() ([]byte, error) { return CT{Actions: [][]byte{long}}.Encode() },
		"packet":     func() ([]byte, error) { return PacketOut(1, 1, nil, long) },
		"bundle":     func() ([]byte, error) { return BundleAdd(1, 1, 0, long) },
		"multipart":  func() ([]byte, error) { return Multipart(1, 1, long, false) },
	} {
		if b, err := encode(); !errors.Is(err, ErrTooLong) {
			t.Errorf("%s: %d bytes, error %v; want %v", name, len(b), err, ErrTooLong)
		}
	}
}

// panicking is a message that fails as those of libOpenflow do.
type panicking struct{ bytesMessage }

func (panicking) MarshalBinary() ([]byte, error) { panic("index out of range") }

func TestPanicBecomesError(t *testing.T) {
	if _, err := marshal(panicking{}); err == nil || !strings.Contains(err.Error(), "index out of range") {
		t.Errorf("error is %v", err)
	}
	if _, err := marshal(bytesMessage{0, 0, 0, 9, 0}); err == nil {
		t.Error("5 bytes that claim to be 9 are let through")
	}
}

// TestConcurrent encodes in many goroutines, for the race detector.
func TestConcurrent(t *testing.T) {
	encode := func() (string, error) {
		set, err := SetField(TLV{Field: reg0, Value: []byte{0, 0, 0, 1}, Mask: []byte{0, 0, 0, 3}})
		if err != nil {
			return "", err
		}
		ct, err := CT{Commit: true, Zone: 3, Table: NoTable, Actions: [][]byte{set}}.Encode()
		if err != nil {
			return "", err
		}
		mod := FlowMod{Match: []TLV{{Field: reg0, Value: []byte{0, 0, 0, 1}}}, Instructions: Instructions{Apply: [][]byte{ct, set}}}
		b, err := mod.Encode(7)
		return fmt.Sprintf("%x", b), err
	}
	want, err := encode()
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 50 {
				if got, err := encode(); err != nil || got != want {
					t.Errorf("got %s, error %v; want %s", got, err, want)
				}
			}
		}()
	}
	wg.Wait()
}
