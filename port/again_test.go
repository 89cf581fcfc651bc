// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"syscall"
	"testing"

	"github.com/ovskit/ovskit/bridge"
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

// TestAttachRightAfterDetach has a port made again before the switch has seen that
// it was removed: it would keep the device that is no more.
func TestAttachRightAfterDetach(t *testing.T) {
	t.Parallel()
	for _, manager := range []string{"the same", "another"} {
		t.Run(manager, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, bridge.Standalone)
			c, _ := l.config(t, "web", "10.0.0.2/24")
			l.attach(t, c)
			peer, db := l.config(t, "db", "10.0.0.3/24")
			l.attach(t, peer)
			thaw := l.freezeSwitch(t)
			l.detach(t, "web")
			m := l.ports
			if manager == "another" {
				m = l.manager(t, port.Options{})
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
