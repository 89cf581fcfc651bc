// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	of "github.com/ovskit/ovskit/openflow"
)

// speaker is a switch that says what it is told to, and answers as behave does.
func speaker(t *testing.T) (endpoint string, say chan<- []of.Message) {
	t.Helper()
	queue := make(chan []of.Message, 1)
	return serveUnix(t, func(p *peer) {
		p.greet()
		for m, xid := p.read(); m != nil; m, xid = p.read() {
			if _, ok := m.(of.BarrierRequest); ok {
				select {
				case all := <-queue:
					for _, m := range all {
						p.write(m, 0)
					}
				default:
				}
			}
			p.answer(m, xid)
		}
	}), queue
}

// numberedPackets are n packets to the controller that carry their number and some more bytes.
func numberedPackets(n, size int) []of.Message {
	all := make([]of.Message, n)
	for i := range all {
		data := append([]byte{byte(i >> 8), byte(i)}, make([]byte, size)...)
		all[i] = of.PacketIn{BufferID: of.NoBuffer, TotalLen: uint16(len(data)), Data: data}
	}
	return all
}

// numberOf is the number of such a packet, -1 of other messages.
func numberOf(m of.Message) int {
	if p, ok := m.(of.PacketIn); ok && len(p.Data) >= 2 {
		return int(p.Data[0])<<8 | int(p.Data[1])
	}
	return -1
}

// TestSubscribeKinds finds in a subscription what answers nothing, in its order, and nothing else.
func TestSubscribeKinds(t *testing.T) {
	port := of.PortStatus{Port: of.PortDesc{No: 1, HWAddr: mac("0a:00:00:00:00:01")}}
	packet := of.PacketIn{Data: []byte("frame")}
	endpoint := serveUnix(t, func(p *peer) {
		p.greet()
		_, xid := p.read()
		p.write(port, 0)
		p.write(packet, xid) // no packet answers anything
		p.write(of.Raw{Type: 32, Body: []byte("forwarded")}, xid)
		p.write(of.EchoReply{}, xid+1)      // late
		p.write(of.FlowStatsReply{}, xid+1) // late
		p.write(of.BundleControl{ID: 1, Type: of.BundleDiscardReply}, xid+1)
		p.write(of.Error{Code: of.ErrOverlap, Data: []byte("flow-mod")}, xid+1)
		p.write(of.Raw{Type: 12, Body: []byte("short")}, 0)
		p.write(of.MultipartReply{Type: 0xffff, Body: []byte("update")}, 0)
		p.write(of.BarrierReply{}, xid)
	})
	c := dial(t, endpoint)
	s := c.Subscribe(of.SubscribeOptions{})
	defer s.Close()
	if err := c.Barrier(testContext(t)); err != nil {
		t.Error(err)
	}
	for _, want := range []of.Message{
		port, packet, of.Raw{Type: 32, Body: []byte("forwarded")}, of.Error{Code: of.ErrOverlap, Data: []byte("flow-mod")},
		of.Raw{Type: 12, Body: []byte("short")}, of.MultipartReply{Type: 0xffff, Body: []byte("update")},
	} {
		if diff := cmp.Diff(want, next(t, s), cmpOptions); diff != "" {
			t.Errorf("next message (-want +got):\n%s", diff)
		}
	}
	if m, err := s.Next(testContext(t)); !errors.Is(err, io.EOF) || !errors.Is(err, c.Err()) {
		t.Errorf("at the end there is %+v, error %v; want that of the connection: %v", m, err, c.Err())
	}
	late := c.Subscribe(of.SubscribeOptions{})
	if m, err := late.Next(testContext(t)); !errors.Is(err, io.EOF) {
		t.Errorf("a subscription after the end has %+v, error %v; want that of the connection", m, err)
	}
	late.Close()
}

// TestSubscribeSlow has a subscriber lose messages: it finds how many and where, and what comes when it has caught up.
// One with room enough finds all.
func TestSubscribeSlow(t *testing.T) {
	const n, size = 1000, 100
	endpoint, say := speaker(t)
	c := dial(t, endpoint)
	ctx := testContext(t)
	slow := c.Subscribe(of.SubscribeOptions{Buffer: 10_000})
	defer slow.Close()
	ample := c.Subscribe(of.SubscribeOptions{})
	defer ample.Close()
	packets := numberedPackets(n, size)
	for round := range 3 {
		say <- packets
		if err := c.Barrier(ctx); err != nil {
			t.Fatal(err)
		}
		kept := 0
		for kept < n {
			m := next(t, slow)
			if lost, ok := m.(of.Lost); ok {
				onWire, err := of.Encode(of.Version13, packets[0], 0)
				if err != nil {
					t.Fatal(err)
				}
				if lost.Messages != n-kept || lost.Bytes != lost.Messages*len(onWire) {
					t.Errorf("round %d: %+v behind %d messages, want the other %d of %d bytes each",
						round, lost, kept, n-kept, len(onWire))
				}
				break
			}
			if numberOf(m) != kept {
				t.Fatalf("round %d: message %d is %+v", round, kept, m)
			}
			kept++
		}
		if most := 10_000 / size; kept == 0 || kept > most {
			t.Errorf("round %d: %d messages of more than %d bytes are kept, want some that fit into 10000 bytes", round, kept, size)
		}
		for i := range n {
			if m := next(t, ample); numberOf(m) != i {
				t.Fatalf("round %d: message %d with room is %+v", round, i, m)
			}
		}
	}
}

// TestSubscribeOnly has subscribers with different interests, one of which has no room for what it does not want.
func TestSubscribeOnly(t *testing.T) {
	endpoint, say := speaker(t)
	c := dial(t, endpoint)
	isPort := func(m of.Message) bool { _, ok := m.(of.PortStatus); return ok }
	ports := c.Subscribe(of.SubscribeOptions{Only: isPort, Buffer: 1000})
	defer ports.Close()
	port := of.PortStatus{Port: of.PortDesc{No: 1, HWAddr: mac("0a:00:00:00:00:01")}}
	say <- append(numberedPackets(100, 1000), port)
	if err := c.Barrier(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(port, next(t, ports), cmpOptions); diff != "" {
		t.Errorf("next message (-want +got):\n%s", diff)
	}
}

// TestSubscribeMany has subscribers read at once, some of which close while messages come.
func TestSubscribeMany(t *testing.T) {
	const n = 2000
	endpoint, say := speaker(t)
	c := dial(t, endpoint)
	ctx := testContext(t)
	var running sync.WaitGroup
	for i := range 20 {
		s := c.Subscribe(of.SubscribeOptions{})
		running.Add(1)
		go func() {
			defer running.Done()
			defer s.Close()
			for j := range n {
				if i%2 == 1 && j == n/2 {
					return
				}
				m, err := s.Next(ctx)
				if err != nil || numberOf(m) != j {
					t.Errorf("subscriber %d has %+v as message %d, error %v", i, m, j, err)
					return
				}
			}
		}()
	}
	say <- numberedPackets(n, 10)
	if err := c.Barrier(ctx); err != nil {
		t.Error(err)
	}
	running.Wait()
}

// TestSubscribeWorkers has several goroutines share a subscription: each message goes to one of them.
func TestSubscribeWorkers(t *testing.T) {
	const n, workers = 1000, 4
	endpoint, say := speaker(t)
	c := dial(t, endpoint)
	s := c.Subscribe(of.SubscribeOptions{})
	defer s.Close()
	ctx := testContext(t)
	seen := make(chan int, n)
	var running sync.WaitGroup
	for range workers {
		running.Add(1)
		go func() {
			defer running.Done()
			for {
				m, err := s.Next(ctx)
				if err != nil {
					if !errors.Is(err, of.ErrClosed) {
						t.Error(err)
					}
					return
				}
				seen <- numberOf(m)
			}
		}()
	}
	say <- numberedPackets(n, 10)
	if err := c.Barrier(ctx); err != nil {
		t.Error(err)
	}
	times := map[int]int{}
	for range n {
		times[<-seen]++
	}
	s.Close()
	running.Wait()
	if len(times) != n || len(seen) != 0 {
		t.Errorf("%d of %d messages are seen, and %d once more", len(times), n, len(seen))
	}
}

func TestSubscriptionNextEnds(t *testing.T) {
	c := dial(t, serveUnix(t, behave))
	s := c.Subscribe(of.SubscribeOptions{})
	ctx, cancel := context.WithCancel(testContext(t))
	result := make(chan error)
	wait := func(ctx context.Context) {
		_, err := s.Next(ctx)
		result <- err
	}
	go wait(ctx)
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("Next gives %v, want the context's error", err)
	}
	go wait(testContext(t))
	s.Close()
	if err := <-result; !errors.Is(err, of.ErrClosed) {
		t.Errorf("Next of a closed subscription gives %v, want %v", err, of.ErrClosed)
	}
	if s.Close() != nil || c.Err() != nil {
		t.Errorf("closing a subscription twice leaves the connection with %v", c.Err())
	}
	s = c.Subscribe(of.SubscribeOptions{})
	defer s.Close()
	go wait(testContext(t))
	c.Close()
	if err := <-result; !errors.Is(err, of.ErrClosed) || !errors.Is(err, c.Err()) {
		t.Errorf("Next on a closed connection gives %v, want %v", err, c.Err())
	}
}
