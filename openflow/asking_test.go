// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"encoding/hex"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	of "github.com/ovskit/ovskit/openflow"
)

// asker talks to a switch in a version of the protocol, one message at a time.
type asker struct {
	*peer
	v   of.Version
	xid uint32
	raw [][]byte // the messages of the last answer
}

func newAsker(t *testing.T, endpoint string, v of.Version) *asker {
	t.Helper()
	nc, err := net.Dial("unix", strings.TrimPrefix(endpoint, "unix:"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	if err := nc.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	a := &asker{peer: &peer{t, nc}, v: v}
	a.send(of.Hello{Version: v, Bitmap: 1 << v}, 0)
	if hello, ok := a.next().(of.Hello); !ok || !hello.Supports(v) {
		t.Fatalf("the switch does not speak %v", v)
	}
	return a
}

func (a *asker) send(m of.Message, xid uint32) {
	a.t.Helper()
	b, err := of.Encode(a.v, m, xid)
	if err != nil {
		a.t.Fatal(err)
	}
	if _, err := a.nc.Write(b); err != nil {
		a.t.Fatal(err)
	}
}

// next reads a message.
func (a *asker) next() of.Message {
	a.t.Helper()
	b := a.readBytes()
	if b == nil {
		a.t.Fatal("the switch has closed the connection")
	}
	m, _, err := of.Decode(b)
	if err != nil {
		a.t.Fatalf("the switch sends what cannot be decoded: %v\n% x", err, b)
	}
	a.raw = append(a.raw, b)
	return m
}

// ask sends a message, and returns all that the switch answers.
func (a *asker) ask(m of.Message) (answer []of.Message) {
	a.t.Helper()
	a.xid++
	a.send(m, a.xid)
	a.send(of.BarrierRequest{}, a.xid)
	for a.raw = nil; ; {
		m := a.next()
		if _, ok := m.(of.BarrierReply); ok {
			a.raw = a.raw[:len(a.raw)-1]
			return answer
		}
		answer = append(answer, m)
	}
}

// tell sends messages that have no answer.
func (a *asker) tell(messages ...of.Message) {
	a.t.Helper()
	for _, m := range messages {
		if answer := a.ask(m); len(answer) > 0 {
			a.t.Errorf("%v: %+v is answered by %v", a.v, m, answer)
		}
	}
}

// parts is what the parts of an answer to a request hold.
func parts[T any, M of.Message](a *asker, request of.Message, part func(M) []T) (all []T) {
	a.t.Helper()
	for _, m := range a.ask(request) {
		reply, ok := m.(M)
		if !ok {
			a.t.Fatalf("%v: %+v is answered by %+v", a.v, request, m)
		}
		all = append(all, part(reply)...)
	}
	return all
}

// ofctl runs ovs-ofctl in a version of the protocol.
func ofctl(t *testing.T, v of.Version, args ...string) string {
	t.Helper()
	out, err := exec.Command("ovs-ofctl", append([]string{"-O" + v.String()}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("ovs-ofctl %v: %v\n%s", args, err, out)
	}
	return string(out)
}

var allVersions = []of.Version{of.Version13, of.Version14, of.Version15}

// answer is the one message of the last answer.
func (a *asker) answer(t *testing.T) of.Message {
	t.Helper()
	if len(a.raw) != 1 {
		t.Fatalf("%d messages are the answer, want 1", len(a.raw))
	}
	m, _, err := of.Decode(a.raw[0])
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// ofpPrint is what ovs-ofctl reads in a message.
func ofpPrint(t *testing.T, b []byte) string {
	t.Helper()
	out, err := exec.Command("ovs-ofctl", "ofp-print", hex.EncodeToString(b), "2").CombinedOutput()
	if err != nil || strings.Contains(string(out), "***") {
		t.Errorf("ovs-ofctl ofp-print: %v\n%s", err, out)
	}
	return string(out)
}
