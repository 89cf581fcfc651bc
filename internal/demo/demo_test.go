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
	"github.com/ovskit/ovskit/internal/testbed"
	"github.com/ovskit/ovskit/openflow"
)

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// checkOK wants a report of a network in which all is as declared.
func checkOK(t *testing.T, r *Report) {
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
	if got, want := len(r.Probes), 50; got < want {
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
	checkOK(t, r)
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
				within: 4 * time.Second, // probes wait in vain for all of it
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
					p == "spoofed IP web0 -> host" || p == "spoofed ARP web0 -> host"
			},
			got: []string{blocked, refused, "error: the honest frame after it did not arrive"},
		},
		{
			name: "host access for db",
			options: Options{alter: func(o []flows.Object) []flows.Object {
				return change(o, func(n *flows.Network) { n.Host = flows.ToHost | flows.FromHost })
			}},
			fail: func(p string) bool {
				return strings.Contains(p, " db0 -> host ") || strings.Contains(p, " host -> db0 ")
			},
			got: []string{reply, "not answered, but arrived"}, // as fast as this machine is
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
			got:     []string{"packet of 10.77.2.2"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.options.Switch = Fake
			r, err := Run(testContext(t), test.options)
			if err != nil {
				t.Fatal(err)
			}
			if r.OK {
				t.Error("the report is OK")
			}
			failed := 0
			for _, p := range r.Probes {
				must, may := test.fail(p.Name), test.may != nil && test.may(p.Name)
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

// unguarded lets what web0 sends in another's name to web1 and to the host.
func unguarded(ctx context.Context, s *scenario) error {
	in, ip := openflow.InPort(s.declared[s.web0].Port), openflow.EthType(0x0800)
	return shortcut(ctx, s, []uint32{s.declared[s.web1].Port, openflow.PortLocal},
		openflow.Match{in, openflow.EthSrc(stranger)},
		openflow.Match{in, ip, openflow.IPv4Src(single(db0Addr))},
		openflow.Match{in, ip, openflow.IPv4Src(single(web1Addr))},
		openflow.Match{in, openflow.EthType(0x0806), openflow.ARPOp(2)})
}

// leaky lets what web0 sends to db0 there.
func leaky(ctx context.Context, s *scenario) error {
	return shortcut(ctx, s, []uint32{s.declared[s.db0].Port}, openflow.Match{
		openflow.InPort(s.declared[s.web0].Port), openflow.EthType(0x0800), openflow.IPv4Dst(single(db0Addr)),
	})
}

// untranslated lets what db0 sends to the outside out as it is, and to the host as well.
func untranslated(ctx context.Context, s *scenario) error {
	return shortcut(ctx, s, []uint32{s.tb.Uplink().OFPort, openflow.PortLocal}, openflow.Match{
		openflow.InPort(s.declared[s.db0].Port), openflow.EthType(0x0800), openflow.IPv4Dst(single(testbed.BeyondAddr)),
	})
}

func TestOptions(t *testing.T) {
	for name, o := range map[string]Options{
		"unknown switch":  {Switch: "imaginary"},
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
