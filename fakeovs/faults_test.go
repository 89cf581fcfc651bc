// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/openflow"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// faulty is a fake with a bridge, whose clients are made after faults were asked for.
func faulty(t *testing.T) (*lab, *fakeovs.Faults) {
	t.Helper()
	o := fakeovs.NewWith(t, fakeovs.Options{InMemory: true, Initialize: true})
	f := o.Faults()
	l := &lab{OVS: o, t: t}
	l.dialMemory(ovsdb.Options{})
	l.addBridge(vswitch.Bridge{Name: "br0"})
	return l, f
}

// dialMemory makes the lab's client one in memory.
func (l *lab) dialMemory(o ovsdb.Options) {
	l.t.Helper()
	o.Endpoint, o.Dial = l.DatabaseEndpoint(), l.Dial
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	l.t.Cleanup(cancel)
	db, err := vswitch.Dial(ctx, o)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { db.Close() })
	l.ctx, l.db = ctx, db
}

// openFlow connects to the bridge.
func (l *lab) openFlow() *openflow.Conn {
	l.t.Helper()
	c, err := openflow.Dial(l.ctx, l.Bridge("br0").Management(), openflow.Options{Dial: l.Dial})
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { c.Close() })
	return c
}

func (l *lab) setExternal(value string) error {
	_, err := l.db.Client().Transact(l.ctx, ovsdb.Update(vswitch.TableBridge,
		ovsdb.Row{"external_ids": map[string]string{"k": value}}, ovsdb.Where("name", ovsdb.Equal, "br0")))
	return err
}

func TestRefusedTransactions(t *testing.T) {
	l, f := faulty(t)
	i := f.Add(fakeovs.Fault{
		Method: "transact", Skip: 1, Times: 2, Do: fakeovs.Refuse{Error: "resources exhausted", Details: "no room"},
	})
	for n, refused := range []bool{false, true, true, false} {
		err := l.setExternal(fmt.Sprint(n))
		if (err != nil) != refused || refused && !strings.Contains(err.Error(), "resources exhausted") {
			t.Errorf("transaction %d: got error %v, want one: %t", n, err, refused)
		}
	}
	if got := i.Count(); got != 2 {
		t.Errorf("the fault acted on %d messages, want 2", got)
	}
}

// Of a transaction whose reply is lost with the connection the client cannot know whether it was done; it was.
func TestReplyCutOff(t *testing.T) {
	l, f := faulty(t)
	if err := l.setExternal("before"); err != nil {
		t.Fatal(err)
	}
	f.Add(fakeovs.Fault{
		FromServer: true, Times: 1, Do: fakeovs.Cut{After: 5},
		Match: func(m []byte) bool { return strings.Contains(string(m), `"result":[`) },
	})
	if err := l.setExternal("after"); err == nil {
		t.Error("no error of a transaction whose reply was cut off")
	}
	err := l.db.Wait(l.ctx, func() (bool, error) { return l.bridge("br0").ExternalIDs["k"] == "after", nil })
	if err != nil {
		t.Errorf("the client does not see that the transaction was done: %v", err)
	}
}

// A notification that is lost makes a client wait for ever; one that is late comes.
func TestDroppedAndHeldUpdates(t *testing.T) {
	l, f := faulty(t)
	held := f.Add(fakeovs.Fault{
		FromServer: true, Times: 1, Do: fakeovs.Hold{},
		Match: func(m []byte) bool { return strings.Contains(string(m), `"update`) },
	})
	done := make(chan error, 1)
	go func() { done <- l.setExternal("held") }()
	if err := held.Await(l.ctx, 1); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-done:
		t.Errorf("the transaction ended (%v) while its notification is held, which the reply comes after", err)
	default:
	}
	if got := l.bridge("br0").ExternalIDs["k"]; got != "" {
		t.Errorf("the client has seen %q already", got)
	}
	held.Release()
	held.Release()
	if err := <-done; err != nil {
		t.Error(err)
	}
	dropped := f.Add(fakeovs.Fault{
		FromServer: true, Times: 1,
		Match: func(m []byte) bool { return strings.Contains(string(m), `"update`) },
	})
	if err := l.setExternal("dropped"); err != nil {
		t.Error(err)
	}
	if got := l.bridge("br0").ExternalIDs["k"]; got != "held" || dropped.Count() != 1 {
		t.Errorf("the client sees %q after %d dropped notifications; want the old value after one", got, dropped.Count())
	}
}

func TestDelayByTheClock(t *testing.T) {
	clock := fakeovs.NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	o := fakeovs.NewWith(t, fakeovs.Options{InMemory: true, Clock: clock})
	delayed := o.Faults().Add(fakeovs.Fault{Method: "echo", Do: fakeovs.Delay{For: time.Minute}})
	conn, err := o.DialDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	replied := make(chan string, 1)
	go func() {
		b := make([]byte, 100)
		n, _ := conn.Read(b)
		replied <- string(b[:n])
	}()
	if _, err := io.WriteString(conn, `{"id":1,"method":"echo","params":[]}`); err != nil {
		t.Fatal(err)
	}
	if err := delayed.Await(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	clock.Advance(59 * time.Second)
	select {
	case r := <-replied:
		t.Errorf("got %s before its time", r)
	default:
	}
	clock.Advance(time.Second)
	if r := <-replied; !strings.Contains(r, `"result":[]`) {
		t.Errorf("got %q, want the reply", r)
	}
}

// A bundle that is full, and a barrier whose reply is overtaken by others.
func TestOpenFlowFaults(t *testing.T) {
	l, f := faulty(t)
	const experimenter, barrierReply = 4, 21
	bundleAdd := func(m []byte) bool { return len(m) > 16 && m[15] == 0xfd } // ONF's 2301
	typ := uint8(experimenter)
	full := f.Add(fakeovs.Fault{
		Bridge: "br0", Type: &typ, Match: bundleAdd, Skip: 2, Do: fakeovs.Answer{Code: openflow.ErrOutOfBundles},
	})
	c := l.openFlow()
	flow := func(n uint8) openflow.FlowMod {
		return openflow.Add(openflow.Flow{Table: n, Instructions: openflow.Instructions{Apply: []openflow.Action{openflow.Output{Port: 1}}}})
	}
	err := c.Bundle(l.ctx, flow(1), flow(2), flow(3))
	if !errors.Is(err, openflow.ErrOutOfBundles) || full.Count() != 1 {
		t.Errorf("got error %v after %d refused messages, want %v after one", err, full.Count(), openflow.ErrOutOfBundles)
	}
	full.Release()
	if err := c.Bundle(l.ctx, flow(1), flow(2), flow(3)); err != nil {
		t.Error(err)
	}
	reply := uint8(barrierReply)
	late := f.Add(fakeovs.Fault{Bridge: "br0", FromServer: true, Type: &reply, Times: 1, Do: fakeovs.Overtake{}})
	done := make(chan error, 1)
	go func() { done <- c.Barrier(l.ctx) }()
	if err := late.Await(l.ctx, 1); err != nil {
		t.Fatal(err)
	}
	if flows, err := c.Flows(l.ctx, openflow.FlowFilter{}); err != nil || len(flows) < 3 {
		t.Errorf("got %d flows, %v; want what was asked for after the barrier", len(flows), err)
	}
	select {
	case err := <-done:
		t.Errorf("the barrier has ended (%v) before its reply", err)
	default:
	}
	late.Release()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestStolenLock(t *testing.T) {
	l, f := faulty(t)
	lock, err := l.db.Client().Lock(l.ctx, "mine")
	if err != nil {
		t.Fatal(err)
	}
	unlock, err := f.StealLock(l.ctx, "mine")
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-lock.Lost():
	case <-l.ctx.Done():
		t.Error("the client does not notice that its lock was stolen")
	}
	unlock()
}

func TestSlowSwitch(t *testing.T) {
	l, f := faulty(t)
	release := f.HoldSwitch()
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.addPort("br0", vswitch.Interface{Name: "p0", Type: "internal"})
	}()
	err := l.db.Wait(l.ctx, func() (bool, error) { r := l.db.Root(); return r.NextCfg > r.CurCfg, nil })
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
		t.Error("the switch has caught up while it is held")
	default:
	}
	release()
	<-done
	l.wantState("p0", "1")
}

func TestFailingInterface(t *testing.T) {
	l, f := faulty(t)
	repair := f.FailInterface("p0", "Device or resource busy")
	l.addPort("br0", vswitch.Interface{Name: "p0", Type: "internal"})
	l.wantState("p0", "-1 could not open network device p0 (Device or resource busy)")
	repair()
	l.wantState("p0", "1")
	f.FailInterface("p0", "No such device")
	l.wantState("p0", "-1 could not open network device p0 (No such device)")
}
