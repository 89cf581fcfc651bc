// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/internal/tier"
	of "github.com/ovskit/ovskit/openflow"
)

var update = flag.Bool("update", false, "write testdata from what the code gives now")

const goldenFile = "testdata/flowmods.txt"

// readGolden reads the encoded flow-mods by name.
func readGolden(t *testing.T) map[string][]byte {
	t.Helper()
	text, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	golden := map[string][]byte{}
	for _, section := range strings.Split(string(text), "\n# ")[1:] {
		name, dump, _ := strings.Cut(section, "\n")
		b, err := hex.DecodeString(strings.Join(strings.Fields(dump), ""))
		if err != nil {
			t.Fatalf("%s: %s: %v", goldenFile, name, err)
		}
		golden[name] = b
	}
	return golden
}

// dump writes eight bytes a line.
func dump(b []byte) string {
	var s strings.Builder
	for len(b) > 0 {
		n := min(8, len(b))
		fmt.Fprintf(&s, "% x\n", b[:n])
		b = b[n:]
	}
	return s.String()
}

func TestGoldenFlowMods(t *testing.T) {
	if *update {
		out := "The typical flow-mods as they go over the wire. go test -run TestGoldenFlowMods -update writes this.\n"
		for _, tc := range typical {
			b, err := of.Encode(of.Version13, tc.mod, 0x01020304)
			if err != nil {
				t.Fatal(err)
			}
			out += "\n# " + tc.name + "\n" + dump(b)
		}
		if err := os.WriteFile(goldenFile, []byte(out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden := readGolden(t)
	for _, tc := range typical {
		t.Run(tc.name, func(t *testing.T) {
			got, err := of.Encode(of.Version13, tc.mod, 0x01020304)
			if err != nil {
				t.Fatal(err)
			}
			if want := golden[tc.name]; !bytes.Equal(got, want) {
				t.Errorf("encoded (-want +got):\n%s", cmp.Diff(dump(want), dump(got)))
			}
			m, xid, err := of.Decode(golden[tc.name])
			if err != nil || xid != 0x01020304 {
				t.Fatalf("Decode: transaction %#x, error %v", xid, err)
			}
			mod := m.(of.FlowMod)
			mod.Match = tc.mod.Match // the order of its fields differs
			if diff := cmp.Diff(tc.mod, mod, cmpOptions); diff != "" {
				t.Errorf("decoded (-want +got):\n%s", diff)
			}
			if got, want := m.(of.FlowMod).Key(), tc.mod.Key(); got != want {
				t.Errorf("key of what was decoded is %q, want %q", got, want)
			}
		})
	}
}

// TestGoldenPrint has Open vSwitch say what the golden bytes mean.
func TestGoldenPrint(t *testing.T) {
	t.Parallel()
	tier.Need(t, tier.Sandbox)
	golden := readGolden(t)
	for _, tc := range typical {
		t.Run(tc.name, func(t *testing.T) {
			out := ofpPrint(t, golden[tc.name])
			match, actions, _ := strings.Cut(tc.text, "actions=")
			for _, want := range append(strings.FieldsFunc(match, func(r rune) bool { return r == ',' || r == ' ' }), "actions="+actions) {
				if !strings.Contains(out, want) {
					t.Errorf("%s is not in:\n%s", want, out)
				}
			}
		})
	}
}
