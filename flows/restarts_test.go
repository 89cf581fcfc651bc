// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/openflow"
)

// life is a program and a switch in a random sequence of changes and ends of both.
type life struct {
	t        *testing.T
	ctx      context.Context
	sw       *switchtest.Switch
	br       *bridge.Bridge
	rand     *rand.Rand
	client   *openflow.Client
	flows    *flows.Switch
	declared map[string]flows.Object
}

// TestRandomRestarts makes random changes, one by one and several at once, ends and starts the program and the switch, and has
// somebody else write flows. The switch always comes to hold what the objects are compiled to.
func TestRandomRestarts(t *testing.T) {
	switchtest.Each(t, func(t *testing.T, s *switchtest.Switch) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		br, err := bridge.Ensure(ctx, s.DB, bridge.Config{Name: "br0", Datapath: s.Datapath})
		if err != nil {
			t.Fatal(err)
		}
		steps := 40
		if s.Fake != nil {
			steps = 100
		}
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		l := &life{t: t, ctx: ctx, sw: s, br: br, rand: rand.New(rand.NewPCG(seed, 0)), declared: map[string]flows.Object{}}
		defer func() { l.stop() }()
		for _, o := range someObjects(0) {
			l.declared[o.String()] = o
		}
		l.start()
		for i := range steps {
			what := l.step()
			l.check(fmt.Sprintf("step %d, %s", i, what))
			if t.Failed() {
				return
			}
		}
	})
}

func (l *life) step() (what string) {
	switch n := l.rand.IntN(20); {
	case n < 8:
		l.change()
		return "change"
	case n < 12:
		var wg sync.WaitGroup
		for _, o := range l.someEndpoints() {
			l.declared[o.String()] = o
			wg.Add(1)
			go func() {
				defer wg.Done()
				l.must(l.flows.Set(l.ctx, o))
			}()
		}
		wg.Wait()
		return "changes at once"
	case n < 14:
		l.stop()
		l.start()
		return "program restarted"
	case n < 16:
		l.restartSwitch()
		l.change()
		return "switch restarted"
	case n < 18:
		l.sabotage()
		_, err := l.flows.Prune(l.ctx)
		l.must(err)
		return "sabotage"
	default:
		ctx, cancel := context.WithCancel(l.ctx)
		o := l.someEndpoints()[0]
		done := make(chan error, 1)
		go func() { done <- l.flows.Set(ctx, o) }()
		cancel()
		err := <-done
		if err == nil {
			l.declared[o.String()] = o
		} else if !errors.Is(err, context.Canceled) {
			l.must(err)
		} else {
			// It may have been declared or not: from now on it is not.
			delete(l.declared, o.String())
			l.must(l.flows.Delete(l.ctx, o))
			_, err := l.flows.Prune(l.ctx)
			l.must(err)
		}
		return "change given up"
	}
}

// change declares some endpoints and takes others back.
func (l *life) change() {
	l.t.Helper()
	var set, gone []flows.Object
	for _, o := range l.someEndpoints() {
		_, there := l.declared[o.String()]
		if there && l.rand.IntN(2) == 0 {
			gone = append(gone, o)
			delete(l.declared, o.String())
		} else {
			set = append(set, o)
			l.declared[o.String()] = o
		}
	}
	l.must(l.flows.Delete(l.ctx, gone...))
	l.must(l.flows.Set(l.ctx, set...))
}

// someEndpoints are different endpoints, each of which has one of two addresses and some ports of its own.
func (l *life) someEndpoints() (objects []flows.Object) {
	for _, n := range l.rand.Perm(12)[:1+l.rand.IntN(5)] {
		e := flows.Endpoint{
			Name: fmt.Sprint("e", n), Network: "web", Port: 100 + uint32(n), MAC: net.HardwareAddr{2, 0, 0, 0, 3, byte(n)},
			Addrs:  []netip.Addr{netip.AddrFrom4([4]byte{10, 1, 0, byte(10 + n + 20*l.rand.IntN(2))})},
			Labels: map[string]string{"odd": fmt.Sprint(n % 2)},
		}
		for p := range uint16(l.rand.IntN(3)) {
			e.Publish = append(e.Publish, flows.PortMapping{Proto: flows.TCP, HostPort: 1000 + 10*uint16(n) + p, Port: 80 + p})
		}
		if l.rand.IntN(2) == 0 {
			e.Publish = append(e.Publish, flows.PortMapping{Proto: flows.TCP, HostPort: 443, Port: 443, Balance: flows.ByClientIP})
		}
		if l.rand.IntN(2) == 0 {
			e.Publish = append(e.Publish, flows.PortMapping{Proto: flows.UDP, HostPort: 443, Port: 443, Balance: flows.ByConnection})
		}
		objects = append(objects, e)
	}
	if l.rand.IntN(3) == 0 {
		objects = append(objects, flows.Rule{
			Name: "odd", From: []flows.Selector{flows.Labelled(map[string]string{"odd": "1"})},
			To: []flows.Selector{flows.InNetwork("web")}, Deny: l.rand.IntN(2) == 0,
		})
	}
	return objects
}

func (l *life) start() {
	l.t.Helper()
	var err error
	l.client, err = openflow.Connect(l.ctx, l.br.Management(), openflow.ClientOptions{
		Options: newest, MinBackoff: time.Millisecond, MaxBackoff: 20 * time.Millisecond, Retry: true,
	})
	l.must(err)
	l.flows, err = flows.Open(l.ctx, l.client, flows.Options{Owner: "life"})
	l.must(err)
	l.must(l.flows.Set(l.ctx, slices.Collect(maps.Values(l.declared))...))
}

func (l *life) stop() {
	l.must(l.flows.Close())
	l.must(l.client.Close())
}

// restartSwitch returns when the client has seen that the switch had gone.
func (l *life) restartSwitch() {
	l.t.Helper()
	conn, err := l.client.Conn(l.ctx)
	l.must(err)
	if l.sw.Fake != nil {
		l.sw.Fake.RestartSwitch()
	} else {
		l.sw.Kill(l.t)
		l.must(l.sw.Real.StartSwitch(l.ctx))
	}
	<-conn.Done()
}

// sabotage has somebody else empty a table or add a flow to one.
func (l *life) sabotage() {
	l.t.Helper()
	conn, err := openflow.Dial(l.ctx, l.br.Management(), openflow.Options{})
	l.must(err)
	defer conn.Close()
	tables := []uint8{0, 10, 15, 40, 75, 100}
	f := openflow.Flow{Table: tables[l.rand.IntN(len(tables))]}
	switch l.rand.IntN(4) {
	case 0, 1:
		l.must(conn.Apply(l.ctx, openflow.FlowMod{Command: openflow.FlowDelete, Flow: f}))
		return
	case 2: // and with them the flows that lead there
		l.must(conn.Apply(l.ctx, openflow.GroupMod{Command: openflow.GroupDelete, Group: openflow.Group{ID: openflow.GroupAll}}))
		return
	}
	f.Priority, f.Cookie = 40000, uint64(l.rand.IntN(10))
	l.must(conn.Apply(l.ctx, openflow.Add(f)))
}

// check compares the switch with a fresh compile.
func (l *life) check(what string) {
	l.t.Helper()
	_, err := l.client.Conn(l.ctx) // it is up to date once there is a connection
	l.must(err)
	conn, err := openflow.Dial(l.ctx, l.br.Management(), newest)
	l.must(err)
	defer conn.Close()
	holdsGroups(l.t, conn, "life", slices.Collect(maps.Values(l.declared))...)
	compiled, err := flows.Compile(flows.Options{Owner: "life"}, slices.Collect(maps.Values(l.declared))...)
	l.must(err)
	if diff := cmp.Diff(texts(compiled), held(l.t, conn)); diff != "" {
		l.t.Errorf("%s: the switch differs (-compiled +switch):\n%s", what, diff)
	}
}

func (l *life) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Error(err)
	}
}
