// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbcall_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/internal/dbcall"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve answers each client's first request with a text.
func serve(t *testing.T, answer func(request string) string) (endpoint string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			var request json.RawMessage
			if json.NewDecoder(conn).Decode(&request) == nil {
				io.WriteString(conn, answer(string(request)))
			}
			io.Copy(io.Discard, conn)
			conn.Close()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-ended
	})
	return "unix:" + path
}

func TestTransact(t *testing.T) {
	endpoint := serve(t, func(request string) string {
		const want = `{"id":"transact","method":"transact","params":["D",{"op":"comment"},{"op":"select"}]}`
		if request != want {
			t.Errorf("request: got %s, want %s", request, want)
		}
		return `{"id":"echo","method":"echo","params":[]}{"id":"transact","result":[{},{"rows":[]}],"error":null}`
	})
	results, err := dbcall.Transact(t.Context(), endpoint, "D", map[string]string{"op": "comment"}, map[string]string{"op": "select"})
	if err != nil || len(results) != 2 || string(results[1]) != `{"rows":[]}` {
		t.Errorf("got %s, %v; want two results", results, err)
	}
}

func TestTransactFails(t *testing.T) {
	for reply, want := range map[string]string{
		`{"id":"transact","result":null,"error":{"error":"unknown database"}}`:                                     "unknown database",
		`{"id":"transact","result":[{},{"error":"timed out","details":"too late"}],"error":null}`:                  "operation 1: timed out: too late",
		`{"id":"transact","result":[{"count":1},null,{"error":"constraint violation","details":""}],"error":null}`: "operation 2: constraint violation",
		`{"id":"transact","result":[7],"error":null}`:                                                              "result 0: ",
		`no JSON`: "invalid character",
	} {
		endpoint := serve(t, func(string) string { return reply })
		_, err := dbcall.Transact(t.Context(), endpoint, "D")
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "database D at "+endpoint) {
			t.Errorf("reply %s: got error %v, want one that names the database and says %q", reply, err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	endpoint := serve(t, func(string) string { cancel(); return "" })
	if _, err := dbcall.Transact(ctx, endpoint, "D"); !errors.Is(err, context.Canceled) {
		t.Errorf("the context ends before the reply: got error %v, want %v", err, context.Canceled)
	}
}
