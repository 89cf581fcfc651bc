// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"testing"
)

// restart does what the end and the new start of a process do.
func restart(t *testing.T, s *Server, c *Content) {
	t.Helper()
	s.Disconnect()
	if err := s.Restart(c, false); err != nil {
		t.Fatal(err)
	}
}

func TestDisconnect(t *testing.T) {
	s := startServer(t, Options{})
	owner := connect(t, s)
	owner.call("lock", "l")
	waiting := connect(t, s)
	waiting.request("transact", waitSingle("")...)
	waiting.call("echo") // the transaction waits
	s.Disconnect()
	for name, c := range map[string]*client{"that has a lock": owner, "that waits": waiting} {
		if frame, err := c.r.next(); err == nil {
			t.Errorf("client %s: got %s, want the end of the connection", name, frame)
		}
	}
	later := connect(t, s)
	result, _, _ := later.call("lock", "l")
	want(t, "lock of a client that was cut", result, `{"locked":true}`)
	later.transact(insertSingle) // nobody waits for that
	if n := len(s.databases["test"].waiting); n != 0 {
		t.Errorf("%d transactions wait that no client has, want 0", n)
	}
}

// TestRestart has everything that is on disk come back, and only that.
func TestRestart(t *testing.T) {
	s := startServer(t, Options{})
	c := connect(t, s)
	c.transact(`[{"op":"insert","table":"root","uuid-name":"a","row":{"name":"a","gone":7,"ints":["set",[1,2]],
			"kids":["named-uuid","k"],"weak":["named-uuid","k"],"wmap":["map",[[1,["named-uuid","b"]]]]}},
		{"op":"insert","table":"root","uuid-name":"b","row":{"name":"b","i":1}},
		{"op":"insert","table":"kid","uuid-name":"k","row":{"n":1,"must":["named-uuid","a"]}}]`)
	const (
		kept  = `[{"op":"select","table":"root","where":[],"columns":["_uuid","name","ints","kids","weak","wmap"]}]`
		lost  = `[{"op":"select","table":"root","where":[["name","==","a"]],"columns":["gone","_version"]}]`
		about = `{"op":"select","table":"Database","where":[],"columns":["name","connected"]}`
	)
	keptBefore, lostBefore := jsonText(c.transact(kept)), jsonText(c.transact(lost))
	idBefore, _, _ := c.call("get_server_id")
	aboutBefore, _, _ := c.call("transact", "_Server", parse(t, about))

	restart(t, s, s.Content())
	c = connect(t, s)
	if got := jsonText(c.transact(kept)); got != keptBefore {
		t.Errorf("rows: got %s, want %s", got, keptBefore)
	}
	lostAfter := c.transact(lost)
	want(t, "ephemeral column", lostAfter, `[{"rows":[{"_version":["uuid","UUID"],"gone":0}]}]`)
	if got := jsonText(lostAfter); got == lostBefore {
		t.Errorf("version: got that of before, %s", got)
	}
	if id, _, _ := c.call("get_server_id"); id == idBefore {
		t.Errorf("server id: got that of before, %v", id)
	}
	aboutAfter, _, _ := c.call("transact", "_Server", parse(t, about))
	if len(jsonText(aboutAfter)) != len(jsonText(aboutBefore)) { // in any order
		t.Errorf("databases: got %s, want %s", jsonText(aboutAfter), jsonText(aboutBefore))
	}

	// Indexes, references and garbage collection go on from the rows.
	want(t, "a name that is taken", c.transact(`[{"op":"insert","table":"root","row":{"name":"b"}}]`)[1].(map[string]any)["error"],
		`"constraint violation"`)
	c.transact(`[{"op":"delete","table":"root","where":[["name","==","b"]]}]`)
	want(t, "a weak reference to a row that was deleted", c.transact(`[{"op":"select","table":"root","where":[],"columns":["name","wmap"]}]`),
		`[{"rows":[{"name":"a","wmap":["map",[]]}]}]`)
	c.transact(`[{"op":"update","table":"root","where":[],"row":{"kids":["set",[]]}}]`)
	want(t, "a row that is not referred to any more", c.transact(`[{"op":"select","table":"kid","where":[]}]`), `[{"rows":[]}]`)
}

func TestRestartWithOlderContent(t *testing.T) {
	s := startServer(t, Options{})
	w := s.databases["test"].Watch("root")
	defer w.Close()
	c := connect(t, s)
	insert := func(name string) {
		c.transact(`[{"op":"insert","table":"root","row":{"name":"` + name + `","i":` + name + `}}]`)
	}
	names := func() any {
		return c.transact(`[{"op":"select","table":"root","where":[],"columns":["name"]}]`)
	}
	insert("1")
	insert("2")
	older := s.Content()
	c.transact(`[{"op":"delete","table":"root","where":[["name","==","1"]]}]`)
	insert("3")
	for range 2 {
		<-w.C()
		restart(t, s, older)
		c = connect(t, s)
		want(t, "rows", names(), `[{"rows":[{"name":"1"},{"name":"2"}]}]`)
		insert("4")
		want(t, "rows and one more", names(), `[{"rows":[{"name":"1"},{"name":"2"},{"name":"4"}]}]`)
	}
	other := startServer(t, Options{})
	if !s.Owns(older) || other.Owns(older) {
		t.Errorf("the content is that of its server: %v, of another one: %v; want true and false", s.Owns(older), other.Owns(older))
	}
}
