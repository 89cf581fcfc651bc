// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package uplink

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/ovskit/ovskit/internal/linkstate"
)

func pack(t *testing.T, body []byte) string {
	t.Helper()
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(body)
	w.Close()
	return journalVersion + base64.RawStdEncoding.EncodeToString(packed.Bytes())
}

func TestJournalRoundTrip(t *testing.T) {
	hwaddr, mtu := "02:00:00:00:00:01", int64(1400)
	want := &journal{State: Releasing, Owner: "me", Netns: "/run/netns/x", Boot: "b", At: 5e9, Device: "eth0", DeviceIndex: 7,
		MAC: "02:00:00:00:00:02", MTU: 1500, Up: true, Promisc: true, Silenced: true, IPSettings: "ipv4/rp_filter=1",
		OwnIndex: 9, OwnUp: true, Hwaddr: &hwaddr, MTURequest: &mtu}
	text, err := want.encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeJournal(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreTypes([]linkstate.Object{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestJournalErrors(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", "of another version"},
		{"version", "2 " + pack(t, nil)[2:], "of another version"},
		{"base64", "1 *", "illegal base64"},
		{"compression", "1 " + base64.RawStdEncoding.EncodeToString([]byte("text")), "unexpected EOF"},
		{"JSON", pack(t, []byte("{")), "JSON"},
		{"state", pack(t, []byte(`{"state":"asleep","device":"eth0"}`)), `"asleep"`},
		{"device", pack(t, []byte(`{"state":"adopted"}`)), "names no device"},
		{"size", pack(t, []byte(`{"state":"adopted","device":"eth0","movedSize":9}`)), "too short"},
		{"negative size", pack(t, []byte(`{"state":"adopted","device":"eth0","movedSize":-9}`)), "too short"},
		{"objects", pack(t, []byte("{\"state\":\"adopted\",\"device\":\"eth0\"}\nxxxxxxxx")), "beyond the end"},
		{"bomb", pack(t, make([]byte, maxJournal+1)), "invalid character"},
	} {
		_, err := decodeJournal(tt.text)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "journal: ") {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}
