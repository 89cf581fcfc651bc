// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/openflow"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// restart starts the switch again, as after a crash.
func restart(t *testing.T, sw *switchtest.Switch, between func()) {
	t.Helper()
	sw.Kill(t)
	between()
	if sw.Fake != nil {
		sw.Fake.RestartSwitch()
	} else if err := sw.Real.StartSwitch(testContext(t)); err != nil {
		t.Fatal(err)
	}
}

func TestFlowsAreHeldOverARestart(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		target := strings.TrimSuffix(sw.Endpoint, "db.sock") + "controller"
		l, err := openflow.Listen(ctx, "p"+target, openflow.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ensure(t, sw.DB, bridge.Config{Name: "br0", Datapath: sw.Datapath,
			Controllers: []bridge.Controller{{Target: target, Type: "service", MaxBackoff: time.Second}}})
		controller, err := l.Accept(ctx)
		if err != nil {
			t.Fatal(err)
		}
		controller.Close()
		if bridge.FlowsHeld(sw.DB) {
			t.Error("flows are held before HoldFlows")
		}
		restart(t, sw, func() {
			for range 2 {
				if err := bridge.HoldFlows(ctx, sw.DB); err != nil {
					t.Fatal(err)
				}
			}
		})
		if !bridge.FlowsHeld(sw.DB) {
			t.Error("flows are not held after HoldFlows")
		}
		br := ensure(t, sw.DB, bridge.Config{Name: "br0"})
		of, err := openflow.Dial(ctx, br.Management(), openflow.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer of.Close()
		if err := of.Apply(ctx, openflow.Add(openflow.Flow{Cookie: 7})); err != nil {
			t.Fatal(err)
		}
		err = sw.DB.Wait(ctx, func() (bool, error) {
			b, err := bridge.Get(sw.DB, "br0")
			return err == nil && !b.Controllers[0].Connected, err
		})
		if err != nil {
			t.Errorf("the controller is connected to while flows are held: %v", err)
		}
		for range 2 {
			if err := bridge.ReleaseFlows(ctx, sw.DB); err != nil {
				t.Fatal(err)
			}
		}
		if bridge.FlowsHeld(sw.DB) {
			t.Error("flows are held after ReleaseFlows")
		}
		controller, err = l.Accept(ctx)
		if err != nil {
			t.Fatalf("no controller is connected to after the release: %v", err)
		}
		defer controller.Close()
		flows, err := controller.Flows(ctx, openflow.FlowFilter{})
		if err != nil {
			t.Fatal(err)
		}
		if len(flows) != 1 || flows[0].Cookie != 7 {
			t.Errorf("flows after the release: %+v, want the one that was written before it", flows)
		}
	})
}

func TestHoldFlowsKeepsOtherKeys(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		theirs := map[string]string{"max-idle": "20000"}
		if _, err := sw.DB.Apply(ctx, ovsdb.Update(vswitch.TableOpenVSwitch, ovsdb.Row{"other_config": theirs})); err != nil {
			t.Fatal(err)
		}
		sw.Hold(t) // HoldFlows does not wait for the switch
		if err := bridge.HoldFlows(ctx, sw.DB); err != nil {
			t.Fatal(err)
		}
		held := maps.Clone(theirs)
		held["flow-restore-wait"] = "true"
		if diff := cmp.Diff(held, sw.DB.Root().OtherConfig); diff != "" {
			t.Errorf("other_config while flows are held (-want +got):\n%s", diff)
		}
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		if err := bridge.ReleaseFlows(short, sw.DB); !errors.Is(err, vswitch.ErrNotApplied) {
			t.Errorf("ReleaseFlows without an answer: %v, want %v", err, vswitch.ErrNotApplied)
		}
		if diff := cmp.Diff(theirs, sw.DB.Root().OtherConfig); diff != "" {
			t.Errorf("other_config after the release (-want +got):\n%s", diff)
		}
	})
}
