// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"errors"
	"strings"
	"testing"

	of "github.com/ovskit/ovskit/openflow"
)

// TestVersions agrees on 1.3 with switches that offer it in various ways, and finds what the greeting offered.
func TestVersions(t *testing.T) {
	for _, tc := range []struct {
		name   string
		offer  []of.Version
		there  of.Hello
		bitmap uint32
	}{
		{"default", nil, of.Hello{Version: 4, Bitmap: 1 << 4}, 1 << 4},
		{"all, of a switch with 1.3 only", []of.Version{6, 4, 5, 4}, of.Hello{Version: 4, Bitmap: 1 << 4}, 1<<4 | 1<<5 | 1<<6},
		{"1.3 only, of a switch with all", []of.Version{4}, of.Hello{Version: 6, Bitmap: 0x7e}, 1 << 4},
		{"1.3, of a switch up to 1.6", nil, of.Hello{Version: 7, Bitmap: 0xfe}, 1 << 4},
		{"1.3 and 1.5, of a switch up to 1.4", []of.Version{4, 6}, of.Hello{Version: 5}, 1<<4 | 1<<6},
	} {
		t.Run(tc.name, func(t *testing.T) {
			hello := make(chan of.Message, 1)
			endpoint := serveUnix(t, func(p *peer) {
				m, _ := p.read()
				hello <- m
				p.write(tc.there, 1)
				_, xid := p.read()
				p.write(of.FeaturesReply{}, xid)
				p.drain()
			})
			c, err := of.Dial(testContext(t), endpoint, of.Options{Versions: tc.offer})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if c.Version() != of.Version13 {
				t.Errorf("version is %v, want %v", c.Version(), of.Version13)
			}
			h, _ := (<-hello).(of.Hello)
			if h.Bitmap != tc.bitmap || h.Bitmap>>h.Version != 1 {
				t.Errorf("the greeting is %+v, want the bitmap %#x and its highest version", h, tc.bitmap)
			}
		})
	}
}

// TestNoCommonVersion names what both sides speak, to the switch as well.
func TestNoCommonVersion(t *testing.T) {
	refusal := make(chan of.Message, 1)
	endpoint := serveUnix(t, func(p *peer) {
		p.read()
		p.write(of.Hello{Version: 4, Bitmap: 1<<1 | 1<<4}, 1)
		m, _ := p.read()
		refusal <- m
	})
	_, err := of.Dial(testContext(t), endpoint, of.Options{Versions: []of.Version{of.Version15, of.Version14}})
	const want = "OpenFlow10, OpenFlow13 spoken there, OpenFlow14, OpenFlow15 here"
	if !errors.Is(err, of.ErrIncompatible) || !strings.Contains(err.Error(), want) {
		t.Errorf("Dial gives %v, want %v and %q", err, of.ErrIncompatible, want)
	}
	m, _ := (<-refusal).(of.Error)
	if m.Code != of.ErrIncompatible || string(m.Data) != want {
		t.Errorf("the switch is told %+v, want %v and %q", m, of.ErrIncompatible, want)
	}
}

func TestVersionNotSpokenHere(t *testing.T) {
	endpoint := serveUnix(t, behave)
	if _, err := of.Dial(testContext(t), endpoint, of.Options{Versions: []of.Version{1, 4}}); err == nil ||
		!strings.Contains(err.Error(), "OpenFlow10 is offered") {
		t.Errorf("Dial that offers OpenFlow 1.0 gives %v", err)
	}
}

// TestEchoOtherData has a switch answer an echo request with something else than was in it.
func TestEchoOtherData(t *testing.T) {
	endpoint := serveUnix(t, func(p *peer) {
		p.greet()
		m, xid := p.read()
		if echo, ok := m.(of.EchoRequest); !ok || len(echo.Data) == 0 {
			t.Errorf("Echo sends %+v, want an echo request with data", m)
		}
		p.write(of.EchoReply{Data: []byte("other")}, xid)
		p.drain()
	})
	if err := dial(t, endpoint).Echo(testContext(t)); err == nil || !strings.Contains(err.Error(), "other data") {
		t.Errorf("Echo gives %v, want that the data are others", err)
	}
}
