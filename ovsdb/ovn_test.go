// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/ovsproc/ovsproctest"
	"github.com/ovskit/ovskit/internal/tier"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/internal/ovn/nb"
	"github.com/ovskit/ovskit/ovsdb/internal/ovn/sb"
)

const (
	schemaNB = "/usr/share/ovn/ovn-nb.ovsschema"
	schemaSB = "/usr/share/ovn/ovn-sb.ovsschema"
)

// eachServer runs a test on a real ovsdb-server and on the fake, with an empty
// database by the schema in a file of OVN.
func eachServer(t *testing.T, schema string, test func(t *testing.T, endpoint string)) {
	t.Run("sandbox", func(t *testing.T) {
		tier.NeedFile(t, tier.Sandbox, schema, "ovn-central")
		ovs := ovsproctest.Start(t, ovsproc.Options{NoSwitch: true, Schema: schema})
		test(t, ovs.DatabaseEndpoint())
	})
	t.Run("fake", func(t *testing.T) {
		text := tier.NeedFile(t, tier.Sandbox, schema, "ovn-central")
		ovs, err := fakeovs.Start(fakeovs.Options{Schemas: [][]byte{text}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := ovs.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
		test(t, ovs.DatabaseEndpoint())
	})
}

func dialDatabase(t *testing.T, endpoint, database string) *ovsdb.Client {
	t.Helper()
	c, err := ovsdb.Dial(testContext(t), ovsdb.Options{Endpoint: endpoint, Database: database})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// A copied table is one of any row type.
type copied struct {
	name  string
	table ovsdb.Monitored
	count func() int
	get   func(uuid string) any
}

func tableOf[T any](name string) copied {
	t := ovsdb.NewTable[T](name, ovsdb.TableOptions{})
	return copied{name: name, table: t, count: t.Len, get: func(uuid string) any {
		row, _ := t.Get(uuid)
		return row
	}}
}

// bareRow is a row of a table that is younger than the generated rows.
type bareRow struct {
	UUID string `ovsdb:"_uuid"`
}

// copyAll copies every table of a database, those that are known with all of
// their columns.
func copyAll(t *testing.T, c *ovsdb.Client, known []copied) map[string]copied {
	t.Helper()
	tables := map[string]copied{}
	for _, k := range known {
		if _, ok := c.Schema().Tables[k.name]; ok {
			tables[k.name] = k
		}
	}
	for name := range c.Schema().Tables {
		if _, ok := tables[name]; !ok {
			tables[name] = tableOf[bareRow](name)
		}
	}
	var o ovsdb.MonitorOptions
	for _, table := range tables {
		o.Tables = append(o.Tables, table.table)
	}
	if _, err := c.Monitor(testContext(t), o); err != nil {
		t.Fatal(err)
	}
	return tables
}

// A sample is a row to be written and read back.
type sample struct {
	name, table string
	row         any
	// next is what row becomes by writing columns; nil if it is not changed.
	next    any
	columns []string
	// gone says that the changes leave nothing that refers to the row, which
	// the server then removes.
	gone bool
}

// testRoundTrip inserts the samples and changes them. Both a copy that was
// there before and a new one must show the rows as they were written, and no
// others. samples gets what a name stands for: while the rows are inserted the
// name itself, then the row's UUID.
func testRoundTrip(t *testing.T, endpoint, database string, known func() []copied, samples func(uuid func(string) string) []sample) {
	c := dialDatabase(t, endpoint, database)
	tables := copyAll(t, c, known())
	var inserts []ovsdb.Operation
	written := samples(func(name string) string { return name })
	for _, s := range written {
		inserts = append(inserts, ovsdb.Insert(s.table, s.row).Named(s.name))
	}
	uuids := map[string]string{}
	for i, result := range transact(t, c, inserts...) {
		uuids[written[i].name] = result.UUID
	}
	written = samples(func(name string) string { return uuids[name] })
	check := func(what string, tables map[string]copied, row func(sample) any) {
		t.Helper()
		want := map[string]int{}
		for _, s := range written {
			row := row(s)
			if row == nil {
				continue
			}
			want[s.table]++
			got := tables[s.table].get(uuids[s.name])
			if diff := cmp.Diff(row, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s: %s in table %q (-want +got):\n%s", what, s.name, s.table, diff)
			}
		}
		for name, table := range tables {
			if n := table.count(); n != want[name] {
				t.Errorf("%s: table %q has %d rows, want %d", what, name, n, want[name])
			}
		}
	}
	inserted := func(s sample) any { return s.row }
	check("inserted", tables, inserted)
	later := copyAll(t, dialDatabase(t, endpoint, database), known())
	check("inserted before the monitor", later, inserted)

	var updates []ovsdb.Operation
	for _, s := range written {
		if s.next != nil {
			updates = append(updates, ovsdb.Update(s.table, ovsdb.Fields(s.next, s.columns...), ovsdb.ByUUID(uuids[s.name])))
		}
	}
	for i, result := range transact(t, c, updates...) {
		if result.Count != 1 {
			t.Errorf("update %d: changed %d rows, want 1", i, result.Count)
		}
	}
	changed := func(s sample) any {
		switch {
		case s.gone:
			return nil
		case s.next != nil:
			return s.next
		}
		return s.row
	}
	check("changed", tables, changed)
	later = copyAll(t, dialDatabase(t, endpoint, database), known())
	check("changed before the monitor", later, changed)
}

func TestOVNNorthbound(t *testing.T) {
	eachServer(t, schemaNB, func(t *testing.T, endpoint string) {
		testRoundTrip(t, endpoint, nb.DatabaseName, nbTables, nbSamples)
	})
}

func TestOVNSouthbound(t *testing.T) {
	eachServer(t, schemaSB, func(t *testing.T, endpoint string) {
		testRoundTrip(t, endpoint, sb.DatabaseName, sbTables, sbSamples)
	})
}

// What the server does by itself: indexes, weak references that go with their
// row, rows that go when nothing refers to them, and limits.
func TestOVNConstraints(t *testing.T) {
	eachServer(t, schemaNB, func(t *testing.T, endpoint string) {
		c := dialDatabase(t, endpoint, nb.DatabaseName)
		switches := ovsdb.NewTable[nb.LogicalSwitch](nb.TableLogicalSwitch, ovsdb.TableOptions{})
		ports := ovsdb.NewTable[nb.LogicalSwitchPort](nb.TableLogicalSwitchPort, ovsdb.TableOptions{})
		byName := ovsdb.NewIndex(ports, func(p *nb.LogicalSwitchPort) string { return p.Name })
		if _, err := c.Monitor(testContext(t), ovsdb.MonitorOptions{Tables: []ovsdb.Monitored{switches, ports}}); err != nil {
			t.Fatal(err)
		}
		results := transact(t, c,
			ovsdb.Insert(nb.TableDHCPOptions, &nb.DHCPOptions{CIDR: "10.0.0.0/24"}).Named("dhcp"),
			ovsdb.Insert(nb.TableLogicalSwitchPort, &nb.LogicalSwitchPort{Name: "p1", DHCPv4Options: ptr("dhcp")}).Named("p1"),
			ovsdb.Insert(nb.TableLogicalSwitchPort, &nb.LogicalSwitchPort{Name: "p2"}).Named("p2"),
			ovsdb.Insert(nb.TableLogicalSwitch, &nb.LogicalSwitch{Name: "s", Ports: []string{"p1", "p2"}}))
		if p, ok := byName.Get("p1"); !ok || p.DHCPv4Options == nil || *p.DHCPv4Options != results[0].UUID {
			t.Errorf("port p1: got %+v, want a reference to %s", p, results[0].UUID)
		}
		transact(t, c, ovsdb.Delete(nb.TableDHCPOptions))
		if p, ok := byName.Get("p1"); !ok || p.DHCPv4Options != nil {
			t.Errorf("port p1 after its DHCP options were deleted: got %+v, want no reference", p)
		}
		transact(t, c, ovsdb.Mutate(nb.TableLogicalSwitch, []ovsdb.Mutation{ovsdb.Change("ports", ovsdb.DeleteFrom, results[1].UUID)}))
		if _, ok := byName.Get("p1"); ok || ports.Len() != 1 {
			t.Errorf("port p1 taken out of its switch: got %t and %d ports, want none of it and 1", ok, ports.Len())
		}

		bfd := ovsdb.Insert(nb.TableBFD, &nb.BFD{LogicalPort: "p2", DstIP: "10.0.0.9"})
		for _, tt := range []struct {
			name string
			ops  []ovsdb.Operation
			want error
		}{
			{"index over two columns", []ovsdb.Operation{bfd, bfd}, ovsdb.ErrConstraintViolation},
			{"second row of one that is alone", []ovsdb.Operation{
				ovsdb.Insert(nb.TableNBGlobal, &nb.NBGlobal{}), ovsdb.Insert(nb.TableNBGlobal, &nb.NBGlobal{})}, ovsdb.ErrConstraintViolation},
			{"reference to nothing", []ovsdb.Operation{ovsdb.Mutate(nb.TableLogicalSwitch, []ovsdb.Mutation{
				ovsdb.Change("acls", ovsdb.InsertInto, results[1].UUID)})}, ovsdb.ErrReferentialIntegrity},
			{"row that is referred to", []ovsdb.Operation{ovsdb.Delete(nb.TableLogicalSwitchPort)}, ovsdb.ErrReferentialIntegrity},
		} {
			if _, err := c.Transact(testContext(t), tt.ops...); !errors.Is(err, tt.want) {
				t.Errorf("%s: got error %v, want %v", tt.name, err, tt.want)
			}
		}
		var misfit *ovsdb.SchemaError
		_, err := c.Transact(testContext(t), ovsdb.Insert(nb.TableACL, &nb.ACL{
			Action: nb.ACLActionDrop, Direction: nb.ACLDirectionToLPort, Priority: 32768}))
		if !errors.As(err, &misfit) || misfit.Table != nb.TableACL || misfit.Column != "priority" {
			t.Errorf("priority out of range: got error %v, want a *SchemaError of column priority", err)
		}
	})
}

// serverDatabase is a row of table Database in _Server(5).
type serverDatabase struct {
	Name      string  `ovsdb:"name"`
	Model     string  `ovsdb:"model"`
	Connected bool    `ovsdb:"connected"`
	Leader    bool    `ovsdb:"leader"`
	Schema    *string `ovsdb:"schema"`
	CID       *string `ovsdb:"cid"`
	SID       *string `ovsdb:"sid"`
	Index     *int64  `ovsdb:"index"`
}

func TestServerDatabase(t *testing.T) {
	eachServer(t, schemaNB, func(t *testing.T, endpoint string) {
		c := dialDatabase(t, endpoint, "_Server")
		databases := ovsdb.NewTable[serverDatabase]("Database", ovsdb.TableOptions{})
		if _, err := c.Monitor(testContext(t), ovsdb.MonitorOptions{Tables: []ovsdb.Monitored{databases}}); err != nil {
			t.Fatal(err)
		}
		names, err := c.ListDatabases(testContext(t))
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]serverDatabase{}
		for _, row := range databases.All() {
			var schema struct{ Name string }
			if row.Schema == nil {
				t.Errorf("database %q: no schema", row.Name)
			} else if err := json.Unmarshal([]byte(*row.Schema), &schema); err != nil || schema.Name != row.Name {
				t.Errorf("database %q: schema of %q, %v", row.Name, schema.Name, err)
			}
			got[row.Name] = *row
		}
		want := map[string]serverDatabase{}
		for _, name := range names {
			want[name] = serverDatabase{Name: name, Model: "standalone", Connected: true, Leader: true}
		}
		if _, ok := want[nb.DatabaseName]; !ok {
			t.Errorf("databases: got %q, want one to be %q", names, nb.DatabaseName)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(serverDatabase{}, "Schema")); diff != "" {
			t.Errorf("databases (-want +got):\n%s", diff)
		}
		if _, err := c.Transact(testContext(t), ovsdb.Delete("Database")); err == nil {
			t.Error("a client wrote to _Server")
		}
	})
}

func ptr[T any](v T) *T { return &v }
