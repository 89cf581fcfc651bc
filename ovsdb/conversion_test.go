// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/ovsproc/ovsproctest"
	"github.com/ovskit/ovskit/ovsdb"
)

// newerItem has a column that comes with a conversion.
type newerItem struct {
	UUID  string            `ovsdb:"_uuid"`
	Name  string            `ovsdb:"name"`
	N     int64             `ovsdb:"n"`
	Notes map[string]string `ovsdb:"notes"`
	Owner *string           `ovsdb:"owner"`
}

// convert makes the server convert the database.
func convert(t *testing.T, c *ovsdb.Client, schema string) {
	t.Helper()
	if _, err := c.Call(testContext(t), "convert", "Items", json.RawMessage(schema)); err != nil {
		t.Fatal(err)
	}
}

// The client goes on with the new schema: its monitors copy a new column,
// transactions can write it, and what is gone is an error at once.
func TestConversion(t *testing.T) {
	t.Parallel()
	ovs := ovsproctest.Start(t, ovsproc.Options{NoSwitch: true, Schema: schemaFile(t, itemsSchema)})
	reasons := make(chan error, 4)
	c := dialWith(t, ovsdb.Options{Endpoint: ovs.DatabaseEndpoint(), Hooks: ovsdb.Hooks{Disconnected: func(err error) { reasons <- err }}})
	other := dialWith(t, ovsdb.Options{Endpoint: ovs.DatabaseEndpoint()})
	insertItems(t, c, "old", 3)
	table, plain := ovsdb.NewTable[newerItem]("Item", ovsdb.TableOptions{}), itemTable(ovsdb.TableOptions{})
	m, plainMonitor := monitorTables(t, c, table), monitorTables(t, c, plain)
	r, plainReplica := newReplica(t, m, table), newReplica(t, plainMonitor, plain)
	before := byUUID(plain)
	batcher := ovsdb.NewBatcher(c, ovsdb.BatchOptions{})
	if _, err := c.Transact(testContext(t), ovsdb.Insert("Item", ovsdb.Row{"name": "x", "owner": "me"})); !errors.As(err, new(*ovsdb.SchemaError)) {
		t.Errorf("column of another schema: got error %v, want a *SchemaError", err)
	}

	withOwner := strings.NewReplacer(`"1.0.0"`, `"1.1.0"`, `"name":{"type":"string"},`,
		`"name":{"type":"string"},"owner":{"type":{"key":"string","min":0,"max":1}},`).Replace(itemsSchema)
	convert(t, other, withOwner)
	if reason := <-reasons; !strings.Contains(reason.Error(), "converted") && !strings.Contains(reason.Error(), "changed the schema") {
		t.Errorf("connection ended with %v, want the conversion", reason)
	}
	waitState(t, c, "connected again", func(s ovsdb.State) bool { return s.Connections == 2 })
	if got := c.Schema(); got.Version != "1.1.0" || got.Table("Item").Column("owner") == nil {
		t.Errorf("schema: got version %s, want 1.1.0 with a column owner", got.Version)
	}
	samePointers(t, before, plain, "old")
	if events := r.catchUp() + plainReplica.catchUp(); events != 0 {
		t.Errorf("the conversion made %d events, want none", events)
	}
	transact(t, c, ovsdb.Insert("Item", ovsdb.Row{"name": "x", "owner": "me"}),
		ovsdb.Update("Item", ovsdb.Row{"owner": "you"}, ovsdb.Where("name", ovsdb.Equal, "old-1")))
	owners := map[string]string{}
	for _, row := range table.All() {
		if row.Owner != nil {
			owners[row.Name] = *row.Owner
		}
	}
	if diff := cmp.Diff(map[string]string{"x": "me", "old-1": "you"}, owners); diff != "" {
		t.Errorf("owners (-want +got):\n%s", diff)
	}
	r.catchUp()
	plainReplica.catchUp()

	// A column takes another form, one that has gone is the zero value, and
	// nothing is written as before.
	converted := strings.NewReplacer(`"1.1.0"`, `"2.0.0"`, `"n":{"type":"integer"},`, "",
		`"owner":{"type":{"key":"string","min":0,"max":1}}`, `"owner":{"type":{"key":"string","min":0,"max":1}},"more":{"type":{"key":"integer","min":0,"max":5}}`).Replace(withOwner)
	transact(t, c, ovsdb.Update("Item", ovsdb.Row{"n": 7}))
	convert(t, other, converted)
	for _, client := range []*ovsdb.Client{c, other} { // one without monitors, too
		waitState(t, client, "connected to version 2", func(s ovsdb.State) bool { return s.Connections == 3 })
		if got := client.Schema().Version; got != "2.0.0" {
			t.Errorf("schema: got version %s, want 2.0.0", got)
		}
	}
	for _, row := range table.All() {
		if row.N != 0 {
			t.Errorf("column that has gone: got %+v, want zero", row)
		}
	}
	r.catchUp()
	plainReplica.catchUp()
	if _, err := c.Transact(testContext(t), ovsdb.Update("Item", ovsdb.Row{"n": 8})); !errors.As(err, new(*ovsdb.SchemaError)) {
		t.Errorf("column that has gone: got error %v, want a *SchemaError", err)
	}
	if _, _, err := batcher.Transact(testContext(t), ovsdb.Mutate("Item", []ovsdb.Mutation{ovsdb.Change("more", ovsdb.InsertInto, 3)})); err != nil {
		t.Errorf("batch: %v", err)
	}
	results := transact(t, c, ovsdb.Select("Item", []string{"more"}, ovsdb.Where("name", ovsdb.Equal, "x")))
	if diff := cmp.Diff([]ovsdb.Row{{"more": []int64{3}}}, results[0].Rows); diff != "" {
		t.Errorf("select (-want +got):\n%s", diff)
	}
}
