// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd_test

import (
	"context"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/ovskit/ovskit/openflow"
)

// controller is a controller in the switch's directory. It gives the connections of the switch to it.
func (s *side) controller(name string) <-chan *openflow.Conn {
	s.t.Helper()
	l, err := net.Listen("unix", filepath.Join(s.dir, name))
	if err != nil {
		s.t.Fatal(err)
	}
	conns := make(chan *openflow.Conn, 10)
	var done sync.WaitGroup
	done.Add(1)
	go func() {
		defer done.Done()
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			if c, err := openflow.NewConn(context.Background(), nc, openflow.Options{}); err == nil {
				conns <- c
			}
		}
	}()
	s.t.Cleanup(func() {
		l.Close()
		done.Wait()
		for len(conns) > 0 {
			(<-conns).Close()
		}
	})
	return conns
}

// await returns the next connection of the switch to a controller, and lets time pass for it.
func (s *side) await(conns <-chan *openflow.Conn) *openflow.Conn {
	s.t.Helper()
	for range 100 {
		select {
		case c := <-conns:
			return c
		case <-time.After(50 * time.Millisecond):
			s.warp(time.Second)
		}
	}
	s.t.Fatal("the switch does not connect to its controller")
	return nil
}

func TestControllers(t *testing.T) {
	onBoth(t, func(s *side) {
		s.stopTime()
		s.sees("add-br br0 -- set bridge br0 datapath_type=dummy other_config:hwaddr=aa:55:aa:55:00:00")
		s.ofctl("-OOpenFlow13 dump-flows BR/br0.mgmt")
		s.sees("set-controller br0 unix:ctl")
		s.ofctl("-OOpenFlow13 dump-flows BR/br0.mgmt")
		s.warp(6 * time.Second)
		s.rows("Controller") // after attempts at 0, 1 and 3 s
		conns := s.controller("ctl")
		s.warp(time.Second)
		c := s.await(conns)
		s.warp(6 * time.Second)
		s.sees("get controller br0 is_connected role status:last_error status:state")
		for _, role := range []openflow.Role{openflow.RolePrimary, openflow.RoleSecondary} {
			if _, _, err := c.Role(s.t.Context(), role, 1); err != nil {
				s.t.Fatal(err)
			}
			s.warp(6 * time.Second)
			s.sees("get controller br0 role")
		}
		c.Close()
		c = s.await(conns)
		s.warp(6 * time.Second)
		s.sees("get controller br0 is_connected role status:last_error status:state")
		c.Close()
		s.sees("set-controller br0 unix:ctl tcp:127.0.0.1:1 punix:DIR/br0.ctl punix:DIR/br1.ctl punix:br0.ctm foo:bar ptcp:0:127.0.0.1")
		s.warp(6 * time.Second)
		s.sees("--columns=is_connected,role,status find controller target=tcp\\:127.0.0.1\\:1")
		s.ofctl("-OOpenFlow13 dump-flows BR/br0.ctl")
		s.ofctl("-OOpenFlow13 dump-flows BR/br1.ctl")
		s.ofctl("-OOpenFlow13 dump-flows BR/br0.ctm")
		s.sees("del-controller br0")
		s.ofctl("-OOpenFlow13 dump-flows BR/br0.mgmt")
		s.rows("Controller")
		s.sees("set bridge br0 fail_mode=secure")
		s.ofctl("-OOpenFlow13 dump-flows BR/br0.mgmt")
	})
}

func TestFlowRestoreWait(t *testing.T) {
	onBoth(t, func(s *side) {
		s.sees("set Open_vSwitch . other_config:flow-restore-wait=true")
		s.restart()
		conns := s.controller("ctl")
		s.sees("add-br br0 -- set bridge br0 datapath_type=dummy other_config:hwaddr=aa:55:aa:55:00:00" +
			" -- set-controller br0 unix:ctl -- set bridge br0 fail_mode=secure -- add-port br0 p1 -- set interface p1 type=dummy")
		s.ofctl("-OOpenFlow13 add-flow BR/br0.mgmt actions=LOCAL")
		s.stopTime()
		s.receive("p1", frame(1, 2, 60))
		s.warp(6 * time.Second)
		s.sees("get interface br0 statistics:tx_packets")
		s.sees("get controller br0 is_connected")
		s.sees("remove Open_vSwitch . other_config flow-restore-wait")
		c := s.await(conns)
		s.receive("p1", frame(1, 2, 60))
		s.warp(6 * time.Second)
		s.sees("get interface br0 statistics:tx_packets")
		s.sees("get controller br0 is_connected")
		s.sees("set Open_vSwitch . other_config:flow-restore-wait=true")
		s.receive("p1", frame(1, 2, 60))
		s.warp(6 * time.Second)
		s.sees("get interface br0 statistics:tx_packets")
		c.Close()
	})
}

func TestFailOpen(t *testing.T) {
	onBoth(t, func(s *side) {
		s.stopTime()
		s.sees(bridge0 + " -- set-controller br0 unix:ctl" + dummies("", ""))
		forwards := func() {
			s.t.Helper()
			s.forwards("br0", "in_port=1,dl_type=0x88b5,dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02")
			s.ofctl("-OOpenFlow13 dump-flows BR/br0.mgmt")
		}
		s.ofctl("-OOpenFlow13 add-flow BR/br0.mgmt actions=output:2")
		s.warp(10 * time.Second)
		forwards()
		s.warp(10 * time.Second)
		forwards()
		s.ofctl("-OOpenFlow13 add-flow BR/br0.mgmt actions=output:2")
		forwards()
		s.sees("set-fail-mode br0 secure")
		forwards()
	})
}

// TestControllerRateLimit has more packets for a controller than it may be sent at once.
func TestControllerRateLimit(t *testing.T) {
	onBoth(t, func(s *side) {
		s.stopTime()
		conns := s.controller("ctl")
		s.sees(bridge0 + " -- set-controller br0 unix:ctl" + dummies("", ""))
		c := s.await(conns)
		defer c.Close()
		s.ofctl("-OOpenFlow13 add-flow BR/br0.mgmt actions=CONTROLLER")
		status := func() {
			s.t.Helper()
			s.warp(6 * time.Second)
			for _, kind := range []string{"action", "miss"} {
				for _, count := range []string{"backlog", "bypassed", "queued", "dropped"} {
					s.sees("--if-exists get controller br0 status:packet-in-" + kind + "-" + count)
				}
			}
		}
		packets := func(n int) {
			for range n {
				s.receive("p1", frame(1, 2, 60))
			}
		}
		packets(30)
		status()
		s.sees("set controller br0 controller_rate_limit=100 controller_burst_limit=25")
		packets(60)
		status()
		packets(3)
		s.sees("set controller br0 controller_rate_limit=2000 controller_burst_limit=[]")
		packets(3)
		status()
		s.sees("clear controller br0 controller_rate_limit")
		packets(1)
		status()
	})
}
