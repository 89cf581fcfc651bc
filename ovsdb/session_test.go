// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

func TestDialRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		script func(p *peer)
		want   error
		text   string
	}{
		{"OpenFlow", func(p *peer) { p.send("\x04\x00\x00\x08\x00\x00\x00\x01"); p.wait() }, ErrProtocol, "byte 0x04"},
		{"a server that speaks first", func(p *peer) { p.send("220 mail ready\r\n"); p.wait() }, ErrProtocol, "byte 0x32"},
		{"a server that hangs up", func(p *peer) { p.getSchema() }, io.EOF, "closed by the server"},
		{"a message cut in the middle", func(p *peer) { p.getSchema(); p.send(`{"id":1,`) }, io.ErrUnexpectedEOF, "connection lost"},
		{"malformed JSON", func(p *peer) { p.send(`{"id" 1}`); p.wait() }, ErrProtocol, "malformed message"},
		{"string error", func(p *peer) { p.refuse(p.getSchema(), `"unknown database"`); p.wait() }, ErrUnknownDatabase, "get_schema: server answered: unknown database"},
		{"object error", func(p *peer) {
			p.refuse(p.getSchema(), `{"error":"unknown database","details":"no Test here"}`)
			p.wait()
		}, ErrUnknownDatabase, "unknown database: no Test here"},
		{"another schema", func(p *peer) { p.answer(p.getSchema(), `{"name":"Other","tables":{}}`); p.wait() }, ErrProtocol, `schema of "Other"`},
		{"no schema", func(p *peer) { p.answer(p.getSchema(), `5`); p.wait() }, ErrProtocol, "malformed schema"},
		{"answer with another id", func(p *peer) { p.send(`{"id":77,"result":{},"error":null}`); p.wait() }, ErrProtocol, "never made"},
		{"answer with a strange id", func(p *peer) { p.send(`{"id":["x"],"result":{},"error":null}`); p.wait() }, ErrProtocol, "never made"},
		{"answer without id", func(p *peer) { p.send(`{"result":{},"error":null}`); p.wait() }, ErrProtocol, "never made"},
		{"a huge message", func(p *peer) {
			p.send(`{"id":1,"result":"`)
			for p.conn != nil {
				if _, err := p.conn.Write([]byte(strings.Repeat("x", 1<<16))); err != nil {
					return
				}
			}
		}, ErrProtocol, "larger than"},
		{"deep nesting", func(p *peer) { p.send("%s", `{"id":1,"result":`+strings.Repeat("[", 1000)); p.wait() }, ErrProtocol, "nested deeper"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			endpoint := listen(t, tt.script)
			_, err := Dial(testContext(t), Options{Endpoint: endpoint, Database: "Test", MaxMessage: 1 << 20})
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) || !strings.Contains(err.Error(), endpoint) {
				t.Errorf("got error %v, want %v with %q and the endpoint", err, tt.want, tt.text)
			}
		})
	}
}

func TestDialEndpoints(t *testing.T) {
	for endpoint, want := range map[string]string{
		"":                       `open database "Open_vSwitch": endpoint "": `,
		"unix:":                  `endpoint "unix:": the path is missing`,
		"punix:/x":               `endpoint "punix:/x": a server listens there: a client connects to "unix:PATH"`,
		"ptcp:6640":              `endpoint "ptcp:6640": a server listens there`,
		"http:127.0.0.1":         `endpoint "http:127.0.0.1": not a connection method`,
		"unix:/nonexistent/sock": `at "unix:/nonexistent/sock": dial unix /nonexistent/sock: connect: no such file or directory`,
	} {
		if _, err := Dial(testContext(t), Options{Endpoint: endpoint}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("endpoint %q: got error %v, want %s", endpoint, err, want)
		}
	}
}

func TestDialSilentServer(t *testing.T) {
	ctx, cancel := context.WithCancel(testContext(t))
	endpoint := listen(t, func(p *peer) {
		p.next()
		cancel()
		p.wait()
	})
	_, err := Dial(ctx, Options{Endpoint: endpoint})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "no answer") {
		t.Errorf("got error %v, want no answer before the context ended", err)
	}
}

// The session answers and ignores whatever the server may send besides, and
// keeps working.
func TestServerRequests(t *testing.T) {
	answered := make(chan struct{})
	c := dialPeer(t, func(p *peer) {
		p.send(`{"id":"echo","method":"echo","params":["a",{"b":1}]}`)
		p.send(`{"id":7,"method":"echo"} {"id":null,"method":"surprise","params":[1]} {"method":"locked","params":["l"]}`)
		p.send(`{"id":8,"method":"surprise","params":[]}{"id":null,"method":"update","params":["unknown",{}]}`)
		var got []string
		for range 3 {
			r, _ := p.next()
			got = append(got, string(r.ID)+" "+string(r.Result)+" "+errorText(r.Error))
		}
		want := []string{`"echo" ["a",{"b":1}] `, `7 [] `, `8 null unknown method`}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("answers (-want +got):\n%s", diff)
		}
		close(answered)
		p.send(`{"id":1,"result":"again","error":null}`) // its id was answered before
		p.answer(p.expect("list_dbs"), `["Test","_Server"]`)
		p.answer(p.expect("echo"), `["ovskit"]`)
		p.answer(p.expect("echo"), `["parrot"]`)
		p.answer(p.expect("list_dbs"), `5`)
		p.wait()
	})
	<-answered
	ctx := testContext(t)
	names, err := c.ListDatabases(ctx)
	if diff := gocmp.Diff([]string{"Test", "_Server"}, names); diff != "" || err != nil {
		t.Errorf("ListDatabases: %v (-want +got):\n%s", err, diff)
	}
	if err := c.Echo(ctx); err != nil {
		t.Errorf("Echo: %v", err)
	}
	if err := c.Echo(ctx); !errors.Is(err, ErrProtocol) {
		t.Errorf("Echo answered with something else: got error %v, want %v", err, ErrProtocol)
	}
	if _, err := c.ListDatabases(ctx); !errors.Is(err, ErrProtocol) {
		t.Errorf("ListDatabases answered with a number: got error %v, want %v", err, ErrProtocol)
	}
	if err := c.Err(); err != nil {
		t.Errorf("session ended: %v", err)
	}
}

func errorText(err any) string {
	text, _ := err.(string)
	return text
}

// A server that asks without end and never reads must not fill the memory.
func TestServerFloodsRequests(t *testing.T) {
	c := dialPeer(t, func(p *peer) {
		text := `{"id":1,"method":"echo","params":["` + strings.Repeat("x", 10_000) + `"]}`
		for {
			if _, err := io.WriteString(p.conn, text); err != nil {
				return
			}
		}
	})
	<-c.Done()
	if err := c.Err(); !errors.Is(err, ErrProtocol) || !strings.Contains(err.Error(), "does not read") {
		t.Errorf("got error %v, want one saying that the server does not read", err)
	}
}

func TestTransactErrors(t *testing.T) {
	ops := []Operation{Comment("x"), Insert("T", Row{}), Mutate("T", nil), Select("T", nil)}
	for _, tt := range []struct {
		name, result, err string
		want              error
		operation         *OperationError
	}{
		{name: "string error", err: `"canceled"`, want: ErrCanceled},
		{name: "object error", err: `{"error":"not supported","details":"d"}`, want: ErrNotSupported},
		{name: "strange error", err: `[1]`},
		{name: "failed operation", result: `[{},{"error":"constraint violation","details":"d"},null,null]`, want: ErrConstraintViolation,
			operation: &OperationError{Index: 1, Op: "insert", Table: "T", Name: "constraint violation", Details: "d"}},
		{name: "short result", result: `[{},{"error":"duplicate uuid-name"}]`, want: ErrDuplicateUUIDName,
			operation: &OperationError{Index: 1, Op: "insert", Table: "T", Name: "duplicate uuid-name"}},
		{name: "failed commit", result: `[{},{"uuid":["uuid","` + uuidA + `"]},{"count":1},{"rows":[]},{"error":"referential integrity violation","details":"d"}]`,
			want:      ErrReferentialIntegrity,
			operation: &OperationError{Index: 4, Op: "commit", Name: "referential integrity violation", Details: "d"}},
		{name: "unknown error", result: `[{"error":"syntax error"}]`,
			operation: &OperationError{Index: 0, Op: "comment", Name: "syntax error"}},
		{name: "too few results", result: `[{},{}]`, want: ErrProtocol},
		{name: "too many results", result: `[{},{},{},{},{}]`, want: ErrProtocol},
		{name: "nulls", result: `[null,null,null,null]`, want: ErrProtocol},
		{name: "no array", result: `{}`, want: ErrProtocol},
		{name: "no result", result: `null`, want: ErrProtocol},
		{name: "malformed row", result: `[{},{},{},{"rows":[{"int":"x"}]}]`, want: ErrProtocol},
		{name: "row of unknown columns", result: `[{},{},{},{"rows":[{"x":1}]}]`, want: ErrProtocol},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := dialPeer(t, func(p *peer) {
				if r := p.expect("transact"); tt.err != "" {
					p.refuse(r, tt.err)
				} else {
					p.answer(r, tt.result)
				}
				p.answer(p.expect("echo"), `["ovskit"]`)
				p.wait()
			})
			_, err := c.Transact(testContext(t), ops...)
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("got error %v, want %v", err, tt.want)
			}
			if unknown := errors.As(err, new(*OutcomeUnknownError)); unknown != (tt.want == ErrProtocol) {
				t.Errorf("got error %#v: outcome unknown %t", err, unknown)
			}
			var operation *OperationError
			errors.As(err, &operation)
			if diff := gocmp.Diff(tt.operation, operation); diff != "" {
				t.Errorf("operation error (-want +got):\n%s", diff)
			}
			if err := c.Echo(testContext(t)); err != nil {
				t.Errorf("session does not survive: %v", err)
			}
		})
	}
}

func TestTransactCutInTheMiddle(t *testing.T) {
	c := dialPeer(t, func(p *peer) {
		r := p.expect("transact")
		p.send(`{"id":%s,"resu`, r.ID)
	})
	_, err := c.Transact(testContext(t), Delete("T"))
	if !errors.As(err, new(*OutcomeUnknownError)) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got error %v, want an *OutcomeUnknownError of an unexpected EOF", err)
	}
	<-c.Done()
	_, err = c.Transact(testContext(t), Delete("T"))
	if err == nil || errors.As(err, new(*OutcomeUnknownError)) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("after the end: got error %v, want the reason and no doubt about the outcome", err)
	}
}

func TestTransactCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(testContext(t))
	canceled := make(chan string, 1)
	c := dialPeer(t, func(p *peer) {
		r := p.expect("transact")
		cancel()
		got := p.expect("cancel")
		canceled <- string(got.Params)
		if string(got.ID) != "null" || string(got.Params) != "["+string(r.ID)+"]" {
			t.Errorf("cancel: got id %s, params %s; want null, [%s]", got.ID, got.Params, r.ID)
		}
		p.refuse(r, `"canceled"`)
		p.answer(p.expect("echo"), `["ovskit"]`)
		p.wait()
	})
	_, err := c.Transact(ctx, Delete("T"))
	if !errors.Is(err, context.Canceled) || !errors.As(err, new(*OutcomeUnknownError)) {
		t.Errorf("got error %v, want an *OutcomeUnknownError of the context's", err)
	}
	<-canceled
	if err := c.Echo(testContext(t)); err != nil {
		t.Errorf("session does not survive: %v", err)
	}
	_, err = c.Transact(ctx, Delete("T"))
	if !errors.Is(err, context.Canceled) || errors.As(err, new(*OutcomeUnknownError)) {
		t.Errorf("context ended before: got error %v, want the context's and no doubt about the outcome", err)
	}
}

func TestCloseWhateverIsInFlight(t *testing.T) {
	received := make(chan struct{})
	c := dialPeer(t, func(p *peer) {
		p.expect("transact")
		close(received)
		p.wait()
	})
	result := make(chan error)
	go func() {
		_, err := c.Transact(context.Background(), Delete("T"))
		result <- err
	}()
	<-received
	c.Close()
	if err := <-result; !errors.Is(err, ErrClosed) || !errors.As(err, new(*OutcomeUnknownError)) {
		t.Errorf("got error %v, want an *OutcomeUnknownError of %v", err, ErrClosed)
	}
	<-c.Done()
	c.Close()
	if err := c.Err(); err != ErrClosed {
		t.Errorf("Err: got %v, want %v", err, ErrClosed)
	}
	if err := c.Echo(context.Background()); !errors.Is(err, ErrClosed) {
		t.Errorf("Echo after Close: got error %v, want %v", err, ErrClosed)
	}
}

// Calls on a server that reads nothing end with their context, and Close does
// not wait for the write that hangs.
func TestServerThatDoesNotRead(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	c := dialPeer(t, func(*peer) { <-release })
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	results := make(chan error)
	const calls = 200 // more than the queue has room for
	for range calls {
		go func() {
			_, err := c.Transact(ctx, Comment(strings.Repeat("x", 100_000)))
			results <- err
		}()
	}
	for range calls {
		if err := <-results; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got error %v, want %v", err, context.DeadlineExceeded)
		}
	}
	c.Close()
	<-c.Done()
}
