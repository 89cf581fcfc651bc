// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// offer makes the database say that the switch has a type of datapath.
func offer(ctx context.Context, t *testing.T, db *vswitch.DB, datapath string) {
	t.Helper()
	types := append(slices.Clone(db.Root().DatapathTypes), datapath)
	if _, err := db.Client().Transact(ctx, ovsdb.Update(vswitch.TableOpenVSwitch, ovsdb.Row{"datapath_types": types})); err != nil {
		t.Fatal(err)
	}
}

// TestDatapathThatCannotBeMade gives an existing bridge a datapath that is offered but
// cannot be made. The switch may have reported the id of the old one in a transaction
// that was under way when the bridge was changed: that must not be taken for the new
// one's.
func TestDatapathThatCannotBeMade(t *testing.T) {
	t.Parallel()
	for _, late := range []bool{false, true} {
		name := "silent"
		if late {
			name = "late report"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
				ctx := testContext(t)
				ensure(t, sw.DB, bridge.Config{Name: "br0", Datapath: sw.Datapath})
				before, _ := sw.DB.Bridge("br0")
				release := sw.Hold(t)
				offer(ctx, t, sw.DB, "bogus")
				done := make(chan error, 1)
				go func() {
					_, err := bridge.Ensure(ctx, sw.DB, bridge.Config{
						Name: "br0", Datapath: "bogus", FailMode: bridge.Standalone, ExternalIDs: map[string]string{"new": "1"},
					})
					done <- err
				}()
				watcher := switchtest.Dial(t, sw.Endpoint)
				err := watcher.Wait(ctx, func() (bool, error) {
					row, ok := watcher.Bridge("br0")
					return ok && row.DatapathType == "bogus" && row.DatapathID == nil, nil
				})
				if err != nil {
					t.Fatal(err)
				}
				if late {
					report := ovsdb.Update(vswitch.TableBridge, ovsdb.Row{"datapath_id": before.DatapathID}, ovsdb.ByUUID(before.UUID))
					if _, err := watcher.Client().Transact(ctx, report); err != nil {
						t.Fatal(err)
					}
				}
				release()
				err = <-done
				var failed *bridge.DatapathError
				if !errors.As(err, &failed) || failed.Bridge != "br0" || failed.Type != "bogus" {
					t.Errorf("Ensure: %v, want a DatapathError of br0 and bogus", err)
				}
				after, _ := sw.DB.Bridge("br0")
				ignored := cmpopts.IgnoreFields(vswitch.Bridge{}, "Status", "DatapathVersion")
				if diff := cmp.Diff(before, after, ignored, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("the bridge was changed (-before +after):\n%s", diff)
				}
				br := ensure(t, sw.DB, bridge.Config{Name: "br0"})
				conn, err := net.Dial("unix", strings.TrimPrefix(br.Management(), "unix:"))
				if err != nil {
					t.Fatalf("the bridge is not back: %v", err)
				}
				conn.Close()
			})
		})
	}
}

func TestDatapathIsChanged(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		before := ensure(t, sw.DB, bridge.Config{Name: "br0", Datapath: "netdev"})
		after, err := bridge.Update(ctx, sw.DB, bridge.Config{Name: "br0", Datapath: "dummy"})
		if err != nil {
			t.Fatal(err)
		}
		before.DatapathType = "dummy"
		if diff := cmp.Diff(before, after, cmp.AllowUnexported(bridge.Bridge{})); diff != "" {
			t.Errorf("after another datapath (-want +got):\n%s", diff)
		}
	})
}
