// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/openflow"
)

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// checkOK wants a report of networks, with one way out each, in which all is as declared.
func checkOK(t *testing.T, r *Report, ways int) {
	t.Helper()
	names := make(map[string]bool)
	for _, p := range r.Probes {
		if !p.OK {
			t.Errorf("%s: got %q, want %q", p.Name, p.Got, p.Want)
		}
		if names[p.Name] {
			t.Errorf("two probes are named %q", p.Name)
		}
		names[p.Name] = true
	}
	if !r.OK && !t.Failed() {
		t.Error("the report is not OK, but all its probes are")
	}
	if got, want := len(r.Probes), 100*ways; got < want {
		t.Errorf("got %d probes, want at least %d", got, want)
	}
}

func TestDemoFake(t *testing.T) {
	r, err := Run(testContext(t), Options{Switch: Fake})
	if err != nil {
		t.Fatal(err)
	}
	if r.Switch != Fake {
		t.Errorf("switch: got %q, want %q", r.Switch, Fake)
	}
	checkOK(t, r, 3)
}

// With other intents, or a hole in the flows, the probes concerned fail, and only they.
func TestProbesFail(t *testing.T) {
	for _, test := range []struct {
		name    string
		options Options
		fail    func(probe string) bool // must
		may     func(probe string) bool // nil: none
		got     []string                // what those that must fail got
	}{
		{
			name: "nothing granted",
			options: Options{
				within: 10 * time.Second, // probes wait in vain for all of it
				alter: func(o []flows.Object) []flows.Object {
					o = change(o, func(n *flows.Network) {
						n.Host = 0
						if n.Name == "db" {
							n.Egress = flows.Egress{}
						}
					})
					return change(o, func(e *flows.Endpoint) { e.Publish = nil })
				},
			},
			fail: func(p string) bool {
				return strings.Contains(p, ":8080") || strings.Contains(p, " db0 -> outside") ||
					strings.Contains(p, " web0 -> host ") || strings.Contains(p, " host -> web0 ") ||
					strings.HasPrefix(p, "spoofed IP web0 -> host") || strings.HasPrefix(p, "spoofed ARP web0 -> host") ||
					strings.HasPrefix(p, "spoofed ND web0 -> host")
			},
			got: []string{blocked, refused, "error: the honest frame after it did not arrive"},
		},
		{
			name: "host access for db",
			options: Options{
				patience: 4 * time.Second, // for answers that come, however busy the machine is
				alter: func(o []flows.Object) []flows.Object {
					return change(o, func(n *flows.Network) { n.Host = flows.ToHost | flows.FromHost })
				},
			},
			fail: func(p string) bool {
				return strings.Contains(p, " db0 -> host ") || strings.Contains(p, " host -> db0 ")
			},
			got: []string{reply, "not answered, but arrived"},
		},
		{
			name:    "no guard at web0",
			options: Options{tamper: unguarded},
			fail:    func(p string) bool { return strings.HasPrefix(p, "spoofed ") },
			got:     []string{"delivered"},
			// The lies are believed: by web1 about its gateway, by the host about web1.
			may: func(p string) bool { return strings.Contains(p, "web1") },
		},
		{
			name:    "leak between the networks",
			options: Options{tamper: leaky},
			fail:    func(p string) bool { return strings.Contains(p, "web0 -> db0 ") },
			got:     []string{"not answered, but arrived"},
		},
		{
			name:    "leak to the outside",
			options: Options{tamper: untranslated},
			fail:    func(p string) bool { return p == "endpoint addresses seen outside" },
			got:     []string{"packet of 10.77.2.2", "packet of fd77:2::2"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.options.Switch, test.options.Egress = Fake, Uplink
			r, err := Run(testContext(t), test.options)
			if err != nil {
				t.Fatal(err)
			}
			if r.OK {
				t.Error("the report is OK")
			}
			failed := 0
			for _, p := range r.Probes {
				name := strings.TrimPrefix(p.Name, Uplink+": ")
				must, may := test.fail(name), test.may != nil && test.may(name)
				if !p.OK {
					failed++
				}
				switch {
				case must && p.OK:
					t.Errorf("%s: got %q, which is what it wants; want it to fail", p.Name, p.Got)
				case !must && !may && !p.OK:
					t.Errorf("%s: got %q, want %q", p.Name, p.Got, p.Want)
				case must && !slices.ContainsFunc(test.got, func(g string) bool { return strings.HasPrefix(p.Got, g) }):
					t.Errorf("%s: got %q, want one of %q", p.Name, p.Got, test.got)
				}
			}
			if got, want := r.Passed(), len(r.Probes)-failed; got != want {
				t.Errorf("passed: got %d, want %d", got, want)
			}
		})
	}
}

// change applies fn to the intents of its type.
func change[T flows.Object](objects []flows.Object, fn func(*T)) []flows.Object {
	for i, o := range objects {
		if v, ok := o.(T); ok {
			fn(&v)
			objects[i] = v
		}
	}
	return objects
}

// shortcut makes flows that come before all others: what they match goes to the ports, and nowhere else.
func shortcut(ctx context.Context, s *scenario, to []uint32, matches ...openflow.Match) error {
	var actions []openflow.Action
	for _, p := range to {
		actions = append(actions, openflow.Output{Port: p})
	}
	var mods []openflow.Modification
	for _, m := range matches {
		mods = append(mods, openflow.Add(openflow.Flow{
			Priority: 65535, Match: m, Instructions: openflow.Instructions{Apply: actions},
		}))
	}
	// Over the same connection it is not for the flows' keeper to repair.
	conn, err := s.of.Conn(ctx)
	if err != nil {
		return err
	}
	return conn.Bundle(ctx, mods...)
}

func single(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, a.BitLen()) }

// of are the conditions of packets of the view's family that come from or go to an address; which is whole.
func (v *view) of(source bool, a netip.Addr) openflow.Match {
	switch {
	case a.Is4() && source:
		return openflow.Match{openflow.EthType(0x0800), openflow.IPv4Src(single(a))}
	case a.Is4():
		return openflow.Match{openflow.EthType(0x0800), openflow.IPv4Dst(single(a))}
	case source:
		return openflow.Match{openflow.EthType(0x86dd), openflow.IPv6Src(single(a))}
	}
	return openflow.Match{openflow.EthType(0x86dd), openflow.IPv6Dst(single(a))}
}

// unguarded lets what web0 sends in another's name to web1 and to the host.
func unguarded(ctx context.Context, s *scenario) error {
	in := openflow.InPort(s.declared["web0"].Port)
	matches := []openflow.Match{
		{in, openflow.EthSrc(stranger)},
		{in, openflow.EthType(0x0806), openflow.ARPOp(2)},
		{in, openflow.EthType(0x86dd), openflow.IPProto(58), openflow.ICMPv6Type(136)},
	}
	for _, v := range s.views {
		for _, a := range []netip.Addr{v.in.db0, v.in.web1} {
			matches = append(matches, v.of(true, a).With(in))
		}
	}
	return shortcut(ctx, s, []uint32{s.declared["web1"].Port, openflow.PortLocal}, matches...)
}

// leaky lets what web0 sends to db0 there.
func leaky(ctx context.Context, s *scenario) error {
	return s.shortcuts(ctx, "web0", []uint32{s.declared["db0"].Port}, func(f family) netip.Addr { return f.db0 })
}

// untranslated lets what db0 sends to the outside out as it is, and to the host as well.
func untranslated(ctx context.Context, s *scenario) error {
	to := []uint32{s.tb.Uplink().OFPort, openflow.PortLocal}
	return s.shortcuts(ctx, "db0", to, func(f family) netip.Addr { return f.beyond })
}

// shortcuts are shortcut for what an endpoint sends to an address of each family.
func (s *scenario) shortcuts(ctx context.Context, from string, to []uint32, dst func(family) netip.Addr) error {
	var matches []openflow.Match
	for _, v := range s.views {
		matches = append(matches, v.of(false, dst(v.in)).With(openflow.InPort(s.declared[from].Port)))
	}
	return shortcut(ctx, s, to, matches...)
}

func TestOptions(t *testing.T) {
	for name, o := range map[string]Options{
		"unknown switch":  {Switch: "imaginary"},
		"unknown egress":  {Switch: Fake, Egress: "imaginary"},
		"nothing to keep": {Switch: Fake, Keep: true},
	} {
		t.Run(name, func(t *testing.T) {
			if r, err := Run(testContext(t), o); !errors.Is(err, ErrOptions) || r != nil {
				t.Errorf("got report %v, error %v; want no report, %v", r, err, ErrOptions)
			}
		})
	}
}

func TestCancelled(t *testing.T) {
	for name, at := range map[string]string{"before": "Open vSwitch", "during": networkUp} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(testContext(t))
			defer cancel()
			o := Options{Switch: Fake, Progress: func(line string) {
				if strings.Contains(line, at) {
					cancel()
				}
			}}
			if _, err := Run(ctx, o); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want %v", err, context.Canceled)
			}
		})
	}
}

func TestMessage(t *testing.T) {
	q := question(100)
	good := appendMessage(nil, q)
	got, err := readMessage(strings.NewReader(string(good)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(q, got); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	for name, change := range map[string]func(b []byte) []byte{
		"sum":       func(b []byte) []byte { b[0] ^= 1; return b },
		"body":      func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
		"truncated": func(b []byte) []byte { return b[:len(b)-1] },
		"length":    func(b []byte) []byte { b[32] = 0xff; return b },
	} {
		if _, err := readMessage(strings.NewReader(string(change(slices.Clone(good))))); err == nil {
			t.Errorf("message with another %s: got no error, want one", name)
		}
	}
	a := answer{server: "web0", client: "192.0.2.1:5"}
	if got, err := parseAnswer(a.body(q), q); err != nil || got != a {
		t.Errorf("answer: got %v, error %v; want %v", got, err, a)
	}
	if _, err := parseAnswer(a.body(q), question(100)); !errors.Is(err, errPayload) {
		t.Errorf("answer to another question: got %v, want %v", err, errPayload)
	}
}
