// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsproc_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/dbcall"
	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/tier"
)

func startCluster(t *testing.T, o ovsproc.ClusterOptions) *ovsproc.Cluster {
	t.Helper()
	tier.Need(t, tier.Sandbox)
	c, err := ovsproc.StartCluster(testContext(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func leader(t *testing.T, c *ovsproc.Cluster) int {
	t.Helper()
	i, err := c.Leader(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// done fails the test if one of several steps failed.
func done(t *testing.T, steps ...error) {
	t.Helper()
	if err := errors.Join(steps...); err != nil {
		t.Fatal(err)
	}
}

// TestClusterLosesItsLeader, first one that ends and then one that does not
// answer, and gets it back as a member.
func TestClusterLosesItsLeader(t *testing.T) {
	t.Parallel()
	c := startCluster(t, ovsproc.ClusterOptions{Schema: writeSchema(t)})
	endpoints := c.Endpoints()
	if len(endpoints) != 3 {
		t.Fatalf("endpoints: got %v, want three", endpoints)
	}
	for _, lose := range []struct {
		how       string
		away, put func(i int) error
	}{
		{"killed", c.Kill, func(i int) error { return c.Start(testContext(t), i) }},
		{"frozen", c.Freeze, c.Thaw},
	} {
		old := leader(t, c)
		insert(t, endpoints[old], "Notes", "T", lose.how)
		done(t, lose.away(old))
		now := leader(t, c)
		if now == old {
			t.Errorf("member %d still leads, though it is %s", old, lose.how)
		}
		insert(t, endpoints[now], "Notes", "T", "while one is "+lose.how)
		done(t, lose.put(old), c.Ready(testContext(t)))
		wait(t, endpoints[old], "Notes", "T", "while one is "+lose.how)
		leader(t, c)
	}
	done(t, c.Freeze(0), c.Stop(), c.Stop())
	if _, err := os.Stat(strings.TrimPrefix(endpoints[0], "unix:")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("socket after Stop: %v, want %v", err, fs.ErrNotExist)
	}
	if err := c.Start(testContext(t), 1); err == nil || !strings.Contains(err.Error(), "member 1: the cluster was stopped") {
		t.Errorf("Start after Stop: got error %v, want one that names the member", err)
	}
}

func TestClusterWithoutMajority(t *testing.T) {
	t.Parallel()
	c := startCluster(t, ovsproc.ClusterOptions{Members: 2})
	done(t, c.Kill(0), c.Kill(0))
	if err := c.Start(testContext(t), 1); err == nil || !strings.Contains(err.Error(), "member 1: start ovsdb-server: it runs already") {
		t.Errorf("Start of a running member: got error %v, want one that says so", err)
	}
	if err := c.Freeze(0); err == nil || !strings.Contains(err.Error(), "member 0: ") {
		t.Errorf("Freeze of a member that does not run: got error %v, want one that names it", err)
	}
	done(t, c.Kill(1), c.Start(testContext(t), 1))
	for _, wait := range []struct {
		name, want string
		call       func(context.Context) error
	}{
		{"Leader", "members [] say that they lead", func(ctx context.Context) error { _, err := c.Leader(ctx); return err }},
		{"Ready", "member 1: not connected", c.Ready},
	} {
		// On a machine that is slow, the time may end before the members were asked once.
		for timeout := 200 * time.Millisecond; ; timeout *= 2 {
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			err := wait.call(ctx)
			cancel()
			if errors.Is(err, context.DeadlineExceeded) && strings.Contains(err.Error(), wait.want) {
				break
			}
			if !errors.Is(err, context.DeadlineExceeded) || timeout > 10*time.Second {
				t.Errorf("%s: got error %v, want %v with %q", wait.name, err, context.DeadlineExceeded, wait.want)
				break
			}
		}
	}
	done(t, c.Start(testContext(t), 0), c.Ready(testContext(t)))
}

func TestStartClusterFails(t *testing.T) {
	t.Parallel()
	tier.Need(t, tier.Sandbox)
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.ovsschema")
	if err := os.WriteFile(broken, []byte(`{"name":"Broken","tables":{"T":{}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for schema, want := range map[string]string{
		broken:                        "member 0: ovsdb-tool create-cluster: ",
		filepath.Join(dir, "nowhere"): "no such file",
	} {
		c, err := ovsproc.StartCluster(testContext(t), ovsproc.ClusterOptions{Schema: schema})
		if err == nil {
			c.Stop()
			t.Fatalf("StartCluster with schema %s succeeded", schema)
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not contain %q", err, want)
		}
	}
}

// insert inserts a row with a name.
func insert(t *testing.T, endpoint, database, table, name string) {
	t.Helper()
	_, err := dbcall.Transact(testContext(t), endpoint, database,
		map[string]any{"op": "insert", "table": table, "row": map[string]any{"name": name}})
	if err != nil {
		t.Fatal(err)
	}
}

// wait waits until there is a row with a name.
func wait(t *testing.T, endpoint, database, table, name string) {
	t.Helper()
	_, err := dbcall.Transact(testContext(t), endpoint, database, map[string]any{
		"op": "wait", "table": table, "where": []any{[]string{"name", "==", name}}, "columns": []string{"name"},
		"until": "==", "rows": []any{map[string]any{"name": name}},
	})
	if err != nil {
		t.Fatal(err)
	}
}
