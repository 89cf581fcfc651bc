// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/internal/faultproxy"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// changed is a config that changes every setting of everything, some by taking it
// away.
func changed() bridge.Config {
	return bridge.Config{
		Name: "br0", DatapathID: ptr(uint64(0xdef)), FailMode: bridge.Standalone, Protocols: []string{"OpenFlow14"},
		Controllers: []bridge.Controller{
			{Target: "tcp:127.0.0.1:1", LocalAddr: netip.MustParsePrefix("192.0.2.9/24"), ExternalIDs: map[string]string{"d": "2"}},
			{Target: "tcp:127.0.0.1:9"},
		},
		MAC: net.HardwareAddr{2, 0, 0, 0, 0, 0x17}, MTU: 1300,
		STP: &bridge.STP{Enable: true, Priority: ptr(0x1000)}, RSTP: &bridge.RSTP{},
		MulticastSnooping: &bridge.MulticastSnooping{TableSize: 101}, MACTable: &bridge.MACTable{}, FloodVLANs: []int{9},
		NetFlow:     &vswitch.NetFlow{Targets: []string{"127.0.0.1:2056"}, ExternalIDs: map[string]string{"o": "2"}},
		SFlow:       &vswitch.SFlow{},
		IPFIX:       &vswitch.IPFIX{Targets: []string{"127.0.0.1:4740"}},
		OtherConfig: map[string]string{"forward-bpdu": "", "disable-in-band": "true"},
		ExternalIDs: map[string]string{"mine": "", "theirs": "2"},
	}
}

// leftovers counts the rows of a database that bridges consist of.
func leftovers(t *testing.T, db *vswitch.DB) string {
	t.Helper()
	ctx := testContext(t)
	var left []string
	for _, table := range []string{vswitch.TableBridge, vswitch.TablePort, vswitch.TableInterface, vswitch.TableController,
		vswitch.TableNetFlow, vswitch.TableSFlow, vswitch.TableIPFIX} {
		results, err := db.Client().Transact(ctx, ovsdb.Select(table, []string{"_uuid"}))
		if err != nil {
			t.Fatal(err)
		}
		if n := len(results[0].Rows); n > 0 {
			left = append(left, fmt.Sprintf("%d rows in %s", n, table))
		}
	}
	return strings.Join(left, ", ")
}

// A failure is a way in which a change fails on the way to the switch. It returns the
// context for the change, and what the error must be.
type failure struct {
	name    string
	prepare func(t *testing.T, sw *switchtest.Switch) (context.Context, error)
}

var failures = []failure{
	{"lock lost", func(t *testing.T, sw *switchtest.Switch) (context.Context, error) {
		ctx := testContext(t)
		if _, err := sw.DB.Client().Lock(ctx, "manager"); err != nil {
			t.Fatal(err)
		}
		thief := switchtest.Dial(t, sw.Endpoint)
		if _, err := thief.Client().Steal(ctx, "manager"); err != nil {
			t.Fatal(err)
		}
		return ctx, ovsdb.ErrLockLost
	}},
	{"context ended", func(t *testing.T, sw *switchtest.Switch) (context.Context, error) {
		ctx, cancel := context.WithCancel(testContext(t))
		cancel()
		return ctx, context.Canceled
	}},
	{"no answer", func(t *testing.T, sw *switchtest.Switch) (context.Context, error) {
		err := sw.DB.Wait(testContext(t), func() (bool, error) { return len(sw.DB.Root().DatapathTypes) > 0, nil })
		if err != nil {
			t.Fatal(err)
		}
		sw.Hold(t)
		ctx, cancel := context.WithTimeout(testContext(t), 100*time.Millisecond)
		t.Cleanup(cancel)
		return ctx, vswitch.ErrNotApplied
	}},
}

// TestRefusedChange has the server refuse the transaction.
func TestRefusedChange(t *testing.T) {
	t.Parallel()
	sw := switchtest.Fake(t)
	faults := sw.Fake.Faults()
	db := switchtest.Dial(t, sw.Endpoint)
	refuse := func() {
		faults.Add(fakeovs.Fault{
			Method: "transact", Match: func(m []byte) bool { return bytes.Contains(m, []byte("next_cfg")) }, Times: 1,
			Do: fakeovs.Refuse{Error: "resources exhausted", Details: "for the test"},
		})
	}
	refuse()
	_, err := bridge.Ensure(testContext(t), db, everything(sw.Datapath))
	if err == nil || !strings.Contains(err.Error(), "resources exhausted") {
		t.Errorf("Ensure: %v, want the refusal", err)
	}
	if left := leftovers(t, db); left != "" {
		t.Errorf("left behind: %s", left)
	}
	ensure(t, db, everything(sw.Datapath))
	refuse()
	if _, err := bridge.Update(testContext(t), db, changed()); err == nil || !strings.Contains(err.Error(), "resources exhausted") {
		t.Errorf("Update: %v, want the refusal", err)
	}
	if diff := cmp.Diff(everythingRows(sw.Datapath), contents(t, db), configuration); diff != "" {
		t.Errorf("the rows were changed (-before +after):\n%s", diff)
	}
}

func TestFailedChangeIsTakenBack(t *testing.T) {
	t.Parallel()
	for _, f := range failures {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
				ensure(t, sw.DB, everything(sw.Datapath))
				other := switchtest.Dial(t, sw.Endpoint)
				before := contents(t, other)
				ctx, want := f.prepare(t, sw)
				if _, err := bridge.Update(ctx, sw.DB, changed()); !errors.Is(err, want) || strings.Contains(err.Error(), "undo") {
					t.Errorf("Update: %v, want %v", err, want)
				}
				if diff := cmp.Diff(before, contents(t, other), configuration); diff != "" {
					t.Errorf("the rows were changed (-before +after):\n%s", diff)
				}
			})
		})
	}
}

func TestFailedCreationIsTakenBack(t *testing.T) {
	t.Parallel()
	for _, f := range failures {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
				other := switchtest.Dial(t, sw.Endpoint)
				ctx, want := f.prepare(t, sw)
				_, err := bridge.Ensure(ctx, sw.DB, everything(sw.Datapath))
				if !errors.Is(err, want) || strings.Contains(err.Error(), "undo") {
					t.Errorf("Ensure: %v, want %v", err, want)
				}
				if left := leftovers(t, other); left != "" {
					t.Errorf("left behind: %s", left)
				}
			})
		})
	}
}

// TestConnectionBreaks cuts the connection to the database after every so many bytes
// of a creation and of a change: each is made or not made, and says which.
func TestConnectionBreaks(t *testing.T) {
	t.Parallel()
	const step, most = 397, 1 << 20
	for _, direction := range []string{"to server", "to client"} {
		t.Run(direction, func(t *testing.T) {
			t.Parallel()
			switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
				proxy := faultproxy.New(t, sw.Endpoint)
				db, err := vswitch.Dial(t.Context(), ovsdb.Options{Endpoint: proxy.Endpoint(), MinBackoff: time.Millisecond, MaxBackoff: time.Millisecond})
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close()
				cut := func(n int64) {
					if direction == "to server" {
						proxy.CutAfter(n, -1)
					} else {
						proxy.CutAfter(-1, n)
					}
				}
				c := everything(sw.Datapath)
				c.RunDir = t.TempDir()
				want := everythingRows(sw.Datapath)
				for n := int64(0); ; n += step {
					caughtUp(t, db)
					connections := proxy.Connections()
					cut(n)
					_, err := bridge.Ensure(testContext(t), db, c)
					cut(-1)
					switch {
					case err != nil:
						checkBroken(t, err)
						if left := leftovers(t, sw.DB); left != "" {
							t.Errorf("cut after %d bytes: %v; left behind: %s", n, err, left)
						}
						continue
					default:
						if diff := cmp.Diff(want, contents(t, sw.DB), configuration); diff != "" {
							t.Errorf("cut after %d bytes: rows (-want +got):\n%s", n, diff)
						}
					}
					if proxy.Connections() == connections {
						break // it was not cut
					}
					if err := bridge.Delete(testContext(t), sw.DB, "br0"); err != nil {
						t.Fatal(err)
					}
				}
				to := changed()
				to.RunDir = c.RunDir
				for n := int64(0); n < most; n += step {
					caughtUp(t, db)
					connections := proxy.Connections()
					cut(n)
					_, err := bridge.Update(testContext(t), db, to)
					cut(-1)
					if err != nil {
						checkBroken(t, err)
						if diff := cmp.Diff(want, contents(t, sw.DB), configuration); diff != "" {
							t.Fatalf("cut after %d bytes: %v; the rows were changed (-before +after):\n%s", n, err, diff)
						}
						continue
					}
					if proxy.Connections() == connections {
						break
					}
					if err := bridge.Delete(testContext(t), sw.DB, "br0"); err != nil {
						t.Fatal(err)
					}
					ensure(t, sw.DB, everything(sw.Datapath))
				}
			})
		})
	}
}

// caughtUp waits until a client's copy of the database shows what others have done.
func caughtUp(t *testing.T, db *vswitch.DB) {
	t.Helper()
	if err := db.Client().Echo(testContext(t)); err != nil {
		t.Fatal(err)
	}
}

// checkBroken reports an error that does not say that the connection broke, or that
// says that a change was not taken back.
func checkBroken(t *testing.T, err error) {
	t.Helper()
	if !errors.As(err, new(*ovsdb.OutcomeUnknownError)) || strings.Contains(err.Error(), "undo") {
		t.Errorf("error %q, want an OutcomeUnknownError of a change that was taken back", err)
	}
}
