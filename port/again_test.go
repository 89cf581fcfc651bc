// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"fmt"
	"net"
	"syscall"
	"testing"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
)

// freezeSwitch stops ovs-vswitchd.
func (l *lab) freezeSwitch(t *testing.T) (thaw func()) {
	t.Helper()
	pid := l.OVS().SwitchPID()
	signal := func(s syscall.Signal) {
		if err := syscall.Kill(pid, s); err != nil {
			t.Error(err)
		}
	}
	signal(syscall.SIGSTOP)
	t.Cleanup(func() { signal(syscall.SIGCONT) })
	return func() { signal(syscall.SIGCONT) }
}

// A remover is a way in which a port is removed before it is made again.
type remover struct {
	name string
	// open opens the manager that makes it again, before it is removed if early.
	open   func(l *lab) *port.Manager
	early  bool
	remove func(l *lab) error
}

// another is a manager with a connection of its own, as in another program.
func (l *lab) another(t *testing.T) *port.Manager {
	t.Helper()
	m, err := port.Open(switchtest.Dial(t, l.OVS().DatabaseEndpoint()), port.Options{SwitchNetns: l.Host().Path()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

func removers(t *testing.T) []remover {
	detach := func(l *lab) error { return l.ports.Detach(testContext(t), "web") }
	another := func(l *lab) *port.Manager { return l.another(t) }
	return []remover{
		{"by the same manager", func(l *lab) *port.Manager { return l.ports }, true, detach},
		{"before", another, false, detach},
		{"by another program", another, true, detach},
		{"without telling the switch", another, true, func(l *lab) error {
			br, _ := l.db.Bridge("br0")
			row, _ := l.db.Port("web")
			_, err := l.db.Client().Transact(testContext(t), vswitch.RemovePorts(br.UUID, row.UUID))
			if err != nil {
				return err
			}
			return l.ports.Detach(testContext(t), "web") // what is left of it
		}},
	}
}

// TestAttachRightAfterDetach has a port made again before the switch has seen that
// it was removed: it would keep the device that is no more.
func TestAttachRightAfterDetach(t *testing.T) {
	t.Parallel()
	for _, r := range removers(t) {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, bridge.Standalone)
			c, _ := l.config(t, "web", "10.0.0.2/24")
			l.attach(t, c)
			peer, db := l.config(t, "db", "10.0.0.3/24")
			l.attach(t, peer)
			thaw := l.freezeSwitch(t)
			var m *port.Manager
			if r.early {
				m = r.open(l)
			}
			if err := r.remove(l); err != nil {
				t.Fatal(err)
			}
			if !r.early {
				m = r.open(l)
			}
			waits := make(chan string, 10)
			m.Hook(func(step string) error {
				if step == "let the switch forget" || step == "insert the rows" {
					waits <- step
				}
				return nil
			})
			done := make(chan error, 1)
			go func() {
				_, err := m.Attach(testContext(t), c)
				done <- err
			}()
			if <-waits == "insert the rows" {
				err := l.db.Wait(testContext(t), func() (bool, error) { _, ok := l.db.Port("web"); return ok, nil })
				if err != nil {
					t.Error(err)
				}
			}
			thaw()
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			if err := ping(t, db, "10.0.0.2", "5"); err != nil {
				t.Errorf("ping: %v", err)
			}
		})
	}
}

// TestRemovedAtThisMoment has a port of the same name come and go between the last look
// for such a port and the new rows.
func TestRemovedAtThisMoment(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Standalone)
	c, _ := l.config(t, "web", "10.0.0.2/24")
	peer, db := l.config(t, "db", "10.0.0.3/24")
	l.attach(t, peer)
	br, _ := l.db.Bridge("br0")
	m := l.manager(t, port.Options{})
	inserts := 0
	m.Hook(func(step string) error {
		if step != "insert the rows" {
			return nil
		}
		if inserts++; inserts > 1 {
			return nil
		}
		results, err := l.db.Apply(testContext(t),
			ovsdb.Insert(vswitch.TableInterface, &vswitch.Interface{Name: "web"}).Named("i"),
			ovsdb.Insert(vswitch.TablePort, &vswitch.Port{Name: "web", Interfaces: []string{"i"}}).Named("p"),
			vswitch.AddPorts(br.UUID, "p"))
		if err != nil {
			return err
		}
		thaw := l.freezeSwitch(t)
		if _, err = l.db.Commit(testContext(t), vswitch.RemovePorts(br.UUID, results[1].UUID)); err != nil {
			return err
		}
		go func() {
			defer thaw()
			if err := l.db.Wait(t.Context(), func() (bool, error) { _, ok := l.db.Interface("web"); return ok, nil }); err != nil {
				t.Error(err)
			}
		}()
		return nil
	})
	if _, err := m.Attach(testContext(t), c); err != nil {
		t.Fatal(err)
	}
	if inserts != 2 {
		t.Errorf("the rows were made %d times, want that they were made again", inserts)
	}
	if err := ping(t, db, "10.0.0.2", "5"); err != nil {
		t.Errorf("ping: %v", err)
	}
}

// TestTwoManagersInTurn has two programs attach and detach the same ports in turns, each
// as soon as the other is through.
func TestTwoManagersInTurn(t *testing.T) {
	t.Parallel()
	const rounds, names = 12, 4
	l := newLab(t, bridge.Standalone)
	managers := []*port.Manager{l.another(t), l.another(t)}
	_, db := l.endpoint(t, "db", "10.0.0.3/24")
	for n := range names {
		name := fmt.Sprintf("web%d", n)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := l.config(t, name, fmt.Sprintf("10.0.0.%d/24", 10+n))
			c.MAC = net.HardwareAddr{2, 0, 0, 0, 0, byte(n)} // or else the one before is asked for
			for round := range rounds {
				if _, err := managers[round%2].Attach(testContext(t), c); err != nil {
					t.Fatalf("round %d: %v", round, err)
				}
				if err := ping(t, db, c.Addrs[0].Addr().String(), "3"); err != nil {
					t.Fatalf("round %d: ping: %v", round, err)
				}
				if err := managers[round/2%2].Detach(testContext(t), name); err != nil {
					t.Fatalf("round %d: %v", round, err)
				}
			}
		})
	}
}
