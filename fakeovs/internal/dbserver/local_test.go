// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"errors"
	"testing"
)

func TestUpdateAndWatch(t *testing.T) {
	s := startServer(t, Options{})
	db := s.databases["test"]
	c := connect(t, s)
	c.call("monitor", "test", nil, parse(t, `{"single":{"columns":["x"]}}`))
	w, other := db.Watch("single"), db.Watch("root")
	defer other.Close()

	err := db.Update(func(tx *Tx) error { return tx.Insert("single", Fields{"x": Integers(5)}) })
	if err != nil {
		t.Fatal(err)
	}
	<-w.C()
	want(t, "what a client sees", c.receive()["params"], `[null,{"single":{"UUID":{"new":{"x":5}}}}]`)
	select {
	case <-other.C():
		t.Error("a watch of another table has something to tell")
	default:
	}

	snapshot := db.Snapshot("single")
	row := snapshot.Rows("single")[0]
	err = db.Update(func(tx *Tx) error { return tx.Set("single", row.UUID(), Fields{"x": Integers(6)}) })
	if err != nil {
		t.Fatal(err)
	}
	<-w.C()
	if n, _ := row.Get("x").Integer(); n != 5 {
		t.Errorf("a row in a snapshot changed: got x %d, want 5", n)
	}
	if n, _ := db.Snapshot("single").Rows("single")[0].Get("x").Integer(); n != 6 {
		t.Errorf("got x %d, want 6", n)
	}

	// Nothing changes: nobody is told.
	err = db.Update(func(tx *Tx) error { return tx.Set("single", row.UUID(), Fields{"x": Integers(6)}) })
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *Tx) error { return tx.Set("single", newUUID(), Fields{"x": Integers(6)}) })
	if err != nil {
		t.Errorf("set a row that is gone: got error %v, want none", err)
	}
	select {
	case <-w.C():
		t.Error("a transaction without effect was told")
	default:
	}
	w.Close()
	w.Close()
	if _, ok := <-w.C(); ok {
		t.Error("the channel of a closed watch is not closed")
	}
}

func TestUpdateFails(t *testing.T) {
	db := startServer(t, Options{}).databases["test"]
	own := errors.New("changed my mind")
	for name, f := range map[string]func(tx *Tx) error{
		"own error":      func(tx *Tx) error { return errors.Join(tx.Insert("single", nil), own) },
		"unknown table":  func(tx *Tx) error { return tx.Insert("nope", nil) },
		"unknown column": func(tx *Tx) error { return tx.Insert("single", Fields{"nope": Integers(1)}) },
		"too many":       func(tx *Tx) error { return tx.Insert("single", Fields{"x": Integers(1, 2)}) },
		"max rows":       func(tx *Tx) error { return errors.Join(tx.Insert("single", nil), tx.Insert("single", nil)) },
	} {
		if err := db.Update(f); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if rows := db.Snapshot("single").Rows("single"); len(rows) != 0 {
		t.Errorf("failed transactions left %d rows", len(rows))
	}
}

func TestDatumAccess(t *testing.T) {
	d := StringMap(map[string]string{"b": "2", "a": "1"})
	if got := d.Lookup("b") + d.Lookup("a") + d.Lookup("c"); got != "21" {
		t.Errorf("got %q, want %q", got, "21")
	}
	s := Strings("x", "a", "x")
	if s.Len() != 2 || s.String() != "a" || Strings().String() != "" {
		t.Errorf("got %d members, first %q and %q; want 2, %q and none", s.Len(), s.String(), Strings().String(), "a")
	}
}
