// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/ovsproc/ovsproctest"
	"github.com/ovskit/ovskit/ovsdb"
)

// bridge is a row of table Bridge; ports and interfaces are not copied.
type bridge struct {
	UUID        string            `ovsdb:"_uuid"`
	Name        string            `ovsdb:"name"`
	FailMode    *string           `ovsdb:"fail_mode"`
	FloodVLANs  []int64           `ovsdb:"flood_vlans"`
	Ports       []string          `ovsdb:"ports"`
	ExternalIDs map[string]string `ovsdb:"external_ids"`
	STP         bool              `ovsdb:"stp_enable"`
}

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// startServer starts an ovsdb-server with an empty database.
func startServer(t testing.TB) *ovsproc.OVS {
	t.Helper()
	ovs := ovsproctest.Start(t, ovsproc.Options{NoSwitch: true})
	return ovs
}

func dial(t testing.TB, endpoint string) *ovsdb.Client {
	t.Helper()
	c, err := ovsdb.Dial(testContext(t), ovsdb.Options{Endpoint: endpoint})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func transact(t testing.TB, c *ovsdb.Client, ops ...ovsdb.Operation) []ovsdb.Result {
	t.Helper()
	results, err := c.Transact(testContext(t), ops...)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

// addBridge makes the operations that add a bridge to the switch.
func addBridge(row ovsdb.Row) []ovsdb.Operation {
	return []ovsdb.Operation{
		ovsdb.Insert("Bridge", row).Named("b"),
		ovsdb.Mutate("Open_vSwitch", []ovsdb.Mutation{ovsdb.Change("bridges", ovsdb.InsertInto, "b")}),
	}
}

func TestServerTransactions(t *testing.T) {
	c := dial(t, startServer(t).DatabaseEndpoint())

	if err := c.Echo(testContext(t)); err != nil {
		t.Errorf("Echo: %v", err)
	}
	names, err := c.ListDatabases(testContext(t))
	if !slices.Contains(names, "Open_vSwitch") || err != nil {
		t.Errorf("ListDatabases: got %v, %v; want one to be Open_vSwitch", names, err)
	}
	if name := c.Schema().Name; name != "Open_vSwitch" {
		t.Errorf("schema: got %q, want Open_vSwitch", name)
	}

	// Waiting for an empty table and inserting an empty row.
	root := transact(t, c, ovsdb.Wait("Open_vSwitch", ovsdb.WaitOptions{}), ovsdb.Insert("Open_vSwitch", ovsdb.Row{}))[1].UUID
	if len(root) != 36 {
		t.Fatalf("inserted row: got UUID %q", root)
	}
	all := []string{"next_cfg", "cur_cfg", "external_ids", "db_version", "bridges"}
	selectAll := ovsdb.Select("Open_vSwitch", all)

	// Integers are exact over their range, and zero values arrive.
	for _, n := range []int64{math.MinInt64, 1<<53 + 1, math.MaxInt64, 0} {
		got := transact(t, c, ovsdb.Update("Open_vSwitch", ovsdb.Row{"next_cfg": n, "external_ids": map[string]string{}}), selectAll)
		want := []ovsdb.Result{{Count: 1}, {Rows: []ovsdb.Row{{
			"next_cfg": n, "cur_cfg": int64(0), "external_ids": map[string]string{}, "db_version": (*string)(nil), "bridges": []string(nil),
		}}}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("next_cfg %d (-want +got):\n%s", n, diff)
		}
	}
	got := transact(t, c,
		ovsdb.Mutate("Open_vSwitch", []ovsdb.Mutation{
			ovsdb.Change("next_cfg", ovsdb.Add, 5), ovsdb.Change("next_cfg", ovsdb.Multiply, 3), ovsdb.Change("next_cfg", ovsdb.Modulo, 10),
			ovsdb.Change("external_ids", ovsdb.InsertInto, map[string]string{"a": "<1>", "b": "\"2\"\né", "c": "3"}),
			ovsdb.Change("external_ids", ovsdb.DeleteFrom, []string{"c", "d"}),
			ovsdb.Change("external_ids", ovsdb.DeleteFrom, map[string]string{"a": "other"}),
		}, ovsdb.Where("next_cfg", ovsdb.LessOrEqual, 0), ovsdb.ByUUID(root)),
		ovsdb.Select("Open_vSwitch", []string{"next_cfg", "external_ids"}, ovsdb.Where("external_ids", ovsdb.Includes, map[string]string{"a": "<1>"})),
		ovsdb.Delete("Bridge"), ovsdb.Comment("a \"comment\""), ovsdb.Commit(false))
	want := []ovsdb.Result{{Count: 1}, {Rows: []ovsdb.Row{{
		"next_cfg": int64(5), "external_ids": map[string]string{"a": "<1>", "b": "\"2\"\né"}}}}, {}, {}, {}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mutate (-want +got):\n%s", diff)
	}
}

func TestServerErrors(t *testing.T) {
	endpoint := startServer(t).DatabaseEndpoint()
	c := dial(t, endpoint)
	transact(t, c, ovsdb.Insert("Open_vSwitch", ovsdb.Row{}))
	transact(t, c, addBridge(ovsdb.Row{"name": "br0"})...)
	for _, tt := range []struct {
		name string
		ops  []ovsdb.Operation
		want error
		at   ovsdb.OperationError // without its texts
	}{
		{"duplicate name", addBridge(ovsdb.Row{"name": "br0"}), ovsdb.ErrConstraintViolation, ovsdb.OperationError{Index: 2, Op: "commit"}},
		{"second root", []ovsdb.Operation{ovsdb.Comment("x"), ovsdb.Insert("Open_vSwitch", ovsdb.Row{})}, ovsdb.ErrConstraintViolation,
			ovsdb.OperationError{Index: 2, Op: "commit"}},
		{"value out of range", append(addBridge(ovsdb.Row{"name": "br1", "flood_vlans": []int{4095}}),
			ovsdb.Mutate("Bridge", []ovsdb.Mutation{ovsdb.Change("flood_vlans", ovsdb.Add, 1)}, ovsdb.ByUUID("b"))), ovsdb.ErrConstraintViolation,
			ovsdb.OperationError{Index: 2, Op: "mutate", Table: "Bridge"}},
		{"dangling reference", []ovsdb.Operation{ovsdb.Mutate("Open_vSwitch", []ovsdb.Mutation{
			ovsdb.Change("bridges", ovsdb.InsertInto, "00000000-0000-4000-8000-000000000000")})}, ovsdb.ErrReferentialIntegrity,
			ovsdb.OperationError{Index: 1, Op: "commit"}},
		{"abort", []ovsdb.Operation{ovsdb.Delete("Bridge"), ovsdb.Abort()}, ovsdb.ErrAborted, ovsdb.OperationError{Index: 1, Op: "abort"}},
		{"lock not held", []ovsdb.Operation{ovsdb.Assert("l")}, ovsdb.ErrNotOwner, ovsdb.OperationError{Index: 0, Op: "assert"}},
		{"wait", []ovsdb.Operation{ovsdb.Wait("Bridge", ovsdb.WaitOptions{})}, ovsdb.ErrTimedOut, ovsdb.OperationError{Index: 0, Op: "wait", Table: "Bridge"}},
		{"division by zero", []ovsdb.Operation{ovsdb.Mutate("Open_vSwitch", []ovsdb.Mutation{ovsdb.Change("next_cfg", ovsdb.Divide, 0)})},
			ovsdb.ErrDomainError, ovsdb.OperationError{Index: 0, Op: "mutate", Table: "Open_vSwitch"}},
		{"overflow", []ovsdb.Operation{ovsdb.Mutate("Open_vSwitch", []ovsdb.Mutation{ovsdb.Change("next_cfg", ovsdb.Add, math.MaxInt64),
			ovsdb.Change("next_cfg", ovsdb.Add, 1)})}, ovsdb.ErrRangeError, ovsdb.OperationError{Index: 0, Op: "mutate", Table: "Open_vSwitch"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := c.Transact(testContext(t), tt.ops...)
			if !errors.Is(err, tt.want) {
				t.Errorf("got error %v, want %v", err, tt.want)
			}
			var got *ovsdb.OperationError
			if !errors.As(err, &got) {
				t.Fatalf("got error %v, want an *OperationError", err)
			}
			if diff := cmp.Diff(&tt.at, got, cmpopts.IgnoreFields(ovsdb.OperationError{}, "Name", "Details")); diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
	_, err := ovsdb.Dial(testContext(t), ovsdb.Options{Endpoint: endpoint, Database: "Nowhere"})
	if !errors.Is(err, ovsdb.ErrUnknownDatabase) {
		t.Errorf("unknown database: got error %v, want %v", err, ovsdb.ErrUnknownDatabase)
	}
}

// A blocked transaction is cancelled with its context, on the server as well.
func TestServerCancel(t *testing.T) {
	c := dial(t, startServer(t).DatabaseEndpoint())
	transact(t, c, ovsdb.Insert("Open_vSwitch", ovsdb.Row{}))
	ctx, cancel := context.WithTimeout(testContext(t), time.Second)
	defer cancel()
	_, err := c.Transact(ctx,
		ovsdb.Wait("Open_vSwitch", ovsdb.WaitOptions{Rows: []ovsdb.Row{{"cur_cfg": 1}}, Timeout: -1}),
		ovsdb.Update("Open_vSwitch", ovsdb.Row{"cur_cfg": 2}))
	if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, new(*ovsdb.OutcomeUnknownError)) {
		t.Errorf("got error %v, want an *OutcomeUnknownError of the deadline", err)
	}
	transact(t, c, ovsdb.Update("Open_vSwitch", ovsdb.Row{"cur_cfg": 1}))
	got := transact(t, c, ovsdb.Select("Open_vSwitch", []string{"cur_cfg"}))[0].Rows
	if diff := cmp.Diff([]ovsdb.Row{{"cur_cfg": int64(1)}}, got); diff != "" {
		t.Errorf("the cancelled transaction has run (-want +got):\n%s", diff)
	}
}

// Several clients write at random; the copy of one always shows its own
// writes and ends equal to a fresh one.
func TestServerMonitor(t *testing.T) {
	endpoint := startServer(t).DatabaseEndpoint()
	transact(t, dial(t, endpoint), ovsdb.Insert("Open_vSwitch", ovsdb.Row{}))
	newTable := func() *ovsdb.Table[bridge] { return ovsdb.NewTable[bridge]("Bridge", ovsdb.TableOptions{}) }
	var (
		group    sync.WaitGroup
		tables   []*ovsdb.Table[bridge]
		monitors []*ovsdb.Monitor
	)
	for writer := range 3 {
		c := dial(t, endpoint)
		table := newTable()
		m, err := c.Monitor(testContext(t), ovsdb.MonitorOptions{Tables: []ovsdb.Monitored{table}})
		if err != nil {
			t.Fatal(err)
		}
		tables, monitors = append(tables, table), append(monitors, m)
		group.Add(1)
		go func() {
			defer group.Done()
			writeAtRandom(t, c, table, writer)
		}()
	}
	group.Wait()

	for i, table := range tables {
		c := dial(t, endpoint)
		fresh := newTable()
		if _, err := c.Monitor(testContext(t), ovsdb.MonitorOptions{Tables: []ovsdb.Monitored{fresh}}); err != nil {
			t.Fatal(err)
		}
		equal := func() (bool, error) { return cmp.Equal(byName(fresh), byName(table), cmpopts.EquateEmpty()), nil }
		if err := monitors[i].Wait(testContext(t), equal); err != nil {
			t.Errorf("copy %d: %v (-fresh +copy):\n%s", i, err, cmp.Diff(byName(fresh), byName(table), cmpopts.EquateEmpty()))
		}
		if fresh.Len() == 0 {
			t.Error("no bridges left to compare")
		}
	}
}

func byName(table *ovsdb.Table[bridge]) map[string]bridge {
	rows := map[string]bridge{}
	for _, row := range table.All() {
		rows[row.Name] = *row
	}
	return rows
}

// writeAtRandom makes, changes and deletes bridges of its own and checks that
// the copy shows every write at once.
func writeAtRandom(t *testing.T, c *ovsdb.Client, table *ovsdb.Table[bridge], writer int) {
	bridges := ovsdb.NewIndex(table, func(b *bridge) string { return b.Name })
	for i := range 150 {
		name := fmt.Sprintf("br%d-%d", writer, i*7%10)
		row, exists := bridges.Get(name)
		var ops []ovsdb.Operation
		var check func(b *bridge) bool
		switch {
		case !exists:
			ops = addBridge(ovsdb.Row{"name": name, "external_ids": map[string]string{"writer": fmt.Sprint(writer)}})
			check = func(b *bridge) bool { return b != nil && b.ExternalIDs["writer"] == fmt.Sprint(writer) }
		case i%4 == 0:
			ops = []ovsdb.Operation{ovsdb.Mutate("Open_vSwitch", []ovsdb.Mutation{ovsdb.Change("bridges", ovsdb.DeleteFrom, row.UUID)})}
			check = func(b *bridge) bool { return b == nil }
		case i%4 == 1:
			vlans := []int64{int64(i), int64(i + 1), int64(i / 2)}
			slices.Sort(vlans)
			vlans = slices.Compact(vlans)
			ops = []ovsdb.Operation{ovsdb.Update("Bridge", ovsdb.Row{"flood_vlans": vlans, "fail_mode": nil, "stp_enable": i%3 == 0}, ovsdb.ByUUID(row.UUID))}
			check = func(b *bridge) bool {
				return b != nil && slices.Equal(b.FloodVLANs, vlans) && b.FailMode == nil && b.STP == (i%3 == 0)
			}
		case i%4 == 2:
			ops = []ovsdb.Operation{ovsdb.Mutate("Bridge", []ovsdb.Mutation{
				ovsdb.Change("flood_vlans", ovsdb.InsertInto, i), ovsdb.Change("flood_vlans", ovsdb.DeleteFrom, []int{i - 1, i / 2}),
				ovsdb.Change("external_ids", ovsdb.DeleteFrom, []string{"round"}),
				ovsdb.Change("external_ids", ovsdb.InsertInto, map[string]string{"round": fmt.Sprint(i)}),
			}, ovsdb.ByUUID(row.UUID))}
			check = func(b *bridge) bool {
				return b != nil && slices.Contains(b.FloodVLANs, int64(i)) && !slices.Contains(b.FloodVLANs, int64(i-1)) && b.ExternalIDs["round"] == fmt.Sprint(i)
			}
		default:
			ops = []ovsdb.Operation{ovsdb.Update("Bridge", ovsdb.Row{"fail_mode": "secure", "external_ids": map[string]string{}}, ovsdb.ByUUID(row.UUID))}
			check = func(b *bridge) bool {
				return b != nil && b.FailMode != nil && *b.FailMode == "secure" && len(b.ExternalIDs) == 0
			}
		}
		if _, err := c.Transact(testContext(t), ops...); err != nil {
			t.Errorf("writer %d, step %d: %v", writer, i, err)
			return
		}
		if now, _ := bridges.Get(name); !check(now) {
			t.Errorf("writer %d, step %d: own write is not in the copy: %+v", writer, i, now)
		}
	}
}

func BenchmarkTransact(b *testing.B) {
	c := dial(b, startServer(b).DatabaseEndpoint())
	transact(b, c, ovsdb.Insert("Open_vSwitch", ovsdb.Row{}))
	op := ovsdb.Mutate("Open_vSwitch", []ovsdb.Mutation{ovsdb.Change("next_cfg", ovsdb.Add, 1)})
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Transact(ctx, op); err != nil {
			b.Fatal(err)
		}
	}
}
