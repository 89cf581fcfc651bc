// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"encoding/hex"
	"errors"
	"testing"
)

// TestAsyncProperties writes and reads the form of OpenFlow 1.4.
func TestAsyncProperties(t *testing.T) {
	config := AsyncConfig{
		Primary:   AsyncMasks{1, 2, 3, 4, 5, 6},
		Secondary: AsyncMasks{7, 8, 9, 10, 11, 12},
	}
	const want = "00000008" + "00000007" + "00010008" + "00000001" + // packet-in
		"00020008" + "00000008" + "00030008" + "00000002" + // port-status
		"00040008" + "00000009" + "00050008" + "00000003" + // flow-removed
		"00060008" + "0000000a" + "00070008" + "00000004" + // role-status
		"00080008" + "0000000b" + "00090008" + "00000005" + // table-status
		"000a0008" + "0000000c" + "000b0008" + "00000006" // requestforward
	b := appendAsync(nil, Version14, config)
	if got := hex.EncodeToString(b); got != want {
		t.Errorf("encoded\n%s, want\n%s", got, want)
	}
	unknown, _ := hex.DecodeString("ffff000c" + "0000232000000001" + "00000000" + "000e0008" + "00000001")
	m, err := decodeAsyncMessage(&reader{b: append(unknown, b...)}, Version14, typeGetAsyncReply)
	if got, ok := m.(GetAsyncReply); err != nil || !ok || got.AsyncConfig != config {
		t.Errorf("decoded %+v, error %v; want %+v", m, err, config)
	}
}

// TestAsyncMalformed refuses properties that end too early, are no masks or have no length.
func TestAsyncMalformed(t *testing.T) {
	for _, text := range []string{"00", "0000", "00000000", "00000003", "00000008", "0000000800", "000000040000", "0000000c0000000000000001",
		"00010009000000010000000000000000", "ffff0010"} {
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		var refusal *DecodeError
		if m, err := decodeAsyncMessage(&reader{b: b}, Version14, typeSetAsync); !errors.As(err, &refusal) {
			t.Errorf("%s is decoded as %+v, error %v; want a DecodeError", text, m, err)
		}
	}
}
