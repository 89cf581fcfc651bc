// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbtest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/dbcall"
	"github.com/ovskit/ovskit/internal/dbtest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func transact(t *testing.T, s *dbtest.Server, operation map[string]any) json.RawMessage {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	operation["table"], operation["where"] = "Open_vSwitch", []any{}
	results, err := dbcall.Transact(ctx, s.Endpoint, "Open_vSwitch", operation)
	if err != nil {
		t.Fatal(err)
	}
	return results[0]
}

// count writes a number, which it also writes to an ephemeral column.
func count(t *testing.T, s *dbtest.Server, n int64) {
	t.Helper()
	note := []any{"map", []any{[]string{"k", "v"}}}
	got := transact(t, s, map[string]any{"op": "update", "row": map[string]any{"next_cfg": n, "statistics": note}})
	if string(got) != `{"count":1}` {
		t.Fatalf("update of the root row: got %s, want one row", got)
	}
}

// counted reads the number, and whether the ephemeral column has something.
func counted(t *testing.T, s *dbtest.Server) (n int64, ephemeral bool) {
	t.Helper()
	var result struct {
		Rows []struct {
			NextCfg    int64 `json:"next_cfg"`
			Statistics []any
		}
	}
	text := transact(t, s, map[string]any{"op": "select", "columns": []string{"next_cfg", "statistics"}})
	if err := json.Unmarshal(text, &result); err != nil || len(result.Rows) != 1 {
		t.Fatalf("root rows: got %s, %v; want one", text, err)
	}
	row := result.Rows[0]
	return row.NextCfg, len(row.Statistics[1].([]any)) > 0
}

// connect makes a connection that is answered already.
func connect(t *testing.T, s *dbtest.Server) net.Conn {
	t.Helper()
	conn, err := net.Dial("unix", strings.TrimPrefix(s.Endpoint, "unix:"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, `{"id":1,"method":"echo","params":[]}`); err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(conn).Decode(new(any)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// TestGoesAwayAndComesBack has both kinds of servers lose the same: connections and ephemeral columns.
func TestGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Server) {
		count(t, s, 1)
		if n, ephemeral := counted(t, s); n != 1 || !ephemeral {
			t.Errorf("before any end: got %d, ephemeral column kept %v; want 1 and true", n, ephemeral)
		}
		for name, end := range map[string]func(testing.TB){"Kill": s.Kill, "Stop": s.Stop} {
			conn := connect(t, s)
			end(t)
			end(t)
			if b, err := io.ReadAll(conn); err != nil && !strings.Contains(err.Error(), "connection reset") || len(b) > 0 {
				t.Errorf("%s: got %q and %v from a connection, want its end", name, b, err)
			}
			if again, err := net.Dial("unix", strings.TrimPrefix(s.Endpoint, "unix:")); err == nil {
				again.Close()
				t.Errorf("%s: the server can be connected to", name)
			}
			s.Start(t)
			if n, ephemeral := counted(t, s); n != 1 || ephemeral {
				t.Errorf("%s and Start: got %d, ephemeral column kept %v; want 1 and false", name, n, ephemeral)
			}
			count(t, s, 1)
		}
	})
}

func TestRestore(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Server) {
		count(t, s, 1)
		one := s.Save(t)
		count(t, s, 2)
		s.Kill(t)
		two := s.Save(t)
		for _, c := range []struct {
			saved dbtest.Saved
			want  int64
		}{{one, 1}, {two, 2}, {one, 1}} {
			s.Kill(t)
			s.Restore(t, c.saved)
			s.Start(t)
			if n, _ := counted(t, s); n != c.want {
				t.Errorf("got %d, want %d", n, c.want)
			}
			count(t, s, 3)
		}
	})
}

// TestSchema has both kinds serve a database by a schema of the test, and keep its content.
func TestSchema(t *testing.T) {
	t.Parallel()
	const schema = `{"name":"Things","version":"1.0.0","tables":{"Thing":{"isRoot":true,"columns":{"name":{"type":"string"}}}}}`
	dbtest.EachWith(t, schema, func(t *testing.T, s *dbtest.Server) {
		names := func(operations ...any) string {
			t.Helper()
			read := map[string]any{"op": "select", "table": "Thing", "where": []any{}, "columns": []string{"name"}}
			results, err := dbcall.Transact(t.Context(), s.Endpoint, "Things", append(operations, read)...)
			if err != nil {
				t.Fatal(err)
			}
			return string(results[len(operations)])
		}
		empty := s.Save(t)
		const none, one = `{"rows":[]}`, `{"rows":[{"name":"a"}]}`
		if got := names(); got != none {
			t.Errorf("new database: got %s, want %s", got, none)
		}
		if got := names(map[string]any{"op": "insert", "table": "Thing", "row": map[string]any{"name": "a"}}); got != one {
			t.Errorf("after an insert: got %s, want %s", got, one)
		}
		s.Kill(t)
		s.Start(t)
		if got := names(); got != one {
			t.Errorf("after a restart: got %s, want %s", got, one)
		}
		s.Kill(t)
		s.Restore(t, empty)
		s.Start(t)
		if got := names(); got != none {
			t.Errorf("restored: got %s, want %s", got, none)
		}
	})
}

func TestFreeze(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Server) {
		if !s.CanFreeze {
			f := &fatal{TB: t}
			f.run(s.Freeze)
			f.run(s.Thaw)
			if len(f.messages) != 2 {
				t.Errorf("Freeze and Thaw: got failures %q, want 2", f.messages)
			}
			return
		}
		s.Freeze(t)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		_, err := dbcall.Transact(ctx, s.Endpoint, "Open_vSwitch", map[string]any{"op": "comment", "comment": "hello"})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a transaction on a frozen server: got error %v, want %v", err, context.DeadlineExceeded)
		}
		s.Thaw(t)
		count(t, s, 5)
	})
}

// TestRunningServer can neither be started nor get other content, whatever its kind.
func TestRunningServer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Server) {
		f := &fatal{TB: t}
		saved := s.Save(t)
		f.run(s.Start)
		f.run(func(t testing.TB) { s.Restore(t, saved) })
		got := strings.Join(f.messages, "; ")
		if !strings.Contains(got, "it runs already; restore the database: ") {
			t.Errorf("got failures %q, want one of Start and one of Restore", got)
		}
	})
}

// fatal is a test that notes how it fails.
type fatal struct {
	testing.TB
	messages []string
}

// run runs what may fail the test.
func (f *fatal) run(what func(t testing.TB)) {
	defer func() {
		if end := recover(); end != nil && end != any(f) {
			panic(end)
		}
	}()
	what(f)
}

func (f *fatal) Helper() {}

func (f *fatal) Fatal(args ...any) {
	f.messages = append(f.messages, args[0].(error).Error())
	panic(f)
}
