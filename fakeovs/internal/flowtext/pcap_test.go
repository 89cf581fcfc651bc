// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowtext_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/flowtext"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/internal/tier"
	"github.com/ovskit/ovskit/openflow"
)

// pcap is a capture file with frames.
func pcap(frames [][]byte) []byte {
	b := be.AppendUint32(nil, 0xa1b2c3d4)
	b = be.AppendUint16(b, 2)
	b = be.AppendUint16(b, 4)
	for _, v := range []uint32{0, 0, 65535, 1} {
		b = be.AppendUint32(b, v)
	}
	for _, f := range frames {
		for _, v := range []int{0, 0, len(f), len(f)} {
			b = be.AppendUint32(b, uint32(v))
		}
		b = append(b, f...)
	}
	return b
}

// TestParseAsOpenVSwitch: ovs-ofctl(8) reads the same fields out of random frames.
func TestParseAsOpenVSwitch(t *testing.T) {
	tier.Need(t, tier.Sandbox)
	m := maker{rand.New(rand.NewPCG(1, 2))}
	frames := make([][]byte, 6000)
	for i := range frames {
		frames[i] = m.frame()
	}
	file := filepath.Join(t.TempDir(), "frames.pcap")
	if err := os.WriteFile(file, pcap(frames), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "ovs-ofctl", "parse-pcap", file).Output()
	if err != nil {
		t.Fatalf("ovs-ofctl parse-pcap: %v", err)
	}
	want := strings.Split(string(bytes.TrimSuffix(out, []byte("\n"))), "\n")
	if len(want) != len(frames) {
		t.Fatalf("ovs-ofctl parse-pcap says %d flows of %d frames", len(want), len(frames))
	}
	bad := 0
	for i, frame := range frames {
		var p packet.Packet
		p.Init(frame, openflow.PacketEthernet, packet.MaxVLANs)
		p.Key.SetUint(openflow.FieldInPort, uint64(openflow.PortAny))
		if got := flowtext.FormatFlow(&p.Key, nil); got != want[i] {
			t.Errorf("frame %x:\ngot  %s\nwant %s", frame, got, want[i])
			if bad++; bad == 10 {
				t.FailNow()
			}
		}
	}
}
