// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs

import (
	"encoding/binary"
	"encoding/json"

	"github.com/ovskit/ovskit/fakeovs/internal/intercept"
	"github.com/ovskit/ovskit/openflow"
)

// faultMessage is a message, as far as faults look into it.
type faultMessage struct {
	bridge     string // "" of the database
	fromServer bool
	raw        []byte
	rpc        struct {
		ID     json.RawMessage
		Method string
		Params []json.RawMessage
	}
}

func parseMessage(bridge string, fromServer bool, raw []byte) *faultMessage {
	m := &faultMessage{bridge: bridge, fromServer: fromServer, raw: raw}
	if bridge == "" {
		_ = json.Unmarshal(raw, &m.rpc) // what is none has no method
	}
	return m
}

func (f *Fault) selects(m *faultMessage) bool {
	switch {
	case f.Bridge != m.bridge || f.FromServer != m.fromServer:
		return false
	case m.bridge == "" && f.Method != "" && f.Method != m.rpc.Method:
		return false
	case m.bridge != "" && f.Type != nil && *f.Type != m.raw[1]:
		return false
	}
	return f.Match == nil || f.Match(m.raw)
}

// act is what the fault does to a message; false if it is none that it can be done to.
func (i *Injected) act(m *faultMessage) (intercept.Verdict, bool) {
	switch a := i.fault.Do.(type) {
	case nil, Drop:
		return intercept.Verdict{Drop: true}, true
	case Hold:
		return intercept.Verdict{Wait: i.released}, true
	case Delay:
		over := make(chan struct{})
		i.faults.ovs.clock.AfterFunc(a.For, func() { close(over) })
		return intercept.Verdict{Wait: over}, true
	case Overtake:
		return intercept.Verdict{Until: i.released}, true
	case Cut:
		return intercept.Verdict{Cut: &a.After}, true
	case Refuse:
		if m.bridge != "" || m.fromServer || m.rpc.Method != "transact" {
			return intercept.Verdict{}, false
		}
		return intercept.Verdict{Drop: true, Reply: a.reply(m)}, true
	case Answer:
		if m.bridge == "" || m.fromServer {
			return intercept.Verdict{}, false
		}
		return intercept.Verdict{Drop: true, Reply: a.reply(m)}, true
	}
	return intercept.Verdict{}, false
}

// reply is the reply to a transaction: an error of its first operation, and nothing of the others, which were not tried.
func (a Refuse) reply(m *faultMessage) []byte {
	results := make([]any, max(1, len(m.rpc.Params)-1))
	results[0] = map[string]string{"error": a.Error, "details": a.Details}
	text, err := json.Marshal(map[string]any{"id": m.rpc.ID, "result": results, "error": nil})
	if err != nil {
		panic(err) // of an id that was parsed
	}
	return text
}

// reply is an error in the version of the message, with as much of that as Open vSwitch repeats.
func (a Answer) reply(m *faultMessage) []byte {
	const repeated = 64
	xid := binary.BigEndian.Uint32(m.raw[4:])
	e := openflow.Error{Code: a.Code, Data: m.raw[:min(len(m.raw), repeated)]}
	b, err := openflow.Encode(openflow.Version(m.raw[0]), e, xid)
	if err != nil {
		b, _ = openflow.Encode(openflow.Version13, e, xid) // the version has no such error
	}
	return b
}
