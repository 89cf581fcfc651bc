// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs_test

import (
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

func (l *lab) restartDatabase() {
	l.t.Helper()
	if err := l.RestartDatabase(); err != nil {
		l.t.Fatal(err)
	}
	l.dial(l.DatabaseEndpoint())
}

// awaitDisconnected returns when the client has noticed that the database is
// gone.
func (l *lab) awaitDisconnected() {
	l.t.Helper()
	for timeout := time.After(time.Minute); ; {
		changed := l.db.Client().StateChanged()
		if l.db.Client().State().Endpoint == "" {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			l.t.Fatal("the client is connected still")
		}
	}
}

func TestDatabaseGoesAwayAndComesBack(t *testing.T) {
	l := newLab(t)
	l.addBridge(vswitch.Bridge{Name: "br0"})
	l.addPort("br0", vswitch.Interface{Name: "a", Type: "internal"})
	l.addPort("br0", vswitch.Interface{Name: "eth0"})
	before := *l.iface("a")
	l.KillDatabase()
	l.KillDatabase()
	l.awaitDisconnected()
	socket := strings.TrimPrefix(l.DatabaseEndpoint(), "unix:")
	if conn, err := net.Dial("unix", socket); err == nil {
		conn.Close()
		t.Error("the database can be connected to after it was killed")
	}
	if _, err := os.Stat(socket); !os.IsNotExist(err) {
		t.Errorf("the socket is still there (%v)", err)
	}
	select {
	case <-l.Done():
		t.Error("Done is closed, though the database may come back")
	default:
	}
	// The switch goes on, but does not hear of anything new.
	l.Bridge("br0").Inject(1, broadcast).Expect(t, fakeovs.Output(fakeovs.Local))
	if _, err := l.AddDevice("eth0", nil); err != nil {
		t.Fatal(err)
	}

	l.restartDatabase()
	if got := *l.iface("a"); got.UUID != before.UUID || got.MACInUse == nil || *got.MACInUse != *before.MACInUse {
		t.Errorf("interface: got %+v, want %+v", got, before)
	}
	l.wantState("eth0", "2") // the switch has seen the device
	l.addPort("br0", vswitch.Interface{Name: "b", Type: "internal"})
	l.wantState("b", "3")
	// A database that is not killed is before it comes back.
	l.restartDatabase()
	l.wantState("b", "3")
}

func TestDatabaseWithOlderContent(t *testing.T) {
	l := newLab(t)
	l.addBridge(vswitch.Bridge{Name: "br0"})
	l.addBridge(vswitch.Bridge{Name: "old"})
	saved := l.SaveDatabase()
	l.apply(vswitch.RemoveBridges(l.bridge("old").UUID))
	l.addBridge(vswitch.Bridge{Name: "new"})
	if err := l.RestoreDatabase(saved); err == nil || !strings.Contains(err.Error(), "not killed") {
		t.Errorf("restore a database that is not killed: got error %v, want one that says so", err)
	}
	l.KillDatabase()
	newer := l.SaveDatabase()
	if err := l.RestoreDatabase(fakeovs.New(t).SaveDatabase()); err == nil || !strings.Contains(err.Error(), "another fake") {
		t.Errorf("restore the database of another fake: got error %v, want one that says so", err)
	}
	for _, c := range []struct {
		content      *fakeovs.SavedDatabase
		wanted, gone string
	}{{saved, "old", "new"}, {newer, "new", "old"}} {
		l.KillDatabase()
		if err := l.RestoreDatabase(c.content); err != nil {
			t.Fatal(err)
		}
		if !l.Bridge(c.gone).Exists() {
			t.Errorf("the switch has removed bridge %s before the database is back", c.gone)
		}
		l.restartDatabase()
		if _, ok := l.db.Bridge(c.gone); ok || l.Bridge(c.gone).Exists() {
			t.Errorf("bridge %s: in the database %v, in the switch %v; want neither", c.gone, ok, l.Bridge(c.gone).Exists())
		}
		for _, name := range []string{"br0", c.wanted} {
			if l.bridge(name); !l.Bridge(name).Exists() {
				t.Errorf("the switch does not have bridge %s", name)
			}
		}
		if root := l.db.Root(); root.CurCfg != root.NextCfg {
			t.Errorf("got cur_cfg %d, want next_cfg, %d", root.CurCfg, root.NextCfg)
		}
	}
}

// TestSwitchRestartedWithoutDatabase has the switch be empty until the database is back.
func TestSwitchRestartedWithoutDatabase(t *testing.T) {
	l := newLab(t)
	l.addBridge(vswitch.Bridge{Name: "br0"})
	l.KillDatabase()
	l.RestartSwitch()
	if l.Bridge("br0").Exists() {
		t.Error("the switch has a bridge without a database")
	}
	l.restartDatabase()
	if !l.Bridge("br0").Exists() {
		t.Error("the switch does not have its bridge when the database is back")
	}
	l.KillSwitch()
	l.restartDatabase()
	l.RestartSwitch()
	if !l.Bridge("br0").Exists() {
		t.Error("the switch that was started after the database does not have its bridge")
	}
}

func TestRestartDatabaseFails(t *testing.T) {
	o, err := fakeovs.Start(fakeovs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	o.KillDatabase()
	other, err := net.Listen("unix", strings.TrimPrefix(o.DatabaseEndpoint(), "unix:"))
	if err != nil {
		t.Fatal(err)
	}
	if err := o.RestartDatabase(); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("restart where somebody else listens: got error %v, want one that says so", err)
	}
	other.Close()
	if err := o.RestartDatabase(); err != nil {
		t.Errorf("restart when nobody else listens any more: got error %v, want none", err)
	}
	o.KillDatabase()
	if err := o.Close(); err != nil {
		t.Errorf("close a fake whose database is killed: %v", err)
	}
	<-o.Done()
	o.KillDatabase()
	if err := o.RestartDatabase(); err == nil || !strings.Contains(err.Error(), "the fake is closed") {
		t.Errorf("restart when the fake is closed: got error %v, want one that says so", err)
	}
}
