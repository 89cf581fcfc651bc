// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// enqueue makes changes of one operation each wait in the batcher, in order.
func enqueue(t testing.TB, b *Batcher, ops ...Operation) []*change {
	t.Helper()
	var changes []*change
	for _, o := range ops {
		c, err := b.change([]Operation{o})
		if err != nil {
			t.Fatal(err)
		}
		b.enqueue(c)
		changes = append(changes, c)
	}
	return changes
}

// hold makes the first change, of a comment, and makes it last until release is
// called: what is enqueued meanwhile shares the next transaction.
func hold(t testing.TB, hooks Hooks, o BatchOptions, script func(p *peer)) (b *Batcher, release func()) {
	t.Helper()
	sent, held := make(chan struct{}), make(chan struct{})
	c := dialPeerWith(t, hooks, func(p *peer) {
		first := p.expect("transact")
		close(sent)
		<-held
		p.answer(first, `[{}`+strings.Repeat(",{}", len(o.Epilogue))+`]`)
		script(p)
	})
	b = NewBatcher(c, o)
	first := enqueue(t, b, Comment(""))[0]
	<-sent
	return b, func() {
		close(held)
		if <-first.ended; first.err != nil {
			t.Errorf("first change: got error %v", first.err)
		}
	}
}

// params checks the operations of a transaction, given without the database's
// name.
func (p *peer) params(r request, want string) {
	p.t.Helper()
	if diff := gocmp.Diff(`["Test",`+want+`]`, string(r.Params)); diff != "" {
		p.t.Errorf("transaction (-want +got):\n%s", diff)
	}
}

const (
	commentA = `{"op":"comment","comment":"a"}`
	commentB = `{"op":"comment","comment":"b"}`
	commentC = `{"op":"comment","comment":"c"}`
	commentE = `{"op":"comment","comment":"end"}`
)

// The first change goes at once and those that come meanwhile share the next
// transaction, each with its own names and results.
func TestBatchShares(t *testing.T) {
	insert := func(prefix string) string {
		return `{"op":"insert","table":"T","uuid-name":"` + prefix + `x","row":{"ref":["named-uuid","` + prefix + `x"]}}`
	}
	var shared []int
	hooks := Hooks{Batch: func(i BatchInfo) { shared = append(shared, i.Changes) }}
	op := Insert("T", Row{"ref": "x"}).Named("x")
	b, release := hold(t, hooks, BatchOptions{Epilogue: []Operation{op}}, func(p *peer) {
		r := p.expect("transact")
		p.params(r, insert("c1_")+`,`+commentA+`,`+insert("c2_")+`,`+insert("e_"))
		p.answer(r, `[{"uuid":["uuid","`+uuidA+`"]},{},{"uuid":["uuid","`+uuidB+`"]},{"uuid":["uuid","`+uuidC+`"]}]`)
		p.wait()
	})
	changes := enqueue(t, b, op, Comment("a"), op)
	release()
	for i, want := range [][]Result{{{UUID: uuidA}}, {{}}, {{UUID: uuidB}}} {
		<-changes[i].ended
		got := changes[i]
		if diff := gocmp.Diff(want, got.results) + gocmp.Diff([]Result{{UUID: uuidC}}, got.epilogue); diff != "" || got.err != nil {
			t.Errorf("change %d: %v (-want +got):\n%s", i, got.err, diff)
		}
	}
	if diff := gocmp.Diff([]int{1, 3}, shared); diff != "" {
		t.Errorf("changes that shared a transaction (-want +got):\n%s", diff)
	}
}

// A refusal that names an operation is put to the test of its change alone.
func TestBatchRefusedOperation(t *testing.T) {
	b, release := hold(t, Hooks{}, BatchOptions{Epilogue: []Operation{Comment("end")}}, func(p *peer) {
		p.answer(p.expect("transact"), `[{},{"error":"not owner"},null,null]`)
		r := p.expect("transact")
		p.params(r, commentA+`,`+commentE)
		p.answer(r, `[{},{}]`)
		r = p.expect("transact")
		p.params(r, `{"op":"assert","lock":"l"},`+commentE)
		p.answer(r, `[{"error":"not owner","details":"d"},null]`)
		r = p.expect("transact")
		p.params(r, commentB+`,`+commentE)
		p.answer(r, `[{},{}]`)
		p.wait()
	})
	changes := enqueue(t, b, Comment("a"), Assert("l"), Comment("b"))
	release()
	for i, c := range changes {
		<-c.ended
		var want *OperationError
		if i == 1 {
			want = &OperationError{Index: 0, Op: "assert", Name: "not owner", Details: "d"}
		}
		var got *OperationError
		errors.As(c.err, &got)
		if diff := gocmp.Diff(want, got); diff != "" || (c.err == nil) != (want == nil) {
			t.Errorf("change %d: %v (-want +got):\n%s", i, c.err, diff)
		}
	}
}

// The refusal of an epilogue or at commit comes behind the change's operations.
func TestBatchRefusedAtTheEnd(t *testing.T) {
	c := dialPeer(t, func(p *peer) {
		p.answer(p.expect("transact"), `[{},{},{},{"error":"constraint violation"}]`)
		p.answer(p.expect("transact"), `[{},{},{"error":"constraint violation"}]`)
		p.refuse(p.expect("transact"), `"canceled"`)
		p.wait()
	})
	b := NewBatcher(c, BatchOptions{Epilogue: []Operation{Comment("end")}})
	for _, want := range []*OperationError{
		{Index: 2, Op: "commit", Name: "constraint violation"},
		{Index: 2, Op: "comment", Name: "constraint violation"},
		nil,
	} {
		results, epilogue, err := b.Transact(testContext(t), Comment("a"), Comment("b"))
		var got *OperationError
		errors.As(err, &got)
		if diff := gocmp.Diff(want, got); diff != "" || err == nil || results != nil || epilogue != nil {
			t.Errorf("got results %v, %v, error %v (-want +got):\n%s", results, epilogue, err, diff)
		}
	}
}

// What is no refusal of an operation is everybody's outcome.
func TestBatchSessionEnds(t *testing.T) {
	b, release := hold(t, Hooks{}, BatchOptions{MaxSize: 2*len(commentA) + 2}, func(p *peer) {
		r := p.expect("transact")
		p.params(r, commentA+","+commentB)
	})
	changes := enqueue(t, b, Comment("a"), Comment("b"), Comment("c"))
	release()
	for i, c := range changes {
		<-c.ended
		unknown := errors.As(c.err, new(*OutcomeUnknownError))
		if sent := i < 2; unknown != sent || !errors.Is(c.err, io.EOF) {
			t.Errorf("change %d: got error %v, want the connection's end, and that the outcome is unknown: %t", i, c.err, sent)
		}
	}
}

// A caller that gives up does so alone.
func TestBatchGiveUp(t *testing.T) {
	sent, proceed := make(chan struct{}), make(chan struct{})
	b, release := hold(t, Hooks{}, BatchOptions{}, func(p *peer) {
		second := p.expect("transact")
		p.params(second, commentB+`,`+commentC)
		sent <- struct{}{}
		<-proceed
		p.answer(second, `[{},{}]`)
		third := p.expect("transact")
		sent <- struct{}{}
		if got := p.expect("cancel"); string(got.Params) != "["+string(third.ID)+"]" {
			p.t.Errorf("cancel: got %s, want [%s]", got.Params, third.ID)
		}
		p.refuse(third, `"canceled"`)
		p.answer(p.expect("transact"), `[{}]`)
		p.wait()
	})
	changes := enqueue(t, b, Comment("a"), Comment("b"), Comment("c"))

	// One that is not sent yet is not made.
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	b.wait(ended, changes[0])
	if err := changes[0].err; !errors.Is(err, context.Canceled) || errors.As(err, new(*OutcomeUnknownError)) {
		t.Errorf("given up before it was sent: got error %v, want the context's and no doubt about the outcome", err)
	}
	release()
	<-sent

	// One that shares a transaction leaves it to the others.
	b.wait(ended, changes[1])
	if err := changes[1].err; !errors.Is(err, context.Canceled) || !errors.As(err, new(*OutcomeUnknownError)) {
		t.Errorf("given up under way: got error %v, want an *OutcomeUnknownError of the context's", err)
	}
	close(proceed)
	if <-changes[2].ended; changes[2].err != nil {
		t.Errorf("the other: got error %v", changes[2].err)
	}
	b.wait(ended, changes[2])
	if changes[2].err != nil {
		t.Errorf("given up when it had ended: got error %v", changes[2].err)
	}

	// Nobody is left in a transaction.
	last := enqueue(t, b, Comment("a"))[0]
	<-sent
	b.wait(ended, last)
	if !errors.As(last.err, new(*OutcomeUnknownError)) {
		t.Errorf("last one: got error %v, want an *OutcomeUnknownError", last.err)
	}
	if _, _, err := b.Transact(ended, Comment("a")); !errors.Is(err, context.Canceled) || errors.As(err, new(*OutcomeUnknownError)) {
		t.Errorf("context ended before: got error %v, want the context's and no doubt about the outcome", err)
	}
	if _, _, err := b.Transact(testContext(t), Comment("a")); err != nil {
		t.Errorf("the batcher does not survive: %v", err)
	}
}

// A change that waits in the server holds up nobody, and one that is sure to
// fail is no reason to repeat those of others.
func TestBatchAlone(t *testing.T) {
	waiting := make(chan struct{})
	c := dialPeer(t, func(p *peer) {
		first := p.expect("transact")
		close(waiting)
		p.answer(p.expect("transact"), `[{},{}]`)
		p.answer(first, `[{},{}]`)
		p.answer(p.expect("transact"), `[{"error":"aborted"}]`)
		p.wait()
	})
	b := NewBatcher(c, BatchOptions{Epilogue: []Operation{Comment("end")}})
	blocked := make(chan error)
	go func() {
		_, epilogue, err := b.Transact(testContext(t), Wait("T", WaitOptions{Timeout: -1}))
		if err == nil && len(epilogue) != 1 {
			err = fmt.Errorf("got epilogue %v, want one result", epilogue)
		}
		blocked <- err
	}()
	<-waiting
	if _, _, err := b.Transact(testContext(t), Wait("T", WaitOptions{})); err != nil {
		t.Error(err)
	}
	if err := <-blocked; err != nil {
		t.Error(err)
	}
	if _, _, err := b.Transact(testContext(t), Abort()); !errors.Is(err, ErrAborted) {
		t.Errorf("abort: got error %v, want %v", err, ErrAborted)
	}
}

func TestBatchChecks(t *testing.T) {
	c := dialPeer(t, (*peer).wait)
	var schema *SchemaError
	_, _, err := NewBatcher(c, BatchOptions{}).Transact(testContext(t), Delete("X"))
	if !errors.As(err, &schema) {
		t.Errorf("unknown table: got error %v, want a *SchemaError", err)
	}
	_, _, err = NewBatcher(c, BatchOptions{Epilogue: []Operation{Delete("X")}}).Transact(testContext(t), Delete("T"))
	if !errors.As(err, &schema) || !strings.Contains(err.Error(), "epilogue") {
		t.Errorf("unknown table in the epilogue: got error %v, want a *SchemaError that says so", err)
	}
}
