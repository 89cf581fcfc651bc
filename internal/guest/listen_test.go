// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestListen(t *testing.T) {
	const first = `{} {"Output":"YWI="} {"Output":"Yw=="} {"Ended":{"ExitCode":0,"Reason":""}}`
	one := []Result{{Output: []byte("abc")}}
	for _, tt := range []struct {
		name, says string
		results    []Result
		output     string
		err        string
	}{
		{"all well", first + `{"Ended":{"ExitCode":2,"Reason":"exit status 2"}} {"Done":true} rest`,
			append(one, Result{ExitCode: 2, Reason: "exit status 2"}), "", ""},
		{"dies in a command", first + `{"Output":"YWI="}`, one, "ab", "it ended before its commands did: EOF"},
		{"dies in an event", first + `{"Output":"YW`, one, "", "it ended before its commands did: EOF"},
		{"gives up", first + `{"Error":"no memory"}`, one, "", "no memory"},
		{"talks nonsense", first + `nonsense`, one, "", "invalid character"},
	} {
		results, output, err := listen(strings.NewReader(tt.says), io.Discard)
		if diff := cmp.Diff(tt.results, results); diff != "" {
			t.Errorf("%s: results (-want +got):\n%s", tt.name, diff)
		}
		if string(output) != tt.output {
			t.Errorf("%s: output %q, want %q", tt.name, output, tt.output)
		}
		if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.err)
		}
	}
}

// endless says the same again and again.
type endless struct{ text []byte }

func (e endless) Read(b []byte) (int, error) { return copy(b, e.text), nil }

func TestListenIsBounded(t *testing.T) {
	event := []byte(`{"Output":"` + strings.Repeat("YWJj", 300) + `"}`)
	for _, text := range [][]byte{event, bytes.Repeat([]byte(" "), 512)} {
		_, output, err := listen(endless{text}, io.Discard)
		if err == nil || errors.Is(err, io.EOF) || len(output) > maxOutput {
			t.Errorf("%d bytes, %v; want an error after at most %d", len(output), err, maxOutput)
		}
	}
}

func TestTail(t *testing.T) {
	var console tail
	for range 3 {
		if n, err := console.Write(bytes.Repeat([]byte("x"), tailSize-1)); n != tailSize-1 || err != nil {
			t.Errorf("Write: %d, %v", n, err)
		}
	}
	console.Write([]byte("end"))
	if got, want := string(console.text), strings.Repeat("x", tailSize-3)+"end"; got != want {
		t.Errorf("%d bytes that end with %q, want %d", len(got), got[len(got)-5:], len(want))
	}
}
