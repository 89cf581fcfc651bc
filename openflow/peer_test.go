// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	of "github.com/ovskit/ovskit/openflow"
)

func TestDialFailures(t *testing.T) {
	hello := "\x04\x00\x00\x08\x00\x00\x00\x01"
	for _, tc := range []struct {
		name   string
		script func(p *peer)
		want   string
	}{
		{"closes", func(p *peer) {}, "closed the connection"},
		{"talks JSON", func(p *peer) { io.WriteString(p.nc, `{"method":"echo"}`); p.drain() }, "not OpenFlow"},
		{"talks a line", func(p *peer) { io.WriteString(p.nc, "220 hi\r\n"); p.drain() }, "not OpenFlow"},
		{"says little", func(p *peer) { io.WriteString(p.nc, "\x04\x00\x00") }, "closed the connection"},
		{"short message", func(p *peer) { io.WriteString(p.nc, "\x04\x00\x00\x07\x00\x00\x00\x01"); p.drain() }, "message of 7 bytes"},
		{"cut message", func(p *peer) { io.WriteString(p.nc, "\x04\x00\x00\x10\x00\x00\x00\x01") }, "ended in a message of 16 bytes"},
		{"version 1.0", func(p *peer) { p.write(of.Hello{Version: 1}, 1); p.drain() }, "up to OpenFlow10 spoken there, OpenFlow13 here"},
		{"version 1.5 only", func(p *peer) { p.write(of.Hello{Version: 6, Bitmap: 1 << 6}, 1); p.drain() }, "OpenFlow15 spoken there, OpenFlow13 here"},
		{"refuses", func(p *peer) {
			p.write(of.Error{Code: of.ErrIncompatible, Data: []byte("not you")}, 1)
			p.drain()
		}, `greeting of OpenFlow13: OFPHFC_INCOMPATIBLE ("not you")`},
		{"no greeting", func(p *peer) { p.write(of.BarrierReply{}, 1); p.drain() }, "begins with a barrier reply"},
		{"no features", func(p *peer) { io.WriteString(p.nc, hello); p.read(); p.read() }, "closed the connection"},
		{"wrong features", func(p *peer) {
			io.WriteString(p.nc, hello)
			p.read()
			_, xid := p.read()
			p.write(of.BarrierReply{}, xid)
			p.drain()
		}, "features request answered by barrier reply"},
		{"bad features", func(p *peer) {
			io.WriteString(p.nc, hello)
			p.read()
			_, xid := p.read()
			p.write(of.Raw{Type: 6, Body: []byte{1}}, xid)
			p.drain()
		}, "features reply is too short"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			endpoint := serveUnix(t, tc.script)
			c, err := of.Dial(testContext(t), endpoint, of.Options{})
			if err == nil {
				c.Close()
				t.Fatal("Dial succeeds")
			}
			for _, want := range []string{tc.want, endpoint} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("Dial gives %q, which does not have %q", err, want)
				}
			}
		})
	}
	for endpoint, want := range map[string]string{
		"ptcp:6653": "a server listens there", "unix:": "the path is missing", "/run/br0.mgmt": "not a connection method",
		"unix:/nonexistent/br0.mgmt": "no such file",
	} {
		if _, err := of.Dial(testContext(t), endpoint, of.Options{}); err == nil ||
			!strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), endpoint) {
			t.Errorf("Dial of %q gives %v, want %q", endpoint, err, want)
		}
	}
}

func TestDialHonoursContext(t *testing.T) {
	endpoint := serveUnix(t, func(p *peer) { p.drain() })
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := of.Dial(ctx, endpoint, of.Options{}); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), endpoint) {
		t.Errorf("Dial of a silent socket gives %v, want the context's error and the endpoint", err)
	}
}

func TestEchoIsAnswered(t *testing.T) {
	got := make(chan of.Message, 1)
	endpoint := serveUnix(t, func(p *peer) {
		p.greet()
		p.write(of.EchoRequest{Data: []byte("are you there?")}, 99)
		m, xid := p.read()
		if xid != 99 {
			t.Errorf("echo reply has transaction %d, want 99", xid)
		}
		got <- m
	})
	dial(t, endpoint)
	if reply, ok := (<-got).(of.EchoReply); !ok || string(reply.Data) != "are you there?" {
		t.Errorf("answer is %+v", reply)
	}
}

func TestReplies(t *testing.T) {
	flow := of.FlowStats{Flow: numbered(1)}
	for _, tc := range []struct {
		name   string
		answer func(p *peer, xid uint32)
		flows  int
		want   string
	}{
		{"two parts with others between", func(p *peer, xid uint32) {
			p.write(of.FlowStatsReply{Flows: []of.FlowStats{flow, flow}, More: true}, xid)
			p.write(of.PortStatus{Port: of.PortDesc{HWAddr: mac("0a:00:00:00:00:01")}}, 0)
			p.write(of.FlowStatsReply{Flows: []of.FlowStats{flow}}, xid+17)
			p.write(of.Raw{Type: 33}, 0)
			p.write(of.FlowStatsReply{Flows: []of.FlowStats{flow}}, xid)
		}, 3, ""},
		{"refusal", func(p *peer, xid uint32) { p.write(of.Error{Code: of.ErrBadTable}, xid) }, 0, "OFPBRC_BAD_TABLE_ID"},
		{"other kind", func(p *peer, xid uint32) { p.write(of.DescReply{}, xid) }, 0, "answered by description reply"},
		{"other kind in the second part", func(p *peer, xid uint32) {
			p.write(of.FlowStatsReply{Flows: []of.FlowStats{flow}, More: true}, xid)
			p.write(of.PortDescReply{}, xid)
		}, 0, "answered by port description reply"},
		{"cannot be decoded", func(p *peer, xid uint32) {
			p.write(of.MultipartReply{Type: 1, Body: make([]byte, 20)}, xid)
		}, 0, "reply to flow statistics request"},
		{"other version", func(p *peer, xid uint32) {
			io.WriteString(p.nc, "\x01\x13\x00\x08"+string(binary.BigEndian.AppendUint32(nil, xid)))
		}, 0, "OFPBRC_BAD_VERSION"},
		{"end", func(p *peer, xid uint32) {
			p.write(of.FlowStatsReply{Flows: []of.FlowStats{flow}, More: true}, xid)
		}, 0, "closed the connection"},
		{"garbage", func(p *peer, xid uint32) { io.WriteString(p.nc, "garbage!") }, 0, "not OpenFlow"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			endpoint := serveUnix(t, func(p *peer) {
				p.greet()
				_, xid := p.read()
				tc.answer(p, xid)
			})
			flows, err := dial(t, endpoint).Flows(testContext(t), of.FlowFilter{})
			if tc.want == "" {
				if err != nil || len(flows) != tc.flows {
					t.Errorf("%d flows, error %v; want %d", len(flows), err, tc.flows)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), endpoint) {
				t.Errorf("Flows gives %v, want %q and %s", err, tc.want, endpoint)
			}
		})
	}
}

// TestBundleOutcome cuts the connection at each step of a bundle: only the last leaves open what became of it.
func TestBundleOutcome(t *testing.T) {
	for _, tc := range []struct {
		last    of.BundleType // the request after which the switch is gone
		unknown bool
	}{
		{of.BundleOpenRequest, false},
		{of.BundleCloseRequest, false},
		{of.BundleCommitRequest, true},
	} {
		t.Run(tc.last.String(), func(t *testing.T) {
			endpoint := serveUnix(t, func(p *peer) {
				p.greet()
				for m, xid := p.read(); m != nil; m, xid = p.read() {
					control, ok := m.(of.BundleControl)
					if !ok {
						continue
					}
					if control.Type == tc.last {
						return
					}
					control.Type++
					p.write(control, xid)
				}
			})
			err := dial(t, endpoint).Bundle(testContext(t), of.Add(numbered(1)))
			var broken *of.ConnError
			if !errors.As(err, &broken) || broken.Endpoint != endpoint {
				t.Errorf("Bundle gives %v, want a ConnError of %s", err, endpoint)
			}
			if got := errors.Is(err, of.ErrOutcomeUnknown); got != tc.unknown {
				t.Errorf("outcome unknown is %t, want %t: %v", got, tc.unknown, err)
			}
		})
	}
}

// TestBundleDiscarded has the context end before the commit: the bundle is discarded, and the connection goes on.
func TestBundleDiscarded(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	seen := make(chan of.BundleType, 10)
	endpoint := serveUnix(t, func(p *peer) {
		p.greet()
		for m, xid := p.read(); m != nil; m, xid = p.read() {
			switch m := m.(type) {
			case of.BundleControl:
				seen <- m.Type
				if m.Type == of.BundleCloseRequest {
					cancel()
				}
			case of.EchoRequest:
				p.write(of.EchoReply(m), xid)
			}
		}
	})
	c := dial(t, endpoint)
	err := c.Bundle(ctx, of.Add(numbered(1)))
	if !errors.Is(err, context.Canceled) || errors.Is(err, of.ErrOutcomeUnknown) {
		t.Errorf("Bundle gives %v, want the context's error and a known outcome", err)
	}
	for _, want := range []of.BundleType{of.BundleOpenRequest, of.BundleCloseRequest, of.BundleDiscardRequest} {
		if got := <-seen; got != want {
			t.Errorf("the switch sees a %v, want %v", got, want)
		}
	}
	if err := c.Echo(testContext(t)); err != nil {
		t.Error(err)
	}
}

// TestSwitchDoesNotRead fills all buffers; calls end with their contexts, and Close does not wait.
func TestSwitchDoesNotRead(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	endpoint := serveUnix(t, func(p *peer) {
		p.greet()
		<-release
	})
	c := dial(t, endpoint)
	mods := make([]of.Modification, 50_000)
	for i := range mods {
		mods[i] = of.Add(numbered(uint32(i)))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := c.Bundle(ctx, mods...); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Bundle gives %v, want the context's error", err)
	}
	if err := c.Echo(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Echo gives %v, want the context's error", err)
	}
	if err := c.Apply(ctx, mods[0]); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, of.ErrOutcomeUnknown) {
		t.Errorf("Apply gives %v, want the context's error and a known outcome", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := c.Echo(context.Background()); !errors.Is(err, of.ErrClosed) {
		t.Errorf("Echo after Close gives %v, want %v", err, of.ErrClosed)
	}
	close(release)
}

func TestCloseEndsCalls(t *testing.T) {
	asked := make(chan struct{})
	endpoint := serveUnix(t, func(p *peer) {
		p.greet()
		p.read()
		close(asked)
		p.drain()
	})
	c := dial(t, endpoint)
	result := make(chan error)
	go func() { result <- c.Barrier(context.Background()) }()
	<-asked
	c.Close()
	if err := <-result; !errors.Is(err, of.ErrClosed) {
		t.Errorf("Barrier gives %v, want %v", err, of.ErrClosed)
	}
	if err := c.Err(); !errors.Is(err, of.ErrClosed) {
		t.Errorf("Err() = %v, want %v", err, of.ErrClosed)
	}
}

// TestErrorFlood answers a bundle with errors for all of its messages before it reads the rest.
func TestErrorFlood(t *testing.T) {
	t.Parallel()
	const n = 20_000
	endpoint := serveUnix(t, func(p *peer) {
		p.greet()
		_, first := p.read() // open
		_, add := p.read()
		if first != add+n {
			t.Errorf("bundle of %d is opened by transaction %d, its first message is %d", n, first, add)
		}
		for i := range uint32(n) {
			p.write(of.Error{Code: of.ErrTableFull, Data: make([]byte, 64)}, add+i)
		}
		for m, xid := p.read(); m != nil; m, xid = p.read() {
			if control, ok := m.(of.BundleControl); ok {
				control.Type++
				p.write(control, xid)
			}
		}
	})
	mods := make([]of.Modification, n)
	for i := range mods {
		mods[i] = of.Add(numbered(uint32(i)))
	}
	if err := dial(t, endpoint).Bundle(testContext(t), mods...); !errors.Is(err, of.ErrTableFull) {
		t.Errorf("Bundle does not give %v", of.ErrTableFull)
	}
}
