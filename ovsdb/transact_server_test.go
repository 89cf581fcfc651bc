// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ovskit/ovskit/ovsdb"
)

// ensureRoot inserts the Open_vSwitch row where the server has none.
func ensureRoot(t *testing.T, c *ovsdb.Client) {
	t.Helper()
	_, err := c.Transact(testContext(t), ovsdb.Wait("Open_vSwitch", ovsdb.WaitOptions{}), ovsdb.Insert("Open_vSwitch", ovsdb.Row{}))
	if err != nil && !errors.Is(err, ovsdb.ErrTimedOut) {
		t.Fatal(err)
	}
}

// Each result is that of its operation, whatever the mixture.
func TestServerResults(t *testing.T) {
	onServers(t, func(t *testing.T, endpoint string) {
		c := dial(t, endpoint)
		ensureRoot(t, c)
		row := &bridge{Name: "br0", STP: true, FloodVLANs: []int64{7, 5}}
		results := transact(t, c,
			ovsdb.Comment("a bridge"),
			ovsdb.Insert("Bridge", row).Named("b"),
			ovsdb.Select("Bridge", []string{"name", "stp_enable", "flood_vlans", "fail_mode", "_uuid"}, ovsdb.ByUUID("b")),
			ovsdb.Mutate("Open_vSwitch", []ovsdb.Mutation{ovsdb.Change("bridges", ovsdb.InsertInto, "b")}),
			ovsdb.Update("Bridge", ovsdb.Fields(&bridge{}, "stp_enable", "flood_vlans"), ovsdb.ByUUID("b")),
			ovsdb.Raw(json.RawMessage(`{"op":"select","table":"Bridge","where":[],"columns":["name","stp_enable","flood_vlans"]}`)),
			ovsdb.Delete("Bridge", ovsdb.Where("name", ovsdb.Equal, "nobody")),
			ovsdb.Wait("Bridge", ovsdb.WaitOptions{Rows: []ovsdb.Row{{"name": "br0", "stp_enable": false}}, Timeout: time.Minute}),
			ovsdb.Commit(true))
		row.UUID, row.FloodVLANs = results[1].UUID, []int64{5, 7}
		rows, err := ovsdb.RowsAs[bridge](results[2].Rows)
		if diff := cmp.Diff([]*bridge{row}, rows); diff != "" || err != nil {
			t.Errorf("selected, as structs: %v (-want +got):\n%s", err, diff)
		}
		var raw struct{ Rows []map[string]any }
		if err := json.Unmarshal(results[5].Raw, &raw); err != nil {
			t.Errorf("raw result %s: %v", results[5].Raw, err)
		}
		want := []map[string]any{{"name": "br0", "stp_enable": false, "flood_vlans": []any{"set", []any{}}}}
		if diff := cmp.Diff(want, raw.Rows); diff != "" {
			t.Errorf("raw rows (-want +got):\n%s", diff)
		}
		rest := []ovsdb.Result{{}, {UUID: row.UUID}, {}, {Count: 1}, {Count: 1}, {}, {}, {}, {}}
		if diff := cmp.Diff(rest, results, cmpopts.IgnoreFields(ovsdb.Result{}, "Rows", "Raw")); diff != "" {
			t.Errorf("results (-want +got):\n%s", diff)
		}

		type wrong struct {
			Name int64 `ovsdb:"name"`
		}
		if _, err := ovsdb.RowsAs[wrong](results[2].Rows); err == nil {
			t.Error("a name in an integer: got no error")
		}
		if _, err := ovsdb.RowsAs[int](nil); err == nil {
			t.Error("a row in an integer: got no error")
		}
	})
}

// A refused transaction leaves nothing of what came before the refusal.
func TestServerRefusals(t *testing.T) {
	onServers(t, func(t *testing.T, endpoint string) {
		c := dial(t, endpoint)
		ensureRoot(t, c)
		for _, tt := range []struct {
			op   ovsdb.Operation
			want error
		}{
			{ovsdb.Abort(), ovsdb.ErrAborted},
			{ovsdb.Assert("l"), ovsdb.ErrNotOwner},
			{ovsdb.Wait("Bridge", ovsdb.WaitOptions{}), ovsdb.ErrTimedOut},
			{ovsdb.Wait("Bridge", ovsdb.WaitOptions{Rows: []ovsdb.Row{{"name": "br0"}}, Differ: true, Timeout: time.Millisecond}), ovsdb.ErrTimedOut},
			{ovsdb.Raw(json.RawMessage(`{"op":"mutate","table":"Open_vSwitch","where":[],"mutations":[["next_cfg","/=",0]]}`)), ovsdb.ErrDomainError},
		} {
			_, err := c.Transact(testContext(t), append(addBridge(ovsdb.Row{"name": "br0"}), tt.op)...)
			var refused *ovsdb.OperationError
			if !errors.Is(err, tt.want) || !errors.As(err, &refused) || refused.Index != 2 {
				t.Errorf("got error %v, want %v of operation 2", err, tt.want)
			}
		}
		if rows := transact(t, c, ovsdb.Select("Bridge", nil))[0].Rows; len(rows) != 0 {
			t.Errorf("got %d bridges, want none", len(rows))
		}
	})
}
