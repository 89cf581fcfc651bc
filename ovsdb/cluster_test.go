// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/faultproxy"
	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/tier"
	"github.com/ovskit/ovskit/ovsdb"
)

// cluster is one with the database Items.
type cluster struct {
	*ovsproc.Cluster
	t *testing.T
}

func startCluster(t *testing.T) cluster {
	t.Helper()
	tier.Need(t, tier.Sandbox)
	c, err := ovsproc.StartCluster(testContext(t), ovsproc.ClusterOptions{Schema: schemaFile(t, itemsSchema)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return cluster{c, t}
}

func (c cluster) leader() int {
	c.t.Helper()
	i, err := c.Leader(testContext(c.t))
	if err != nil {
		c.t.Fatal(err)
	}
	return i
}

// follower returns a member that does not lead.
func (c cluster) follower() int { return (c.leader() + 1) % len(c.Endpoints()) }

// must fails the test if a step failed.
func must(t testing.TB, steps ...error) {
	t.Helper()
	if err := errors.Join(steps...); err != nil {
		t.Fatal(err)
	}
}

// leaderOnly are options for the leader of the cluster.
func (c cluster) leaderOnly() ovsdb.Options {
	return ovsdb.Options{Endpoints: c.Endpoints(), LeaderOnly: true}
}

// insertItems inserts items with the names NAME-0 and so on.
func insertItems(t testing.TB, c *ovsdb.Client, name string, n int) {
	t.Helper()
	var ops []ovsdb.Operation
	for i := range n {
		ops = append(ops, ovsdb.Insert("Item", ovsdb.Row{"name": fmt.Sprintf("%s-%d", name, i), "tags": []string{"a", "b"},
			"notes": map[string]string{"k": "v", "l": "w"}}))
	}
	transact(t, c, ops...)
}

// waitItems waits until a table has the given rows.
func waitItems(t testing.TB, m *ovsdb.Monitor, table *ovsdb.Table[item], want map[string]*item) {
	t.Helper()
	err := m.Wait(testContext(t), func() (bool, error) { return diffRows(want, byUUID(table)) == "", nil })
	if err != nil {
		t.Fatalf("%v (-want +got):\n%s", err, diffRows(want, byUUID(table)))
	}
}

// samePointers checks that the rows with a prefix are still those of before.
func samePointers(t testing.TB, before map[string]*item, table *ovsdb.Table[item], prefix string) {
	t.Helper()
	n := 0
	for uuid, row := range before {
		if strings.HasPrefix(row.Name, prefix) {
			n++
			if now, _ := table.Get(uuid); now != row {
				t.Errorf("row %q was copied anew though it has not changed", row.Name)
			}
		}
	}
	if n == 0 {
		t.Errorf("there was no row %q", prefix)
	}
}

// A writer counts up items until it is stopped.
type writer struct {
	stop    context.CancelFunc
	ended   chan struct{}
	made    int64 // transactions that were made
	unknown int64 // and those of which it is not known
}

func startWriter(t testing.TB, c *ovsdb.Client, uuids []string) *writer {
	ctx, stop := context.WithCancel(testContext(t))
	w := &writer{stop: stop, ended: make(chan struct{})}
	go func() {
		defer close(w.ended)
		for i := 0; ctx.Err() == nil; i++ {
			_, err := c.Transact(ctx, ovsdb.Mutate("Item", []ovsdb.Mutation{ovsdb.Change("n", ovsdb.Add, 1)}, ovsdb.ByUUID(uuids[i%len(uuids)])))
			switch {
			case err == nil:
				w.made++
			case errors.As(err, new(*ovsdb.OutcomeUnknownError)):
				w.unknown++
			case ctx.Err() == nil && !isNotLeader(err):
				t.Errorf("transaction %d: %v", i, err)
			}
		}
	}()
	return w
}

// isNotLeader reports whether a server refused a transaction because the
// leader went away or changed meanwhile.
func isNotLeader(err error) bool {
	var refused *ovsdb.OperationError
	return errors.As(err, &refused) && (refused.Name == "cluster error" || refused.Name == "not leader")
}

// The leader is killed while transactions, a monitor with a watch and somebody
// who waits for a lock are at it. All of them go on with the next leader.
func TestClusterLeaderKilled(t *testing.T) {
	t.Parallel()
	cluster := startCluster(t)
	endpoints := cluster.Endpoints()
	c := dialWith(t, cluster.leaderOnly())
	insertItems(t, c, "still", 50)
	insertItems(t, c, "counted", 5)
	table := itemTable(ovsdb.TableOptions{})
	m := monitorTables(t, c, table)
	r := newReplica(t, m, table)
	var counted []string
	for uuid, row := range byUUID(table) {
		if strings.HasPrefix(row.Name, "counted") {
			counted = append(counted, uuid)
		}
	}
	for round := range 2 {
		holder := dialWith(t, cluster.leaderOnly())
		if _, err := holder.Lock(testContext(t), "l"); err != nil {
			t.Fatal(err)
		}
		waiter := dialWith(t, cluster.leaderOnly())
		locked := make(chan error, 1)
		go func() {
			l, err := waiter.Lock(testContext(t), "l")
			if err == nil {
				err = l.Unlock(testContext(t))
			}
			locked <- err
		}()
		before := byUUID(table)
		w := startWriter(t, c, counted)
		must(t, m.Wait(testContext(t), func() (bool, error) {
			row, _ := table.Get(counted[0])
			return row.N > before[counted[0]].N+3, nil // it is in full swing
		}))

		old := cluster.leader()
		if got := c.Endpoint(); got != endpoints[old] {
			t.Errorf("client uses %s, want the leader %s", got, endpoints[old])
		}
		must(t, cluster.Kill(old))
		now := cluster.leader()
		known := time.Now()
		waitState(t, c, "connected to the new leader", func(s ovsdb.State) bool { return s.Endpoint == endpoints[now] })
		t.Logf("round %d: connected to the new leader %v after it was known", round, time.Since(known))
		must(t, <-locked)

		transact(t, c, ovsdb.Mutate("Item", []ovsdb.Mutation{ovsdb.Change("tags", ovsdb.InsertInto, fmt.Sprint(round))}, ovsdb.ByUUID(counted[0])))
		row, _ := table.Get(counted[0])
		if !slices.Contains(row.Tags, fmt.Sprint(round)) {
			t.Errorf("own write is not in the copy: %+v", row)
		}
		w.stop()
		<-w.ended
		// What the writer sent last may still take effect, but not after this.
		transact(t, c, ovsdb.Comment("barrier"), ovsdb.Update("Item", ovsdb.Row{"notes": map[string]string{"round": fmt.Sprint(round)}}, ovsdb.ByUUID(counted[0])))
		waitItems(t, m, table, readItems(t, cluster.leaderOnly()))
		samePointers(t, before, table, "still")
		r.catchUp()
		sum := int64(0)
		for _, uuid := range counted {
			row, _ := table.Get(uuid)
			sum += row.N - before[uuid].N
		}
		if sum < w.made || sum > w.made+w.unknown {
			t.Errorf("items were counted up %d times, want %d and %d at most that are not known", sum, w.made, w.unknown)
		}
		must(t, holder.Close(), waiter.Close(), cluster.Start(testContext(t), old), cluster.Ready(testContext(t)))
	}
}

// proxies stand before the members of a cluster.
type proxies []*faultproxy.Proxy

func (c cluster) proxies() proxies {
	var ps proxies
	for _, endpoint := range c.Endpoints() {
		ps = append(ps, faultproxy.New(c.t, endpoint))
	}
	return ps
}

func (ps proxies) refuse(refuse bool) {
	for _, p := range ps {
		p.Refuse(refuse)
	}
}

func (ps proxies) endpoints() (endpoints []string) {
	for _, p := range ps {
		endpoints = append(endpoints, p.Endpoint())
	}
	return endpoints
}

// What happened while a client was away the next leader tells as differences,
// as long as it remembers them, and then as a whole. Either leaves the rows
// alone that have not changed.
func TestClusterResumes(t *testing.T) {
	t.Parallel()
	cluster := startCluster(t)
	between := cluster.proxies()
	log := new(registrations)
	c := dialWith(t, ovsdb.Options{Endpoints: between.endpoints(), LeaderOnly: true, Logger: slog.New(log)})
	insertItems(t, c, "still", 500) // a server remembers no more than what it has
	insertItems(t, c, "changed", 5)
	insertItems(t, c, "deleted", 5)
	table := itemTable(ovsdb.TableOptions{})
	m := monitorTables(t, c, table)
	r := newReplica(t, m, table)
	if got := log.take(); !slices.Equal(got, []bool{false}) {
		t.Errorf("first registration resumed: got %v, want one that is not", got)
	}
	direct := dialWith(t, cluster.leaderOnly())
	uuids := func(prefix string) (uuids []string) {
		for uuid, row := range byUUID(table) {
			if strings.HasPrefix(row.Name, prefix) {
				uuids = append(uuids, uuid)
			}
		}
		slices.Sort(uuids)
		return uuids
	}

	for _, step := range []struct {
		name    string
		away    func()
		resumed bool
		events  int // if it is known
	}{
		{"nothing", func() {}, true, 0},
		{"changes", func() {
			for i, uuid := range uuids("changed") {
				transact(t, direct, ovsdb.Mutate("Item", []ovsdb.Mutation{
					ovsdb.Change("n", ovsdb.Add, i+1),
					ovsdb.Change("tags", ovsdb.DeleteFrom, []string{"a"}), ovsdb.Change("tags", ovsdb.InsertInto, fmt.Sprint(i)),
					ovsdb.Change("notes", ovsdb.DeleteFrom, []string{"k"}), ovsdb.Change("notes", ovsdb.InsertInto, map[string]string{"new": "x"}),
				}, ovsdb.ByUUID(uuid)))
				transact(t, direct, ovsdb.Update("Item", ovsdb.Row{"name": fmt.Sprintf("changed-%d-again", i)}, ovsdb.ByUUID(uuid)))
			}
			for _, uuid := range uuids("deleted") {
				transact(t, direct, ovsdb.Update("Item", ovsdb.Row{"n": 7}, ovsdb.ByUUID(uuid)))
				transact(t, direct, ovsdb.Delete("Item", ovsdb.ByUUID(uuid)))
			}
			insertItems(t, direct, "passing", 3)
			transact(t, direct, ovsdb.Delete("Item", ovsdb.Where("name", ovsdb.Equal, "passing-1")))
			insertItems(t, direct, "new", 4)
		}, true, 5 + 5 + 2 + 4},
		{"changes that are undone", func() {
			for _, mutator := range []ovsdb.Mutator{ovsdb.InsertInto, ovsdb.DeleteFrom} {
				transact(t, direct, ovsdb.Mutate("Item", []ovsdb.Mutation{ovsdb.Change("tags", mutator, "z")}, ovsdb.ByUUID(uuids("changed")[3])))
			}
		}, true, 0},
		{"another leader", func() {
			insertItems(t, direct, "old", 1)
			old := cluster.leader()
			must(t, cluster.Kill(old))
			cluster.leader()
			transact(t, direct, ovsdb.Delete("Item", ovsdb.Where("name", ovsdb.Equal, "new-0")))
			transact(t, direct, ovsdb.Mutate("Item", []ovsdb.Mutation{ovsdb.Change("tags", ovsdb.DeleteFrom, "b")}, ovsdb.ByUUID(uuids("changed")[0])))
			must(t, cluster.Start(testContext(t), old), cluster.Ready(testContext(t)))
		}, true, 3},
		{"more than is remembered", func() {
			transact(t, direct, ovsdb.Delete("Item", ovsdb.Where("name", ovsdb.Equal, "new-1")))
			transact(t, direct, ovsdb.Mutate("Item", []ovsdb.Mutation{ovsdb.Change("tags", ovsdb.InsertInto, "many")}, ovsdb.ByUUID(uuids("changed")[1])))
			for range 120 {
				transact(t, direct, ovsdb.Mutate("Item", []ovsdb.Mutation{ovsdb.Change("n", ovsdb.Add, 1)}, ovsdb.ByUUID(uuids("changed")[2])))
			}
		}, false, 3},
	} {
		before := byUUID(table)
		between.refuse(true)
		waitState(t, c, "disconnected", func(s ovsdb.State) bool { return s.Endpoint == "" })
		step.away()
		want := readItems(t, cluster.leaderOnly())
		if diff := diffRows(before, byUUID(table)); diff != "" {
			t.Errorf("%s: the table has changed without connection (-before +after):\n%s", step.name, diff)
		}
		between.refuse(false)
		waitState(t, c, "connected", func(s ovsdb.State) bool { return s.Endpoint != "" })
		// What there is to know is there with the connection.
		if diff := diffRows(want, byUUID(table)); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", step.name, diff)
		}
		if got := log.take(); !slices.Equal(got, []bool{step.resumed}) {
			t.Errorf("%s: registration resumed: got %v, want %t", step.name, got, step.resumed)
		}
		samePointers(t, before, table, "still")
		if got := r.catchUp(); got != step.events {
			t.Errorf("%s: watch told %d events, want %d", step.name, got, step.events)
		}
	}
}

// A leader that does not answer any more is left.
func TestClusterLeaderFrozen(t *testing.T) {
	t.Parallel()
	cluster := startCluster(t)
	endpoints := cluster.Endpoints()
	o := cluster.leaderOnly()
	o.Probe = 200 * time.Millisecond
	var mu sync.Mutex
	var reasons []error
	o.Hooks.Disconnected = func(reason error) {
		mu.Lock()
		defer mu.Unlock()
		reasons = append(reasons, reason)
	}
	c := dialWith(t, o)
	insertItems(t, c, "still", 10)
	table := itemTable(ovsdb.TableOptions{})
	m := monitorTables(t, c, table)
	r := newReplica(t, m, table)
	before := byUUID(table)

	old := cluster.leader()
	must(t, cluster.Freeze(old))
	now := cluster.leader()
	known := time.Now()
	waitState(t, c, "connected to the new leader", func(s ovsdb.State) bool { return s.Endpoint == endpoints[now] })
	t.Logf("connected to the new leader %v after it was known", time.Since(known))
	insertItems(t, c, "new", 1)
	want := readItems(t, ovsdb.Options{Endpoint: endpoints[now], LeaderOnly: true})
	if diff := diffRows(want, byUUID(table)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	samePointers(t, before, table, "still")
	r.catchUp()
	must(t, cluster.Thaw(old), cluster.Ready(testContext(t)))
	mu.Lock()
	defer mu.Unlock()
	if len(reasons) != 1 || !errors.Is(reasons[0], ovsdb.ErrInactive) {
		t.Errorf("connections ended with %v, want one with %v", reasons, ovsdb.ErrInactive)
	}
}

// Any member will do as long as it has its cluster.
func TestClusterMemberWithoutCluster(t *testing.T) {
	t.Parallel()
	cluster := startCluster(t)
	member := cluster.follower()
	var others []int
	for i := range cluster.Endpoints() {
		if i != member {
			others = append(others, i)
		}
	}
	c := dialWith(t, ovsdb.Options{Endpoint: cluster.Endpoints()[member]})
	insertItems(t, c, "still", 10)
	table := itemTable(ovsdb.TableOptions{})
	m := monitorTables(t, c, table)
	r := newReplica(t, m, table)
	before := byUUID(table)

	must(t, cluster.Kill(others[0]), cluster.Kill(others[1]))
	waitState(t, c, "disconnected", func(s ovsdb.State) bool { return errors.Is(s.Err, ovsdb.ErrNoCluster) })
	ctx, cancel := context.WithCancel(testContext(t))
	cancel()
	if err := c.Echo(ctx); !errors.Is(err, ovsdb.ErrNoCluster) || !errors.Is(err, ovsdb.ErrDisconnected) {
		t.Errorf("Echo without cluster: got error %v, want %v and %v", err, ovsdb.ErrDisconnected, ovsdb.ErrNoCluster)
	}
	must(t, cluster.Start(testContext(t), others[0]), cluster.Ready(testContext(t)))
	insertItems(t, dialWith(t, cluster.leaderOnly()), "new", 2)
	waitState(t, c, "connected", func(s ovsdb.State) bool { return s.Endpoint != "" })
	waitItems(t, m, table, readItems(t, cluster.leaderOnly()))
	samePointers(t, before, table, "still")
	r.catchUp()

	// The member itself is restarted, while it is behind.
	must(t, cluster.Start(testContext(t), others[1]), cluster.Ready(testContext(t)), cluster.Kill(member))
	insertItems(t, dialWith(t, cluster.leaderOnly()), "newer", 2)
	must(t, cluster.Start(testContext(t), member))
	waitState(t, c, "connected again", func(s ovsdb.State) bool { return s.Endpoint != "" })
	waitItems(t, m, table, readItems(t, cluster.leaderOnly()))
	samePointers(t, before, table, "still")
	r.catchUp()
}
