// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsproc_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/dbcall"
	"github.com/ovskit/ovskit/internal/ovsproc"
)

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// writeSchema makes the schema of a database Notes with a table T.
func writeSchema(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notes.ovsschema")
	err := os.WriteFile(path, []byte(`{"name":"Notes","version":"1.0.0","tables":{
		"T":{"isRoot":true,"columns":{"name":{"type":"string"}}}}}`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// names returns the names in table T.
func names(t *testing.T, endpoint string) string {
	t.Helper()
	results, err := dbcall.Transact(testContext(t), endpoint, "Notes",
		map[string]any{"op": "select", "table": "T", "where": []any{}, "columns": []string{"name"}})
	if err != nil {
		t.Fatal(err)
	}
	var result struct{ Rows []struct{ Name string } }
	if err := json.Unmarshal(results[0], &result); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, row := range result.Rows {
		all = append(all, row.Name)
	}
	return strings.Join(all, " ")
}

func TestDatabaseGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	ovs := start(t, ovsproc.Options{NoSwitch: true, Schema: writeSchema(t), Remotes: []string{"ptcp:0:127.0.0.1", "ptcp:0:[::1]"}})
	remotes := []string{ovs.Remote(0), ovs.Remote(1)}
	if !strings.HasPrefix(remotes[0], "tcp:127.0.0.1:") || !strings.HasPrefix(remotes[1], "tcp:[::1]:") {
		t.Errorf("remotes: got %q", remotes)
	}
	insert(t, remotes[0], "Notes", "T", "first")
	saved, err := ovs.SaveDatabase()
	done(t, err)
	insert(t, remotes[1], "Notes", "T", "second")
	if err := ovs.RestoreDatabase(saved); err == nil || !strings.Contains(err.Error(), "ovsdb-server runs") {
		t.Errorf("RestoreDatabase of a running server: got error %v, want one that says so", err)
	}
	for _, end := range []func() error{ovs.KillDatabase, ovs.StopDatabase} {
		done(t, end(), end())
		for _, endpoint := range append(remotes, ovs.DatabaseEndpoint()) {
			network, address, _ := strings.Cut(endpoint, ":")
			if conn, err := net.Dial(network, address); err == nil {
				conn.Close()
				t.Errorf("%s can be connected to without a server", endpoint)
			}
		}
		done(t, ovs.StartDatabase(testContext(t)))
		for i, endpoint := range remotes {
			if got := ovs.Remote(i); got != endpoint {
				t.Errorf("remote %d has become %s, want %s", i, got, endpoint)
			}
			if got := names(t, endpoint); !strings.Contains(got, "first") || !strings.Contains(got, "second") {
				t.Errorf("rows after a restart: got %q, want first and second", got)
			}
		}
	}
	if err := ovs.StartDatabase(testContext(t)); err == nil || !strings.Contains(err.Error(), "it runs already") {
		t.Errorf("StartDatabase of a running server: got error %v, want one that says so", err)
	}
	done(t, ovs.KillDatabase(), ovs.RestoreDatabase(saved), ovs.StartDatabase(testContext(t)))
	if got, want := names(t, ovs.DatabaseEndpoint()), "first"; got != want {
		t.Errorf("rows after an older database was restored: got %q, want %q", got, want)
	}
	done(t, ovs.Stop())
	if err := ovs.StartDatabase(testContext(t)); err == nil || !strings.Contains(err.Error(), "was stopped") {
		t.Errorf("StartDatabase after Stop: got error %v, want one that says so", err)
	}
}

// TestDatabaseFrozen has a frozen server answer nothing, and end all the same.
func TestDatabaseFrozen(t *testing.T) {
	t.Parallel()
	ovs := start(t, ovsproc.Options{NoSwitch: true, Schema: writeSchema(t)})
	done(t, ovs.FreezeDatabase(), ovs.FreezeDatabase())
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := dbcall.Transact(ctx, ovs.DatabaseEndpoint(), "Notes", map[string]any{"op": "comment", "comment": "hello"})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a transaction on a frozen server: got error %v, want %v", err, context.DeadlineExceeded)
	}
	done(t, ovs.ThawDatabase())
	insert(t, ovs.DatabaseEndpoint(), "Notes", "T", "thawed")
	var socketLeft []bool
	for _, end := range []func() error{ovs.KillDatabase, ovs.StopDatabase} {
		done(t, ovs.FreezeDatabase(), end(), ovs.ThawDatabase())
		socketLeft = append(socketLeft, exists(strings.TrimPrefix(ovs.DatabaseEndpoint(), "unix:")))
		if err := ovs.FreezeDatabase(); err == nil || !strings.Contains(err.Error(), "it does not run") {
			t.Errorf("FreezeDatabase of a server that does not run: got error %v, want one that says so", err)
		}
		done(t, ovs.StartDatabase(testContext(t)))
	}
	if got, want := names(t, ovs.DatabaseEndpoint()), "thawed"; got != want {
		t.Errorf("rows: got %q, want %q", got, want)
	}
	// Only a server that ends itself takes its socket away.
	if want := []bool{true, false}; !slices.Equal(socketLeft, want) {
		t.Errorf("socket left after a frozen server was killed, and stopped: got %v, want %v", socketLeft, want)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// TestSwitchSurvivesItsDatabase has ovs-vswitchd follow the database that came
// back.
func TestSwitchSurvivesItsDatabase(t *testing.T) {
	t.Parallel()
	ovs := start(t, ovsproc.Options{Dummy: true})
	vsctl(t, ovs, "init")
	pid := ovs.SwitchPID()
	done(t, ovs.KillDatabase(), ovs.StartDatabase(testContext(t)))
	vsctl(t, ovs, "add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=dummy")
	if got, want := vsctl(t, ovs, "get", "interface", "br0", "ofport"), "65534"; got != want {
		t.Errorf("ofport of br0 = %s, want %s", got, want)
	}
	if got := ovs.SwitchPID(); got != pid {
		t.Errorf("ovs-vswitchd has become process %d, want %d still", got, pid)
	}
}
