// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/ovsdb"
)

// onServers runs a test on a real ovsdb-server and on the fake one.
func onServers(t *testing.T, test func(t *testing.T, endpoint string)) {
	t.Run("real", func(t *testing.T) { test(t, startServer(t).DatabaseEndpoint()) })
	t.Run("fake", func(t *testing.T) { test(t, fakeovs.New(t).DatabaseEndpoint()) })
}

// refusals are changes that a server refuses, at an operation or at commit,
// whatever else there is.
var refusals = []struct {
	ops []ovsdb.Operation
	err error
}{
	{addBridge(ovsdb.Row{"name": "taken"}), ovsdb.ErrConstraintViolation},
	{[]ovsdb.Operation{ovsdb.Insert("Open_vSwitch", ovsdb.Row{})}, ovsdb.ErrConstraintViolation},
	{[]ovsdb.Operation{ovsdb.Mutate("Open_vSwitch", []ovsdb.Mutation{
		ovsdb.Change("bridges", ovsdb.InsertInto, "00000000-0000-4000-8000-000000000000")})}, ovsdb.ErrReferentialIntegrity},
	{[]ovsdb.Operation{ovsdb.Assert("l")}, ovsdb.ErrNotOwner},
	{[]ovsdb.Operation{ovsdb.Wait("Open_vSwitch", ovsdb.WaitOptions{})}, ovsdb.ErrTimedOut},
	{[]ovsdb.Operation{ovsdb.Mutate("Open_vSwitch", []ovsdb.Mutation{ovsdb.Change("next_cfg", ovsdb.Divide, 0)})}, ovsdb.ErrDomainError},
	{[]ovsdb.Operation{ovsdb.Abort()}, ovsdb.ErrAborted},
}

// Many callers change a database at random at the same time, some against its
// rules: each has the outcome that it would have alone.
func TestServerBatch(t *testing.T) {
	onServers(t, func(t *testing.T, endpoint string) {
		var changes, transactions atomic.Int64
		c, err := ovsdb.Dial(testContext(t), ovsdb.Options{Endpoint: endpoint, Hooks: ovsdb.Hooks{Batch: func(i ovsdb.BatchInfo) {
			if i.Err == nil {
				changes.Add(int64(i.Changes))
				transactions.Add(1)
			}
		}}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		ensureRoot(t, c)
		transact(t, c, ovsdb.Update("Open_vSwitch", ovsdb.Row{"next_cfg": 0}))
		transact(t, c, addBridge(ovsdb.Row{"name": "taken"})...)
		b := ovsdb.NewBatcher(c, ovsdb.BatchOptions{MaxSize: 4096})

		const callers, rounds = 40, 10
		var group sync.WaitGroup
		for caller := range callers {
			group.Add(1)
			go func() {
				defer group.Done()
				random := rand.New(rand.NewPCG(uint64(caller), 1))
				for round := range rounds {
					if random.IntN(6) == 0 {
						refusal := refusals[random.IntN(len(refusals))]
						if _, _, err := b.Transact(testContext(t), refusal.ops...); !errors.Is(err, refusal.err) {
							t.Errorf("caller %d, round %d: got error %v, want %v", caller, round, err, refusal.err)
						}
						continue
					}
					name := fmt.Sprintf("br%d-%d", caller, round)
					results, _, err := b.Transact(testContext(t), append(addBridge(ovsdb.Row{"name": name}),
						ovsdb.Mutate("Open_vSwitch", []ovsdb.Mutation{ovsdb.Change("next_cfg", ovsdb.Add, 1)}))...)
					if err != nil || len(results) != 3 {
						t.Errorf("caller %d, round %d: got %d results, error %v; want 3", caller, round, len(results), err)
						return
					}
					rows := transact(t, c, ovsdb.Select("Bridge", []string{"name"}, ovsdb.ByUUID(results[0].UUID)))[0].Rows
					if diff := cmp.Diff([]ovsdb.Row{{"name": name}}, rows); diff != "" {
						t.Errorf("caller %d, round %d: the row with its UUID (-want +got):\n%s", caller, round, diff)
					}
				}
			}()
		}
		group.Wait()
		got := transact(t, c, ovsdb.Select("Open_vSwitch", []string{"next_cfg"}))[0].Rows[0]["next_cfg"]
		if want := changes.Load(); got != want || want == 0 {
			t.Errorf("got %v bumps of next_cfg, want %d", got, want)
		}
		if n := transactions.Load(); n >= changes.Load() {
			t.Errorf("%d changes took %d transactions: nothing was shared", changes.Load(), n)
		}
	})
}

// Of changes that exclude each other one is made.
func TestServerBatchConflict(t *testing.T) {
	onServers(t, func(t *testing.T, endpoint string) {
		c := dial(t, endpoint)
		ensureRoot(t, c)
		b := ovsdb.NewBatcher(c, ovsdb.BatchOptions{})
		const callers = 30
		ended := make(chan error)
		for range callers {
			go func() {
				_, _, err := b.Transact(context.Background(), addBridge(ovsdb.Row{"name": "br0"})...)
				ended <- err
			}()
		}
		made := 0
		for range callers {
			if err := <-ended; err == nil {
				made++
			} else if !errors.Is(err, ovsdb.ErrConstraintViolation) {
				t.Errorf("got error %v, want %v", err, ovsdb.ErrConstraintViolation)
			}
		}
		rows := transact(t, c, ovsdb.Select("Bridge", []string{"name"}))[0].Rows
		if diff := cmp.Diff([]ovsdb.Row{{"name": "br0"}}, rows, cmpopts.EquateEmpty()); made != 1 || diff != "" {
			t.Errorf("%d of %d were made, want 1 (-want +got):\n%s", made, callers, diff)
		}
	})
}
