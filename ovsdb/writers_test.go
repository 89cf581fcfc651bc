// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/dbtest"
	"github.com/ovskit/ovskit/ovsdb"
)

// The phases of a test in which the content of the server may be lost.
const (
	phaseBegin = iota
	phaseSaving
	phaseSaved
	phaseOver // the server has ended, and may be back
)

// An outcome is what became of a transaction that inserts an entry.
type outcome struct {
	name         string
	begun, ended int32 // the phases
	err          error
}

// writers insert entries all the time.
type writers struct {
	t        testing.TB
	client   *ovsdb.Client
	entries  *entryTable
	restored bool // the server loses what it got in phaseSaved
	phase    atomic.Int32
	stopped  chan struct{}
	running  sync.WaitGroup

	mu       sync.Mutex
	outcomes []outcome
	made     map[string]int // by writer
	wanted   int            // of each
	enough   chan struct{}
}

const numWriters = 3

func startWriters(t testing.TB, c *ovsdb.Client, entries *entryTable, restored bool) *writers {
	w := &writers{t: t, client: c, entries: entries, restored: restored, stopped: make(chan struct{}), made: map[string]int{}}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	for i := range numWriters {
		w.running.Add(1)
		go func() {
			defer w.running.Done()
			w.write(ctx, fmt.Sprint("writer", i))
		}()
	}
	t.Cleanup(func() { cancel(); w.stop() })
	return w
}

func (w *writers) stop() {
	w.mu.Lock()
	select {
	case <-w.stopped:
	default:
		close(w.stopped)
	}
	w.mu.Unlock()
	w.running.Wait()
}

func (w *writers) write(ctx context.Context, writer string) {
	for i := 0; ctx.Err() == nil; i++ {
		select {
		case <-w.stopped:
			return
		default:
		}
		w.insert(ctx, writer, fmt.Sprint(writer, " entry ", i))
	}
}

func (w *writers) insert(ctx context.Context, writer, name string) {
	o := outcome{name: name, begun: w.phase.Load()}
	connections := w.client.State().Connections
	results, err := w.client.Transact(ctx, insertEntry(name, 5),
		ovsdb.Mutate("Entry", []ovsdb.Mutation{ovsdb.Change("count", ovsdb.Add, 1)}, called(writer+" entry 0")))
	o.ended, o.err = w.phase.Load(), err
	if err == nil {
		_, ok := w.entries.Get(results[0].UUID)
		// What another connection showed is not that to which the entry was written.
		s := w.client.State()
		if !ok && (!w.restored || s.Connections == connections && s.Endpoint != "") {
			w.t.Errorf("%s was inserted but is not in the table", name)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.outcomes = append(w.outcomes, o)
	if err == nil {
		w.made[writer]++
	}
	if w.enough != nil && w.least() >= w.wanted {
		close(w.enough)
		w.enough = nil
	}
}

// least is how often the writer that has succeeded least often has.
func (w *writers) least() int {
	if len(w.made) < numWriters {
		return 0
	}
	least := int(^uint(0) >> 1)
	for _, n := range w.made {
		least = min(least, n)
	}
	return least
}

// progress waits until every writer has succeeded several times more.
func (w *writers) progress(m *ovsdb.Monitor) {
	w.t.Helper()
	enough := make(chan struct{})
	w.mu.Lock()
	w.enough, w.wanted = enough, 0
	for _, n := range w.made {
		w.wanted = max(w.wanted, n)
	}
	w.wanted += 5
	w.mu.Unlock()
	select {
	case <-enough:
	case <-testContext(w.t).Done():
		w.t.Fatal("transactions do not come to an end")
	}
}

// save copies the content of the server while it is written.
func (w *writers) save(s *dbtest.Server) dbtest.Saved {
	w.phase.Store(phaseSaving)
	saved := s.Save(w.t)
	w.phase.Store(phaseSaved)
	return saved
}

// transactInVain makes transactions while there is no server.
func (w *writers) transactInVain(c *ovsdb.Client) outcome {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	o := outcome{name: "in vain", begun: phaseOver, ended: phaseOver}
	_, o.err = c.Transact(ctx, insertEntry(o.name, 0))
	if !errors.Is(o.err, ovsdb.ErrDisconnected) || !errors.Is(o.err, context.DeadlineExceeded) {
		w.t.Errorf("transaction without a server: got error %v, want %v and %v", o.err, ovsdb.ErrDisconnected, context.DeadlineExceeded)
	}
	return o
}

// check compares the database with what was said to have become of the
// transactions.
func (w *writers) check(entries entryRows, outcomes []outcome) {
	w.t.Helper()
	there := map[string]bool{}
	for _, row := range entries {
		there[row.Name] = true
	}
	for _, o := range outcomes {
		var unknown *ovsdb.OutcomeUnknownError
		switch {
		case o.err == nil:
			kept := !w.restored || o.ended == phaseBegin || o.begun == phaseOver
			lost := w.restored && o.begun == phaseSaved && o.ended == phaseSaved
			if kept && !there[o.name] || lost && there[o.name] {
				w.t.Errorf("%s was inserted in phases %d to %d: found %v", o.name, o.begun, o.ended, there[o.name])
			}
		case errors.As(o.err, &unknown):
			if unknown.Err == nil || !strings.Contains(unknown.Err.Error(), "connection") {
				w.t.Errorf("%s: got %#v, want the end of the connection as its reason", o.name, unknown)
			}
		case errors.Is(o.err, ovsdb.ErrDisconnected):
			if there[o.name] {
				w.t.Errorf("%s was inserted in spite of %v", o.name, o.err)
			}
		default:
			w.t.Errorf("%s: got error %v", o.name, o.err)
		}
	}
}

// isRefused reports whether nobody listened where a client wanted to connect.
func isRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }
