// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs_test

import (
	"strings"
	"testing"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/ovsproc/ovsproctest"
	"github.com/ovskit/ovskit/internal/tier"
)

// dbSide is a database server, the fake's or a real one.
type dbSide struct {
	*tools
	endpoint string
}

func (s *dbSide) appctl(line string) string {
	return s.run("ovs-appctl -t ovsdb-server ovsdb-server/" + line)
}

// await asks for something until it is as wanted.
func await(t *testing.T, want string, ask func() string) {
	t.Helper()
	for got := ask(); got != want; got = ask() {
		if t.Context().Err() != nil {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}

// TestBackup has fakes and real servers be backups of each other.
func TestBackup(t *testing.T) {
	tier.Need(t, tier.Sandbox)
	sides := map[string]func(t *testing.T) *dbSide{
		"fake": func(t *testing.T) *dbSide {
			o := startWith(t, fakeovs.Options{NoSwitch: true})
			return &dbSide{&tools{t, o.Dir()}, o.DatabaseEndpoint()}
		},
		"real": func(t *testing.T) *dbSide {
			o := ovsproctest.Start(t, ovsproc.Options{NoSwitch: true})
			return &dbSide{&tools{t, o.Dir()}, o.DatabaseEndpoint()}
		},
	}
	for active, startActive := range sides {
		for backup, startBackup := range sides {
			t.Run(backup+" of "+active, func(t *testing.T) {
				t.Parallel()
				testBackup(t, startActive(t), startBackup(t))
			})
		}
	}
}

func testBackup(t *testing.T, active, backup *dbSide) {
	bridges := func(s *dbSide) func() string { return func() string { return s.run("ovs-vsctl --no-wait list-br") } }
	quiet := func(s *dbSide, lines ...string) {
		t.Helper()
		for _, line := range lines {
			if got := s.run(line); got != "" {
				t.Errorf("%s: got %q, want nothing", line, got)
			}
		}
	}
	quiet(active, "ovs-vsctl --no-wait add-br br0")
	quiet(backup, "ovs-vsctl --no-wait add-br old")
	const command = "ovs-appctl -t ovsdb-server ovsdb-server/"
	quiet(backup, command+"set-active-ovsdb-server "+active.endpoint, command+"set-sync-exclude-tables Open_vSwitch:NetFlow")
	quiet(backup, command+"connect-active-ovsdb-server")

	await(t, "br0\n", bridges(backup))
	status := func() string { return backup.appctl("sync-status") }
	await(t, "state: backup\nreplicating: "+active.endpoint+"\ndatabase: Open_vSwitch\nexclude: Open_vSwitch:NetFlow\n", status)
	quiet(active, "ovs-vsctl --no-wait add-br br1 -- set bridge br0 external_ids:a=b", "ovs-vsctl --no-wait del-br br0")
	await(t, "br1\n", bridges(backup))
	if got := active.appctl("sync-status"); got != "state: active\n" {
		t.Errorf("status of the active server: got %q", got)
	}
	const refused = "not allowed when database server is in read only mode"
	if got := backup.run("ovs-vsctl --no-wait add-br br2"); !strings.Contains(got, refused) {
		t.Errorf("a client writes to a backup: got %q, want %s", got, refused)
	}

	// Rows of ports are not copied, and those of bridges refer to them.
	quiet(backup, command+"set-sync-exclude-tables Open_vSwitch:Port")
	await(t, "state: active\n", status)
	quiet(backup, command+"set-sync-exclude-tables ,", command+"connect-active-ovsdb-server")
	await(t, "br1\n", bridges(backup))
	await(t, "state: backup\nreplicating: "+active.endpoint+"\ndatabase: Open_vSwitch\n", status)
	quiet(backup, command+"disconnect-active-ovsdb-server")
	await(t, "state: active\n", status)
	quiet(backup, "ovs-vsctl --no-wait add-br br2")
	await(t, "br1\n", bridges(active))

	// The former backup is the active one now, and nobody is his own.
	quiet(active, command+"set-active-ovsdb-server "+backup.endpoint, command+"connect-active-ovsdb-server")
	await(t, "br1\nbr2\n", bridges(active))
	quiet(backup, command+"set-active-ovsdb-server "+backup.endpoint, command+"connect-active-ovsdb-server")
	await(t, "state: active\n", status)
}

// TestBackupOfNothing is a backup of a server that there is not, until there is one, and again when that has gone.
func TestBackupOfNothing(t *testing.T) {
	dir := t.TempDir()
	o := startWith(t, fakeovs.Options{NoSwitch: true, Initialize: true})
	ask := func(command string, args ...string) string {
		t.Helper()
		answer, err := o.AskDatabase("ovsdb-server/"+command, args...)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	endpoint := "unix:" + dir + "/db.sock"
	ask("set-active-ovsdb-server", endpoint)
	ask("set-active-ovsdb-server-probe-interval", "5000")
	ask("connect-active-ovsdb-server")
	if got, want := ask("sync-status"), "state: backup\nconnecting: "+endpoint+"\n"; got != want {
		t.Errorf("status: got %q, want %q", got, want)
	}
	for _, key := range []string{"a", "b"} {
		active := startWith(t, fakeovs.Options{Dir: dir, NoSwitch: true, Initialize: true})
		operate(t, active.DatabaseEndpoint(), note(key))
		await(t, key, func() string { return notes(t, o.DatabaseEndpoint()) })
		closeFake(t, active)
	}
	if err := o.RestartDatabase(); err != nil {
		t.Fatal(err)
	}
	if got := ask("sync-status"); got != "state: active\n" {
		t.Errorf("status after a restart: got %q", got)
	}
	operate(t, o.DatabaseEndpoint(), note("c"))
}
