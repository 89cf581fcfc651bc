// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	of "github.com/ovskit/ovskit/openflow"
)

const captureFile = "testdata/actions.txt"

// capture is what a switch sent of one flow: the instructions, and what ovs-ofctl says they are.
type capture struct {
	v     of.Version
	bytes []byte
	text  string
}

// readCaptures reads what TestRealWritten has captured: a line with version, bytes and text for each.
func readCaptures(t testing.TB) (list []capture) {
	t.Helper()
	content, err := os.ReadFile(captureFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(content)), "\n")[1:] {
		parts := strings.SplitN(line, " ", 3)
		b, err := hex.DecodeString(parts[1])
		if err != nil {
			t.Fatalf("%s: %q: %v", captureFile, line, err)
		}
		for _, v := range versions {
			if v.String() == parts[0] {
				list = append(list, capture{v: v, bytes: b, text: parts[2]})
			}
		}
	}
	return list
}

// withInstructions is a flow-mod with instructions of these bytes, nil if they are too many.
func withInstructions(t testing.TB, v of.Version, instructions []byte) []byte {
	b, err := of.Encode(v, of.Add(of.Flow{Table: 1}), 1)
	if err != nil {
		t.Fatal(err)
	}
	if b = append(b, instructions...); len(b) > of.MaxMessage {
		return nil
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	return b
}

// TestCapturedActions reads and writes what a switch once sent.
func TestCapturedActions(t *testing.T) {
	for _, c := range readCaptures(t) {
		m, _, err := of.Decode(withInstructions(t, c.v, c.bytes))
		if err != nil {
			t.Errorf("%v: %s: %v", c.v, c.text, err)
			continue
		}
		mod := m.(of.FlowMod)
		if got := mod.Instructions.String(); got != c.text {
			t.Errorf("%v: read as\n%s, want\n%s", c.v, got, c.text)
		}
		again, err := of.Encode(c.v, mod, 1)
		if err != nil || !bytes.Equal(instructionsOf(again), c.bytes) {
			t.Errorf("%v: %s: written back, error %v, as\n% x, was\n% x", c.v, c.text, err, again, c.bytes)
		}
	}
}

// FuzzActions reads any instructions in every version, and writes what comes out so that it is read as the same.
func FuzzActions(f *testing.F) {
	for _, c := range readCaptures(f) {
		f.Add(uint8(c.v-of.Version13), c.bytes)
	}
	for i, v := range versions {
		for _, tc := range everyAction {
			b, err := of.Encode(v, of.Add(of.Flow{Instructions: apply(tc.action)}), 1)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(uint8(i), instructionsOf(b))
		}
	}
	f.Fuzz(func(t *testing.T, version uint8, instructions []byte) {
		v := versions[int(version)%len(versions)]
		b := withInstructions(t, v, instructions)
		if b == nil {
			return
		}
		m, _, err := of.Decode(b)
		if err != nil {
			return
		}
		mod := m.(of.FlowMod)
		again, err := of.Encode(v, mod, 1)
		if err != nil {
			t.Fatalf("%v: encode %v: %v", v, mod, err)
		}
		m, _, err = of.Decode(again)
		if err != nil {
			t.Fatalf("%v: decode what was encoded of %v: %v\n% x", v, mod, err, again)
		}
		if same := m.(of.FlowMod); !same.Instructions.Equal(mod.Instructions) {
			t.Fatalf("%v: read as\n%v, and after it was written as\n%v", v, mod, same)
		}
		third, err := of.Encode(v, m, 1)
		if err != nil || !bytes.Equal(again, third) {
			t.Fatalf("%v: encoded a third time, error %v\n% x, second time\n% x", v, err, third, again)
		}
	})
}
