// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
)

// TestStatusOfPortsInError tells of ports that are not made, and whose they are, and
// fails for the owner's alone when asked to compare.
func TestStatusOfPortsInError(t *testing.T) {
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		if _, err := bridge.Ensure(ctx, sw.DB, bridge.Config{Name: "br0", Datapath: sw.Datapath}); err != nil {
			t.Fatal(err)
		}
		add := func(name string, ids map[string]string) {
			br, _ := sw.DB.Bridge("br0")
			if _, err := sw.DB.Apply(ctx,
				ovsdb.Insert(vswitch.TableInterface, &vswitch.Interface{Name: name, ExternalIDs: ids}).Named("i"),
				ovsdb.Insert(vswitch.TablePort, &vswitch.Port{Name: name, Interfaces: []string{"i"}}).Named("p"),
				vswitch.AddPorts(br.UUID, "p")); err != nil {
				t.Fatal(err)
			}
		}
		type status struct {
			Bridges []struct {
				Ports []struct{ Name, Bridge, Kind, Owner, Error string }
			}
			Differs bool
		}
		read := func(wantCode int, args ...string) (s status) {
			code, stdout, stderr := command(t, append([]string{"status", "-o", "json", "--db", sw.Endpoint}, args...)...)
			if code != wantCode || stderr != "" {
				t.Errorf("status %q: exit code %d, stderr %q; want %d", args, code, stderr, wantCode)
			}
			if err := json.Unmarshal([]byte(stdout), &s); err != nil {
				t.Errorf("status %q: %v", args, err)
			}
			return s
		}
		add("foreign", nil)
		if s := read(exitDone, "--check"); s.Differs || len(s.Bridges) != 1 || len(s.Bridges[0].Ports) != 1 ||
			!strings.Contains(s.Bridges[0].Ports[0].Error, "No such device") || s.Bridges[0].Ports[0].Bridge != "br0" {
			t.Errorf("status of somebody else's port: %+v", s)
		}
		add("lost", map[string]string{mark.Owner: mark.DefaultOwner, mark.Kind: port.Device.String(), mark.Config: "{}"})
		read(exitDone)
		if s := read(exitFailed, "--check"); !s.Differs || s.Bridges[0].Ports[1].Kind != "device" || s.Bridges[0].Ports[1].Owner != "ovskit" ||
			!strings.Contains(s.Bridges[0].Ports[1].Error, "No such device") {
			t.Errorf("status of a port without its device: %+v", s)
		}
		if err := manager(t, sw.DB).Detach(ctx, "lost"); err != nil {
			t.Fatal(err)
		}
		add("odd", map[string]string{mark.Owner: mark.DefaultOwner, mark.Kind: port.Device.String(), mark.Config: "{"})
		if s := read(exitFailed, "--check"); !s.Differs || !strings.Contains(s.Bridges[0].Ports[1].Error, mark.Config) {
			t.Errorf("status of a port that cannot be read: %+v", s)
		}
	})
}

func manager(t *testing.T, db *vswitch.DB) *port.Manager {
	t.Helper()
	m, err := port.Open(db, port.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

func TestTableCells(t *testing.T) {
	for path, want := range map[string]string{
		"/run/netns/web": "web", "/var/run/netns/web": "web", "/proc/12/ns/net": "pid:12", "/proc/12/task/13/ns/net": "/proc/12/task/13/ns/net",
		"/var/run/docker/netns/0a1b": "/var/run/docker/netns/0a1b",
	} {
		if got := netnsText(path); got != want {
			t.Errorf("namespace %q is written %q, want %q", path, got, want)
		}
	}
	for text, want := range map[string]string{"": "-", "eth0": "eth0", "a\tb\x1b[2J": `"a\tb\x1b[2J"`} {
		if got := cell(text); got != want {
			t.Errorf("%q is written %s, want %s", text, got, want)
		}
	}
}
