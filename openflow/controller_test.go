// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"crypto/tls"
	"errors"
	"net"
	"path/filepath"
	"sync"
	"testing"

	"github.com/ovskit/ovskit/internal/testpki"
	of "github.com/ovskit/ovskit/openflow"
)

// TestRealController has a switch connect to its controller by each of the ways.
func TestRealController(t *testing.T) {
	t.Parallel()
	ovs := realSwitch(t)
	ca := testpki.NewCA()
	key, certificate := testpki.Write(t, ca.Client())
	vsctl(t, ovs, "set-ssl", key, certificate, ca.Write(t))
	socket := filepath.Join(ovs.Dir(), "controller")
	withTLS := of.Options{TLS: &tls.Config{
		Certificates: []tls.Certificate{ca.Server("127.0.0.1")}, ClientCAs: ca.Pool(),
	}}
	for _, tc := range []struct {
		listen  string
		options of.Options
		target  func(a net.Addr) string
	}{
		{"ptcp:0:127.0.0.1", of.Options{}, func(a net.Addr) string { return "tcp:" + a.String() }},
		{"punix:" + socket, of.Options{}, func(net.Addr) string { return "unix:" + socket }},
		{"pssl:0:127.0.0.1", withTLS, func(a net.Addr) string { return "ssl:" + a.String() }},
	} {
		t.Run(tc.listen[:5], func(t *testing.T) {
			l := listenAt(t, tc.listen, tc.options)
			vsctl(t, ovs, "set-controller", "br0", tc.target(l.Addr()))
			c := accept(t, l)
			s := c.Subscribe(of.SubscribeOptions{})
			defer s.Close()
			if f := c.Features(); f.Tables != 254 {
				t.Errorf("features are %+v, want 254 tables", f)
			}
			if err := c.Bundle(testContext(t), of.Add(numbered(1))); err != nil {
				t.Error(err)
			}
			vsctl(t, ovs, "add-port", "br0", "p3", "--", "set", "interface", "p3", "type=dummy", "ofport_request=3")
			added := false
			for !added {
				status, ok := next(t, s).(of.PortStatus)
				added = ok && status.Reason == of.PortAdded && status.Port.Name == "p3"
			}
			vsctl(t, ovs, "del-port", "p3", "--", "del-controller", "br0")
			<-c.Done()
		})
	}
}

// TestRealDialTCP has a switch listen at a port.
func TestRealDialTCP(t *testing.T) {
	t.Parallel()
	ovs := realSwitch(t)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	free.Close()
	vsctl(t, ovs, "set-controller", "br0", "ptcp:"+port+":127.0.0.1")
	o := quick
	o.Retry = true
	c := connect(t, "tcp:127.0.0.1:"+port, o)
	conn, err := c.Conn(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Echo(testContext(t)); err != nil {
		t.Error(err)
	}
}

// TestRealRoles has two controllers become primary in turn.
func TestRealRoles(t *testing.T) {
	t.Parallel()
	ovs := realSwitch(t)
	ctx := testContext(t)
	one, two := dial(t, ovs.Management("br0")), dial(t, ovs.Management("br0"))
	check := func(c *of.Conn, take of.Role, generation uint64, want of.Role, wantGeneration uint64) {
		t.Helper()
		role, g, err := c.Role(ctx, take, generation)
		if err != nil || role != want || g != wantGeneration {
			t.Errorf("Role(%v, %d) = %v, %d, %v; want %v, %d", take, generation, role, g, err, want, wantGeneration)
		}
	}
	check(one, of.RoleNoChange, 0, of.RoleEqual, ^uint64(0))
	check(one, of.RolePrimary, 10, of.RolePrimary, 10)
	check(two, of.RoleSecondary, 10, of.RoleSecondary, 10)
	if err := two.Apply(ctx, of.Add(numbered(1))); !errors.Is(err, of.ErrIsSlave) {
		t.Errorf("a flow-mod of a secondary controller gives %v, want %v", err, of.ErrIsSlave)
	}
	if _, _, err := two.Role(ctx, of.RolePrimary, 9); !errors.Is(err, of.ErrRoleStale) {
		t.Errorf("an old generation gives %v, want %v", err, of.ErrRoleStale)
	}
	check(two, of.RolePrimary, 11, of.RolePrimary, 11)
	check(one, of.RoleNoChange, 0, of.RoleSecondary, 11)
	check(one, of.RoleEqual, 0, of.RoleEqual, 11)
	if _, _, err := one.Role(ctx, 7, 12); !errors.Is(err, of.ErrBadRole) {
		t.Errorf("role 7 gives %v, want %v", err, of.ErrBadRole)
	}
}

// TestRealAsync has a switch tell of removed flows only, and then of nothing.
func TestRealAsync(t *testing.T) {
	t.Parallel()
	ovs := realSwitch(t)
	eachVersion(t, of.Version13, func(t *testing.T, v of.Version) {
		ctx := testContext(t)
		c := dial(t, ovs.Management("br0"), v)
		s := c.Subscribe(of.SubscribeOptions{})
		defer s.Close()
		some := of.AsyncConfig{
			Primary:   of.AsyncMasks{FlowRemoved: 1 << of.FlowRemovedDelete},
			Secondary: of.AsyncMasks{PacketIn: 1 << of.PacketInNoMatch, PortStatus: 1<<of.PortAdded | 1<<of.PortDeleted},
		}
		if v >= of.Version14 {
			some.Secondary.RoleStatus, some.Primary.TableStatus = 1<<of.RoleConfig, 1<<of.TableVacancyUp
		}
		_, witness := attend(t, ovs.Management("br0"), v)
		flow := numbered(1)
		for _, config := range []of.AsyncConfig{some, {}} {
			must(t, c.SetAsync(ctx, config))
			if got, err := c.Async(ctx); err != nil || got != config {
				t.Errorf("Async() = %+v, %v; want %+v", got, err, config)
			}
			mod := of.Add(flow)
			mod.Flags |= of.FlowSendRemoved
			must(t, c.Apply(ctx, mod, of.DeleteStrict(flow)))
			vsctl(t, ovs, "add-port", "br0", "p3", "--", "set", "interface", "p3", "type=dummy")
			vsctl(t, ovs, "del-port", "p3")
			// A switch tells of a removed flow some time later, but all connections at once.
			for removed := false; !removed; {
				_, removed = next(t, witness).(of.FlowRemoved)
			}
			told := said(t, c, s)
			if config == (of.AsyncConfig{}) && len(told) == 0 {
				continue
			}
			if len(told) != 1 {
				t.Fatalf("with %+v the switch tells of %+v", config, told)
			}
			if m, ok := told[0].(of.FlowRemoved); !ok || m.Reason != of.FlowRemovedDelete || m.Stats.Key() != flow.Key() {
				t.Errorf("with %+v the switch tells of %+v, want the flow that was removed", config, told)
			}
		}
	})
}

// TestRealErrorBeforeBarrier has the switch refuse flow-mods: that is known whenever the barrier behind one returns.
func TestRealErrorBeforeBarrier(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	eachVersion(t, of.Version13, func(t *testing.T, v of.Version) {
		ctx := testContext(t)
		c := dial(t, endpoint, v)
		must(t, c.Apply(ctx, deleteAll))
		const workers, each = 8, 1250
		var running sync.WaitGroup
		for worker := range workers {
			running.Add(1)
			go func() {
				defer running.Done()
				for i := range each {
					bad := of.Add(numbered(uint32(worker*each + i)))
					bad.Instructions = apply(of.Output{Port: 0xffffff01})
					var refused *of.RequestError
					if err := c.Apply(ctx, bad); !errors.Is(err, of.ErrBadOutPort) || !errors.As(err, &refused) ||
						refused.Request.(of.FlowMod).Key() != bad.Key() {
						t.Errorf("bad flow-mod %d of goroutine %d gives %v, want its refusal as %v", i, worker, err, of.ErrBadOutPort)
						return
					}
				}
			}()
		}
		running.Wait()
		if flows := flowsOf(t, c); len(flows) != 0 {
			t.Errorf("%d bad flows are in the table", len(flows))
		}
	})
}
