// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// A state is what the rows of a bridge are.
type state struct {
	exists      bool // in the database, as opposed to in a transaction that makes it
	bridge      *vswitch.Bridge
	own         *vswitch.Interface    // of its own port, nil if there is none
	controllers []*vswitch.Controller // whole
	shared      map[string]bool       // UUIDs of controllers of other bridges too
	exporters   map[string]*exporter  // by column
	alive       map[string]bool       // UUIDs of exporters that were asked for
}

// readState reads the rows of a bridge that a patch is about.
func readState(ctx context.Context, db *vswitch.DB, uuid string, p *patch) (*state, error) {
	row, ok := db.BridgeByUUID(uuid)
	if !ok {
		return nil, ErrNotFound
	}
	s := &state{exists: true, bridge: row, shared: map[string]bool{}}
	s.own, _ = db.Interface(row.Name)
	for _, uuid := range row.Controller {
		if c, ok := db.ControllerByUUID(uuid); ok {
			s.controllers = append(s.controllers, c)
		}
	}
	if len(s.controllers) > 0 {
		for _, other := range db.Bridges() {
			for _, uuid := range other.Controller {
				s.shared[uuid] = s.shared[uuid] || other.UUID != row.UUID
			}
		}
	}
	return s, s.readExporters(ctx, db, p)
}

// readExporters reads the rows of exporters, of which the client has no copy.
func (s *state) readExporters(ctx context.Context, db *vswitch.DB, p *patch) error {
	s.exporters, s.alive = map[string]*exporter{}, map[string]bool{}
	var ops []ovsdb.Operation
	for _, e := range p.exporters {
		ops = append(ops, ovsdb.Select(e.table, nil, ovsdb.ByUUID(s.reference(e.column))),
			ovsdb.Select(e.table, nil, ovsdb.ByUUID(orNobody(e.uuid))))
	}
	if ops == nil {
		return nil
	}
	results, err := db.Client().Transact(ctx, ops...)
	if err != nil {
		return err
	}
	for i, e := range p.exporters {
		there, err := exportersOf(e.table, results[2*i].Rows)
		if err != nil {
			return fmt.Errorf("table %q: %w", e.table, err)
		}
		if len(there) > 0 {
			s.exporters[e.column] = there[0]
		}
		s.alive[e.uuid] = len(results[2*i+1].Rows) > 0
	}
	return nil
}

func exportersOf(table string, rows []ovsdb.Row) (list []*exporter, err error) {
	switch table {
	case vswitch.TableNetFlow:
		return exportersAs(rows, netFlowExporter)
	case vswitch.TableSFlow:
		return exportersAs(rows, sFlowExporter)
	default:
		return exportersAs(rows, ipfixExporter)
	}
}

func exportersAs[T any](rows []ovsdb.Row, as func(*T) *exporter) (list []*exporter, err error) {
	typed, err := ovsdb.RowsAs[T](rows)
	for _, r := range typed {
		list = append(list, as(r))
	}
	return list, err
}

// nobody is no row's UUID.
const nobody = "00000000-0000-0000-0000-000000000000"

func orNobody(uuid string) string {
	if uuid == "" {
		return nobody
	}
	return uuid
}

// reference is the UUID that an exporter's column has.
func (s *state) reference(column string) string {
	if uuid := s.column(column).(*string); uuid != nil {
		return *uuid
	}
	return nobody
}

// controller finds the row of the bridge that a wanted controller can be: one that
// no other bridge has with this target, or the very row if the bridge still has it.
func (s *state) controller(want *vswitch.Controller) *vswitch.Controller {
	i := slices.IndexFunc(s.controllers, func(c *vswitch.Controller) bool {
		return c.UUID == want.UUID || c.Target == want.Target && !s.shared[c.UUID]
	})
	if i < 0 {
		return nil
	}
	return s.controllers[i]
}

// column is the value of a column of the bridge that patches are about.
func (s *state) column(name string) any {
	b := s.bridge
	switch name {
	case "datapath_type":
		return b.DatapathType
	case "datapath_id":
		return b.DatapathID
	case "fail_mode":
		return b.FailMode
	case "protocols":
		return b.Protocols
	case "flood_vlans":
		return b.FloodVLANs
	case "stp_enable":
		return b.STPEnable
	case "rstp_enable":
		return b.RSTPEnable
	case "mcast_snooping_enable":
		return b.McastSnoopingEnable
	case "controller":
		return b.Controller
	case "netflow":
		return b.NetFlow
	case "sflow":
		return b.SFlow
	case "ipfix":
		return b.IPFIX
	}
	panic("bridge: column " + name)
}

func isExporter(column string) bool {
	return column == "netflow" || column == "sflow" || column == "ipfix"
}

// same compares values of a column.
func same(a, b any) bool { return reflect.DeepEqual(normal(a), normal(b)) }

// normal is a value as it comes from the database.
func normal(value any) any {
	switch v := value.(type) {
	case []string:
		return sorted(v)
	case []int64:
		return sorted(v)
	case map[string]string:
		if len(v) == 0 {
			return map[string]string(nil)
		}
	}
	return value
}

func sorted[T string | int64](set []T) []T { return slices.Sorted(slices.Values(set)) }
