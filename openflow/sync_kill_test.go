// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/ovskit/ovskit/internal/ovsproc"
	of "github.com/ovskit/ovskit/openflow"
)

// trapConn springs a trap after so many bytes were written, in the middle of a message where it comes so.
type trapConn struct {
	net.Conn
	left int
	trap func()
	once sync.Once
}

func (c *trapConn) Write(b []byte) (int, error) {
	if len(b) <= c.left {
		c.left -= len(b)
		return c.Conn.Write(b)
	}
	n, err := c.Conn.Write(b[:c.left])
	c.once.Do(c.trap)
	if err != nil {
		return n, err
	}
	more, err := c.Conn.Write(b[c.left:])
	c.left = 0
	return n + more, err
}

// restart starts a switch that was killed, and returns when its bridge is there.
func restart(t *testing.T, ovs *ovsproc.OVS) {
	t.Helper()
	if err := ovs.StartSwitch(testContext(t)); err != nil {
		t.Fatal(err)
	}
	// Without --no-wait ovs-vsctl returns when the switch has seen the change.
	pid := fmt.Sprintf("external-ids:pid=%d", ovs.SwitchPID())
	vsctl(t, ovs, "set", "bridge", "br0", pid)
}

// TestRealSyncKilled kills the switch at many points of a synchronisation. The caller is told that the connection ended, and the
// next time the new switch holds everything.
func TestRealSyncKilled(t *testing.T) {
	t.Parallel()
	ovs := realSwitch(t)
	ctx := testContext(t)
	endpoint := ovs.Management("br0")
	var flows []of.Flow
	for i := range uint32(200) {
		flows = append(flows, owned(i))
	}
	killed := func(after int) (finished bool) {
		var d net.Dialer
		nc, err := d.DialContext(ctx, "unix", strings.TrimPrefix(endpoint, "unix:"))
		if err != nil {
			t.Fatal(err)
		}
		sprung := false
		c, err := of.NewConn(ctx, &trapConn{Conn: nc, left: after, trap: func() {
			sprung = true
			if err := ovs.KillSwitch(); err != nil {
				t.Error(err)
			}
		}}, of.Options{})
		if err == nil {
			_, err = c.Sync(ctx, desired(t, flows...))
			c.Close()
		}
		if !sprung {
			if err != nil {
				t.Errorf("not killed within %d bytes, but: %v", after, err)
			}
			return true
		}
		var ended *of.ConnError
		if !errors.As(err, &ended) || errors.Is(err, context.Canceled) {
			t.Errorf("killed after %d bytes: %v, want a ConnError", after, err)
		}
		restart(t, ovs)
		if err := syncOnce(ctx, endpoint, desired(t, flows...)); err != nil {
			t.Errorf("the next time after it was killed at %d bytes: %v", after, err)
		}
		again := dial(t, endpoint)
		holds(t, again, flows...)
		if _, err := again.Sync(ctx, desired(t)); err != nil {
			t.Fatal(err)
		}
		return false
	}
	steps := 0
	for after := 10; !killed(after); after = after*3/2 + 7 {
		steps++
	}
	if steps < 8 {
		t.Errorf("the switch was killed at %d points only", steps)
	}
}
