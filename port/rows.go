// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// undoPatience is how long taking back a failed change may take.
const undoPatience = 2 * time.Second

// errRemoved is the failure of an Attach whose rows somebody removes.
var errRemoved = errors.New("the port was removed meanwhile")

// A placement is a port of a bridge, given by its row's UUID.
type placement struct {
	bridge string
	config *Config
}

// addedRows are the rows of ports that ovs-vswitchd has made.
type addedRows struct {
	places []placement
	ports  []string // UUIDs
	ifaces []*vswitch.Interface
}

// uuids are those of the rows of interfaces.
func (a *addedRows) uuids() (all []string) {
	for _, iface := range a.ifaces {
		all = append(all, iface.UUID)
	}
	return all
}

// undoRows removes the rows, even if ctx has ended.
func (m *Manager) undoRows(ctx context.Context, a *addedRows) error {
	return undo(ctx, func(ctx context.Context) error {
		var ops []ovsdb.Operation
		for i, at := range a.places {
			ops = append(ops, m.removeOps(at.bridge, a.ports[i], at.config.Name, at.config.QoS != nil)...)
		}
		return m.commit(ctx, ops)
	})
}

// removeOps makes the operations that remove a port with its rows.
func (m *Manager) removeOps(bridge, port, name string, hasQoS bool) []ovsdb.Operation {
	ops := []ovsdb.Operation{vswitch.RemovePorts(bridge, port)}
	if hasQoS {
		// The server counts references before it removes the port's row.
		ops = append(ops, ovsdb.Update(vswitch.TablePort, ovsdb.Row{"qos": (*string)(nil)}, ovsdb.ByUUID(port)))
		ops = append(ops, removeQoS(m.owner, name)...)
	}
	return ops
}

// rows are what the columns of a port are to be, beside those that somebody else
// sets.
func (m *Manager) rows(c *Config) (*vswitch.Port, *vswitch.Interface, error) {
	ids, err := m.externalIDs(c)
	if err != nil {
		return nil, nil, err
	}
	iface := &vswitch.Interface{Name: c.Name, Type: c.interfaceType(), Options: c.interfaceOptions(), ExternalIDs: ids}
	if c.OFPort != 0 {
		iface.OFPortRequest = vswitch.Optional(int64(c.OFPort))
	}
	if c.Kind == Internal && c.MTU != 0 {
		iface.MTURequest = vswitch.Optional(int64(c.MTU))
	}
	if c.Kind == Internal && c.MAC != nil {
		iface.MAC = vswitch.Optional(c.MAC.String())
	}
	c.Policing.write(iface)
	row := &vswitch.Port{Name: c.Name, ExternalIDs: map[string]string{mark.Owner: m.owner}}
	c.VLAN.write(row)
	return row, iface, nil
}

// insertOps makes the rows of a new port: first the interface's, then the
// port's, at the end the bridge's mutation. The number tells the rows of several
// ports in one transaction apart.
func (m *Manager) insertOps(at placement, number int) ([]ovsdb.Operation, error) {
	c := at.config
	row, iface, err := m.rows(c)
	if err != nil {
		return nil, err
	}
	if c.hasInterface() {
		iface.ExternalIDs[mark.Attaching] = "true"
	}
	interfaceName, portName := fmt.Sprintf("new_interface_%d", number), fmt.Sprintf("new_port_%d", number)
	row.Interfaces = []string{interfaceName}
	if c.QoS != nil {
		row.QoS = vswitch.Optional(qosRow)
	}
	ops := []ovsdb.Operation{
		ovsdb.Insert(vswitch.TableInterface, iface).Named(interfaceName),
		ovsdb.Insert(vswitch.TablePort, row).Named(portName),
	}
	return append(append(ops, c.QoS.insert(m.owner, c.Name)...), vswitch.AddPorts(at.bridge, portName)), nil
}

// addRows makes the rows of ports in one transaction and waits for their
// OpenFlow port numbers. No row is left behind when it fails.
func (m *Manager) addRows(ctx context.Context, places ...placement) (*addedRows, error) {
	var names []string
	for _, at := range places {
		names = append(names, at.config.Name)
	}
	defer m.departed.want(names)()
	for {
		count, err := m.letForget(ctx, names...)
		if err != nil {
			return nil, err
		}
		added, err := m.insertRows(ctx, places)
		if err != nil || !m.departed.again(names, count, added.uuids()) {
			return added, err
		}
		// Somebody has removed a port of this name at this moment, and ovs-vswitchd may
		// have seen both at once.
		if err := m.undoRows(ctx, added); err != nil {
			return nil, err
		}
	}
}

// insertRows is addRows once ovs-vswitchd has no ports of these names.
func (m *Manager) insertRows(ctx context.Context, places []placement) (*addedRows, error) {
	var ops []ovsdb.Operation
	var ends []int
	for i, at := range places {
		more, err := m.insertOps(at, i)
		if err != nil {
			return nil, err
		}
		ops = append(ops, more...)
		ends = append(ends, len(ops))
	}
	if err := m.step("insert the rows"); err != nil {
		return nil, err
	}
	results, err := m.db.Apply(ctx, ops...)
	switch {
	case errors.As(err, new(*ovsdb.OutcomeUnknownError)):
		return nil, errors.Join(err, undo(ctx, func(ctx context.Context) error { return m.removeUnseen(ctx, places) }))
	case errors.Is(err, ovsdb.ErrConstraintViolation):
		return nil, m.explainRefusal(ctx, places, err)
	case results == nil:
		return nil, err
	}
	added := &addedRows{places: places}
	var ifaces []string
	start := 0
	for i, end := range ends {
		ifaces = append(ifaces, results[start].UUID)
		added.ports = append(added.ports, results[start+1].UUID)
		if err == nil && results[end-1].Count == 0 { // removed at this moment
			err = fmt.Errorf("bridge %q: %w", places[i].config.Bridge, ErrNotFound)
		}
		start = end
	}
	if err == nil {
		err = m.step("wait for the switch")
	}
	for i := 0; i < len(ifaces) && err == nil; i++ {
		var iface *vswitch.Interface
		iface, err = waitMade(ctx, m.db, places[i].config.Name, ifaces[i])
		added.ifaces = append(added.ifaces, iface)
	}
	if err != nil {
		return nil, errors.Join(err, m.undoRows(ctx, added))
	}
	return added, nil
}

// undo runs what takes a change back, even if ctx has ended.
func undo(ctx context.Context, takeBack func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoPatience)
	defer cancel()
	if err := takeBack(ctx); err != nil {
		return &undoError{err}
	}
	return nil
}

// An undoError is the failure to take back a change.
type undoError struct{ err error }

func (e *undoError) Error() string { return "undo: " + e.err.Error() }

func (e *undoError) Unwrap() error { return e.err }

// undoFailure is the part of an error that is an undoError; nil if there is none.
func undoFailure(err error) error {
	var failed *undoError
	if errors.As(err, &failed) {
		return failed
	}
	return nil
}

// finish takes the mark of what is not finished from an interface, and that of what
// was to be taken away.
func (m *Manager) finish(ctx context.Context, uuid string) error {
	if err := m.step("mark as finished"); err != nil {
		return err
	}
	results, _, err := m.marks.Transact(ctx, ovsdb.Mutate(vswitch.TableInterface, []ovsdb.Mutation{
		ovsdb.Change("external_ids", ovsdb.DeleteFrom, []string{mark.Attaching, mark.Leaving})}, ovsdb.ByUUID(uuid)))
	if err == nil && results[0].Count == 0 {
		err = errRemoved
	}
	return err
}

// sameMarks reports whether external_ids are those of the same port, finished or
// not.
func sameMarks(is, wanted map[string]string) bool {
	is = maps.Clone(is)
	delete(is, mark.Attaching)
	return maps.Equal(is, wanted)
}

// waitMade waits until ovs-vswitchd has made the interface of a row that it has
// been told of. A row that is not there any more is not waited for.
func waitMade(ctx context.Context, db *vswitch.DB, name, uuid string) (*vswitch.Interface, error) {
	var made *vswitch.Interface
	err := db.Wait(ctx, func() (bool, error) {
		row, ok := db.InterfaceByUUID(uuid)
		if !ok {
			return false, errRemoved
		}
		made = row
		return isMade(row)
	})
	var failed *vswitch.InterfaceError
	if errors.As(err, &failed) && lacksPeer(made) {
		return waitPeer(ctx, db, made, failed)
	}
	if err != nil && !errors.Is(err, errRemoved) && !errors.As(err, &failed) {
		err = fmt.Errorf("interface %q: ovs-vswitchd has not made it: %w", name, err)
	}
	return made, err
}

// isMade reports whether ovs-vswitchd has made an interface. It fails with an
// InterfaceError when it could not.
func isMade(row *vswitch.Interface) (bool, error) {
	switch {
	case row.Error != nil:
		return false, &vswitch.InterfaceError{Name: row.Name, Text: *row.Error}
	case row.OFPort == nil:
		return false, nil
	case *row.OFPort < 0:
		return false, &vswitch.InterfaceError{Name: row.Name}
	}
	return true, nil
}

// explainRefusal says why the server refused ports that violate a constraint:
// most often somebody else has taken a name at the same moment.
func (m *Manager) explainRefusal(ctx context.Context, places []placement, refusal error) error {
	// The server answers in order: afterwards the copy of the database shows
	// what made it refuse.
	if err := m.db.Client().Echo(ctx); err != nil {
		return errors.Join(refusal, err)
	}
	for _, at := range places {
		if err := m.nameIsFree(at.config.Name); err != nil {
			return err
		}
	}
	return refusal
}

func (m *Manager) nameIsFree(name string) error {
	if _, ok := m.db.Bridge(name); ok {
		return fmt.Errorf("bridge of that name: %w", ErrExists)
	}
	if br, ok := m.db.PortBridge(name); ok {
		return fmt.Errorf("port %q on bridge %q: %w", name, br.Name, ErrExists)
	}
	if _, ok := m.db.Interface(name); ok {
		return fmt.Errorf("interface %q in the database: %w", name, ErrExists)
	}
	return nil
}

// removeUnseen removes ports if the transaction that was to make them, whose
// answer was not waited for, has made them.
func (m *Manager) removeUnseen(ctx context.Context, places []placement) error {
	// The server answers in order: afterwards the copy of the database shows
	// what the transaction did.
	if err := m.db.Client().Echo(ctx); err != nil {
		return err
	}
	var ops []ovsdb.Operation
	for _, at := range places {
		ids, err := m.externalIDs(at.config)
		if err != nil {
			return err
		}
		row, isPort := m.db.Port(at.config.Name)
		iface, isInterface := m.db.Interface(at.config.Name)
		// Otherwise it is somebody else's port, for which ours was refused.
		if isPort && isInterface && sameMarks(iface.ExternalIDs, ids) {
			ops = append(ops, m.removeOps(at.bridge, row.UUID, at.config.Name, at.config.QoS != nil)...)
		}
	}
	if len(ops) == 0 {
		return nil
	}
	return m.commit(ctx, ops)
}
