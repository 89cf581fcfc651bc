// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// dialScripts dials a server with a script for each connection.
func dialScripts(t testing.TB, o Options, scripts ...func(p *peer)) (*Client, error) {
	t.Helper()
	o.Endpoint, o.Database, o.MinBackoff = listen(t, scripts...), "Test", time.Millisecond
	c, err := Dial(testContext(t), o)
	if err == nil {
		t.Cleanup(func() { c.Close() })
	}
	return c, err
}

// A description is what a server says of the database Test.
type description struct {
	Name      string `json:"name"`
	Model     string `json:"model"`
	Connected bool   `json:"connected"`
	Leader    bool   `json:"leader"`
	Schema    any    `json:"schema"`
	CID       any    `json:"cid"`
	Index     any    `json:"index"`
}

// member describes the database of a member of a cluster.
func member(leader bool, index int) description {
	return description{Name: "Test", Model: "clustered", Connected: true, Leader: leader, Schema: testSchema,
		CID: []string{"uuid", uuidC}, Index: index}
}

// json is the description, or only some columns of it.
func (d description) json(columns ...string) string {
	text, err := json.Marshal(d)
	if err != nil || len(columns) == 0 {
		return string(text)
	}
	var all, some = map[string]json.RawMessage{}, map[string]json.RawMessage{}
	if json.Unmarshal(text, &all) != nil {
		return ""
	}
	for _, column := range columns {
		some[column] = all[column]
	}
	text, _ = json.Marshal(some)
	return string(text)
}

// describe answers what a client asks first with a description of the
// database, or without one.
func (p *peer) describe(d *description) {
	r := p.expect("monitor_cond_since")
	if want := `["_Server","server",`; !strings.HasPrefix(string(r.Params), want) {
		p.t.Errorf("monitor_cond_since: got params %s, want %s", r.Params, want)
	}
	rows := `{}`
	if d != nil {
		rows = `{"Database":{"` + uuidB + `":{"initial":{"name":"Other","model":"standalone"}},"` + uuidA + `":{"initial":` + d.json() + `}}}`
	}
	p.answer(r, `[false,"`+noTransaction+`",`+rows+`]`)
	r = p.expect("set_db_change_aware")
	if string(r.Params) != "[true]" {
		p.t.Errorf("set_db_change_aware: got params %s", r.Params)
	}
	p.answer(r, `{}`)
}

// become tells of a change of the database's description.
func (p *peer) become(change string) {
	p.send("%s", `{"id":null,"method":"update3","params":["server","`+noTransaction+`",{"Database":{"`+uuidA+`":`+change+`}}]}`)
}

// state waits until the state of the client is as wanted.
func waitState(t testing.TB, c *Client, want func(State) bool) State {
	t.Helper()
	ctx := testContext(t)
	for {
		changed := c.StateChanged()
		s := c.State()
		if want(s) {
			return s
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("state: %+v", s)
		}
	}
}

// A client leaves a server that says that it cannot be used any more, and goes
// on with the next one.
func TestServerBecomesUnfit(t *testing.T) {
	newSchema := strings.Replace(testSchema, `"1.0.0"`, `"2.0.0"`, 1)
	changed := member(true, 1)
	changed.Schema = newSchema
	changed.Index = 2
	for _, tt := range []struct {
		name   string
		change func(p *peer)
		next   description
		want   error
		text   string
	}{
		{"follower", func(p *peer) { p.become(`{"modify":{"leader":false}}`) }, member(true, 1), ErrNotLeader, "not the leader"},
		{"alone", func(p *peer) { p.become(`{"modify":{"connected":false}}`) }, member(true, 1), ErrNoCluster, "not connected"},
		{"without the database", func(p *peer) { p.become(`{"delete":null}`) }, member(true, 1), nil, `server has removed database "Test"`},
		{"with another schema", func(p *peer) { p.become(`{"modify":` + changed.json("schema") + `}`) }, changed, nil,
			`server has changed the schema of database "Test"`},
		{"with another schema, told by the monitor", func(p *peer) { p.send(`{"id":null,"method":"monitor_canceled","params":["monitor 1"]}`) },
			changed, nil, "database was removed or converted"},
		{"behind itself", func(p *peer) { p.become(`{"modify":{"index":0}}`) }, member(true, 1), ErrStale, "at index 0, was at 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			reasons := make(chan error, 2)
			first := member(true, 1)
			c, err := dialScripts(t, Options{LeaderOnly: true, Hooks: Hooks{Disconnected: func(err error) { reasons <- err }}},
				func(p *peer) {
					p.describe(&first)
					p.become(`{"modify":{"index":1}}`) // which is no news
					p.answer(p.expect("echo"), `["ovskit"]`)
					tt.change(p)
					p.wait()
				},
				func(p *peer) { p.describe(&tt.next); p.wait() },
			)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Echo(testContext(t)); err != nil {
				t.Error(err)
			}
			reason := <-reasons
			if tt.want != nil && !errors.Is(reason, tt.want) || !strings.Contains(reason.Error(), tt.text) {
				t.Errorf("connection ended with %v, want %v with %q", reason, tt.want, tt.text)
			}
			waitState(t, c, func(s State) bool { return s.Connections == 2 })
			want := "1.0.0"
			if tt.next.Schema == newSchema {
				want = "2.0.0"
			}
			if got := c.Schema().Version; got != want {
				t.Errorf("schema: got version %s, want %s", got, want)
			}
		})
	}
}

// A server that cannot be used is not, although it answers.
func TestServerIsUnfit(t *testing.T) {
	alone := member(true, 1)
	alone.Connected = false
	standalone := description{Name: "Test", Model: "standalone", Schema: testSchema, CID: []any{"set", []any{}}, Index: []any{"set", []any{}}}
	joining := member(false, 0)
	joining.Schema = []any{"set", []any{}}
	broken := member(true, 1)
	broken.Schema = "{"
	for _, tt := range []struct {
		name       string
		row        *description
		leaderOnly bool
		want       error
		text       string
	}{
		{"follower", ptr(member(false, 1)), false, nil, ""},
		{"follower, leader only", ptr(member(false, 1)), true, ErrNotLeader, "server cannot be used: not the leader of its cluster"},
		{"leader", ptr(member(true, 1)), true, nil, ""},
		{"alone", &alone, false, ErrNoCluster, "server cannot be used: not connected to its cluster"},
		{"standalone, neither connected nor leader", &standalone, true, nil, ""},
		{"joining", &joining, false, ErrUnknownDatabase, "get_schema: server answered: unknown database"},
		{"unknown database", nil, false, ErrUnknownDatabase, "get_schema: server answered: unknown database"},
		{"broken schema", &broken, false, ErrProtocol, "malformed schema"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := dialScripts(t, Options{LeaderOnly: tt.leaderOnly}, func(p *peer) {
				p.describe(tt.row)
				switch {
				case tt.want == ErrUnknownDatabase:
					p.refuse(p.expect("get_schema"), `"unknown database"`)
				case tt.row.Model == "standalone":
					p.expectParams("monitor_cond", `["Test","schema",{}]`, `{}`)
					p.expectParams("get_schema", `["Test"]`, testSchema)
				}
				p.wait()
			})
			if !errors.Is(err, tt.want) || err != nil && !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got error %v, want %v with %q", err, tt.want, tt.text)
			}
		})
	}
}

// A client that has seen the database at an index accepts no member of the
// cluster that is behind it, but another cluster.
func TestServerIsStale(t *testing.T) {
	other := member(false, 3)
	other.CID = []string{"uuid", uuidB}
	serve := func(d description) func(*peer) {
		return func(p *peer) { p.describe(&d); p.wait() }
	}
	serveAndEnd := func(d description) func(*peer) {
		return func(p *peer) { p.describe(&d); p.answer(p.expect("echo"), `["ovskit"]`) }
	}
	var mu = make(chan error, 10)
	c, err := dialScripts(t, Options{Hooks: Hooks{Disconnected: func(err error) { mu <- err }}},
		func(p *peer) {
			p.describe(ptr(member(false, 10)))
			p.become(`{"modify":{"index":12}}`)
			p.answer(p.expect("echo"), `["ovskit"]`)
		},
		serve(member(false, 10)), serve(member(false, 11)), serveAndEnd(member(false, 12)), serveAndEnd(other), serve(member(false, 1)))
	if err != nil {
		t.Fatal(err)
	}
	for connections := 1; connections <= 3; connections++ {
		s := waitState(t, c, func(s State) bool { return s.Connections == connections })
		if err := c.Echo(testContext(t)); err != nil {
			t.Errorf("connection %d, %+v: %v", connections, s, err)
		}
		if err := <-mu; !errors.Is(err, io.EOF) {
			t.Errorf("connection %d ended with %v, want %v", connections, err, io.EOF)
		}
		if connections == 1 {
			s := waitState(t, c, func(s State) bool { return s.Failures == 2 || s.Connections == 2 })
			if s.Failures == 2 && (!errors.Is(s.Err, ErrStale) || !strings.Contains(s.Err.Error(), "at index 11, was at 12")) {
				t.Errorf("second attempt: got error %v, want %v with both indexes", s.Err, ErrStale)
			}
		}
	}
	waitState(t, c, func(s State) bool { return s.Connections == 4 })
}

// What a server says of itself right after its answers is heeded.
func TestServerChangesWhileConnecting(t *testing.T) {
	follower := member(true, 1)
	_, err := dialScripts(t, Options{LeaderOnly: true, NoReconnect: true}, func(p *peer) {
		p.answer(p.expect("monitor_cond_since"), `[false,"`+noTransaction+`",{"Database":{"`+uuidA+`":{"initial":`+follower.json()+`}}}]`)
		r := p.expect("set_db_change_aware")
		for range 100 {
			p.become(`{"modify":{"index":1}}`)
		}
		p.answer(r, `{}`)
		for range 100 {
			p.become(`{"modify":{"index":1}}`)
		}
		p.wait()
	})
	if err != nil {
		t.Error(err)
	}
}

// Transactions that waited for a connection, alone or in a batch, are sent as
// the schema is then.
func TestTransactAfterConversion(t *testing.T) {
	converted := strings.Replace(testSchema, `"U":{"columns":{"text":{"type":"string"}}}`,
		`"U":{"columns":{"text":{"type":{"key":"string","value":"string","min":0,"max":"unlimited"}}}}`, 1)
	first, second := member(true, 1), member(true, 2)
	second.Schema = converted
	disconnected, goOn := make(chan struct{}, 1), make(chan struct{})
	c, err := dialScripts(t, Options{Hooks: Hooks{Disconnected: func(error) { disconnected <- struct{}{} }}},
		func(p *peer) { p.describe(&first); p.answer(p.expect("echo"), `["ovskit"]`) },
		func(p *peer) {
			<-goOn
			p.describe(&second)
			for {
				r, ok := p.next()
				if !ok {
					return
				}
				n := strings.Count(string(r.Params), `{"op":"select","table":"U","where":[],"columns":["text"]}`)
				if strings.Count(string(r.Params), `"op"`) != n {
					t.Errorf("server got %s %s, want selects alone", r.Method, r.Params)
				}
				p.answer(r, "["+strings.Repeat(`,{"rows":[{"text":["map",[["a","b"]]]}]}`, n)[1:]+"]")
			}
		})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Echo(testContext(t)); err != nil {
		t.Error(err)
	}
	<-disconnected
	type transactor func(context.Context, ...Operation) ([]Result, error)
	batcher := NewBatcher(c, BatchOptions{})
	batched := func(ctx context.Context, ops ...Operation) ([]Result, error) {
		results, _, err := batcher.Transact(ctx, ops...)
		return results, err
	}
	const callers = 8
	ended := make(chan struct{})
	for i := range callers {
		transact := transactor(c.Transact)
		if i >= 2 {
			transact = batched
		}
		go func() {
			defer func() { ended <- struct{}{} }()
			if i%2 == 0 {
				results, err := transact(testContext(t), Insert("U", Row{"text": "x"}))
				if !errors.As(err, new(*SchemaError)) {
					t.Errorf("insert that does not fit any more: got %v, error %v, want a *SchemaError", results, err)
				}
				return
			}
			results, err := transact(testContext(t), Select("U", []string{"text"}))
			if diff := gocmp.Diff([]Result{{Rows: []Row{{"text": map[string]string{"a": "b"}}}}}, results); diff != "" || err != nil {
				t.Errorf("select: %v (-want +got):\n%s", err, diff)
			}
		}()
	}
	close(goOn)
	for range callers {
		<-ended
	}
}
