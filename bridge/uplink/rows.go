// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package uplink

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// hwaddrKey is the key of Bridge.other_config with the MAC address of the
// bridge's own port.
const hwaddrKey = "hwaddr"

// kind marks the interface of an uplink.
const kind = "uplink"

// leaveShaping is the type of QoS by which ovs-vswitchd leaves to others how what the
// NIC sends is shaped. Without it takes the NIC's queueing discipline away.
const leaveShaping = "linux-noop"

// errRemoved is the failure of an adoption whose port somebody removes.
var errRemoved = errors.New("the port was removed meanwhile")

// setKey makes the mutations that give a key of a map column its value; nil
// takes it away.
func setKey(column, key string, value *string) []ovsdb.Mutation {
	mutations := []ovsdb.Mutation{ovsdb.Change(column, ovsdb.DeleteFrom, []string{key})}
	if value != nil {
		mutations = append(mutations, ovsdb.Change(column, ovsdb.InsertInto, map[string]string{key: *value}))
	}
	return mutations
}

// journalOp makes the operation that writes the journal.
func (m *mover) journalOp() (ovsdb.Operation, error) {
	text, err := m.j.encode()
	if err != nil {
		return ovsdb.Operation{}, fmt.Errorf("journal: %w", err)
	}
	return ovsdb.Mutate(vswitch.TableOpenVSwitch, setKey("external_ids", mark.Uplink+m.bridge, &text)), nil
}

// journalIsWritten reports whether the journal in the database is the same.
func (m *mover) journalIsWritten() bool {
	root := m.DB.Root()
	text, err := m.j.encode()
	return root != nil && err == nil && root.ExternalIDs[mark.Uplink+m.bridge] == text
}

func (m *mover) writeJournal(ctx context.Context) error {
	op, err := m.journalOp()
	if err != nil {
		return err
	}
	if err := m.Step(ctx, "write the journal: %s", m.j.State); err != nil {
		return err
	}
	results, err := m.DB.Client().Transact(ctx, op)
	if err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	if results[0].Count == 0 {
		return ErrNoBridge // there is nothing at all
	}
	return nil
}

func (m *mover) clearJournal(ctx context.Context) error {
	if err := m.Step(ctx, "remove the journal"); err != nil {
		return err
	}
	_, err := m.DB.Client().Transact(ctx, ovsdb.Mutate(vswitch.TableOpenVSwitch, setKey("external_ids", mark.Uplink+m.bridge, nil)))
	if err != nil {
		return fmt.Errorf("remove the journal: %w", err)
	}
	m.j = nil
	return nil
}

// configureBridge writes the journal and gives the bridge's own port the NIC's
// MAC address and MTU.
func (m *mover) configureBridge(ctx context.Context) error {
	journal, err := m.journalOp()
	if err != nil {
		return err
	}
	if err := m.Step(ctx, "write the journal, configure the bridge"); err != nil {
		return err
	}
	results, err := m.DB.Apply(ctx, journal,
		ovsdb.Mutate(vswitch.TableBridge, setKey("other_config", hwaddrKey, &m.j.MAC), ovsdb.ByUUID(m.uuid)),
		ovsdb.Update(vswitch.TableInterface, ovsdb.Row{"mtu_request": int64(m.j.MTU)}, ovsdb.Where("name", ovsdb.Equal, m.bridge)))
	if err == nil && (results[0].Count == 0 || results[1].Count == 0) {
		err = ErrNoBridge
	}
	return err
}

// qosMarks are on the row by which the NIC's shaping is left alone. The server
// keeps it when the port goes.
func (m *mover) qosMarks() map[string]string {
	return map[string]string{mark.Owner: m.j.Owner, mark.Port: m.j.Device}
}

// nicPort returns the NIC's port of the bridge, if it is there.
func (m *mover) nicPort() (*vswitch.Port, bool) {
	port, ok := m.DB.Port(m.j.Device)
	if !ok {
		return nil, false
	}
	iface, ok := m.DB.Interface(m.j.Device)
	return port, ok && iface.ExternalIDs[mark.Kind] == kind
}

// addPort makes the NIC a port of the bridge, unless it is one, and waits until
// ovs-vswitchd has opened it.
func (m *mover) addPort(ctx context.Context) error {
	if _, ok := m.nicPort(); !ok {
		if err := m.Step(ctx, "add the port"); err != nil {
			return err
		}
		owner := map[string]string{mark.Owner: m.j.Owner}
		ids := map[string]string{mark.Owner: m.j.Owner, mark.Kind: kind}
		if m.j.Netns != "" {
			ids[mark.SwitchNetns] = m.NS.Path()
		}
		results, err := m.DB.Apply(ctx,
			vswitch.AddPorts(m.uuid, "port"),
			ovsdb.Insert(vswitch.TableInterface, &vswitch.Interface{Name: m.j.Device, ExternalIDs: ids}).Named("nic"),
			ovsdb.Insert(vswitch.TablePort, &vswitch.Port{
				Name: m.j.Device, Interfaces: []string{"nic"}, QoS: vswitch.Optional("shaping"), ExternalIDs: owner,
			}).Named("port"),
			ovsdb.Insert(vswitch.TableQoS, &vswitch.QoS{Type: leaveShaping, ExternalIDs: m.qosMarks()}).Named("shaping"))
		if err != nil {
			return err
		}
		if results[0].Count == 0 {
			return ErrNoBridge
		}
	}
	var iface *vswitch.Interface
	err := m.DB.Wait(ctx, func() (ok bool, err error) {
		if iface, ok = m.DB.Interface(m.j.Device); !ok {
			return false, errRemoved
		}
		if iface.Error != nil || iface.OFPort != nil && *iface.OFPort < 0 {
			return false, &vswitch.InterfaceError{Name: iface.Name, Text: *cmp.Or(iface.Error, new(string))}
		}
		return iface.OFPort != nil && iface.IfIndex != nil, nil
	})
	if err != nil {
		return fmt.Errorf("interface %q: %w", m.j.Device, err)
	}
	nic, err := m.findNIC()
	if err != nil {
		return err
	}
	if nic == nil || nic.Attrs().Index != int(*iface.IfIndex) {
		return fmt.Errorf("the device that the switch has opened is not %q in network namespace %q", m.j.Device, m.NS.Path())
	}
	return nil
}

// removeRows takes the NIC out of the bridge and gives the bridge its
// configuration back, where that is still as the adoption has made it. If the
// datapath is in the kernel, ovs-vswitchd must have let go of the NIC.
func (m *mover) removeRows(ctx context.Context) error {
	if err := m.Step(ctx, "remove the port, configure the bridge as before"); err != nil {
		return err
	}
	// The server answers in order: the copy of the database then shows what a
	// transaction did whose answer was not waited for.
	if err := m.DB.Client().Echo(ctx); err != nil {
		return fmt.Errorf("remove the port: %w", err)
	}
	var ops, last []ovsdb.Operation
	if br, ok := m.DB.BridgeByUUID(m.uuid); ok && br.OtherConfig[hwaddrKey] == m.j.MAC {
		ops = append(ops, ovsdb.Mutate(vswitch.TableBridge, setKey("other_config", hwaddrKey, m.j.Hwaddr), ovsdb.ByUUID(m.uuid)))
	}
	if own, ok := m.DB.Interface(m.bridge); ok && m.isOurMTU(own.MTURequest) {
		request := func(mtu *int64) ovsdb.Operation {
			return ovsdb.Update(vswitch.TableInterface, ovsdb.Row{"mtu_request": mtu}, ovsdb.ByUUID(own.UUID))
		}
		if m.j.MTURequest == nil && m.j.OwnMTU != 0 {
			// Without a request ovs-vswitchd leaves the MTU as it was requested.
			ops = append(ops, request(vswitch.Optional(int64(m.j.OwnMTU))))
		}
		last = append(last, request(m.j.MTURequest))
	}
	port, hasPort := m.nicPort()
	if hasPort {
		ops = append(ops, ovsdb.Update(vswitch.TablePort, ovsdb.Row{"qos": (*string)(nil)}, ovsdb.ByUUID(port.UUID)),
			vswitch.RemovePorts(m.uuid, port.UUID))
	}
	ops = append(ops, ovsdb.Delete(vswitch.TableQoS, ovsdb.Where("external_ids", ovsdb.Includes, m.qosMarks())))
	// If the datapath is in user space the machine is connected again without
	// ovs-vswitchd. One that answers is waited for: it is to forward what it has
	// before the port goes, and it changes the MAC address of its own port by
	// setting it down and then as it was, whoever changes that meanwhile.
	optional := m.userspace || !hasPort
	for _, do := range [][]ovsdb.Operation{nil, ops, last} {
		err := m.settled(ctx, do...)
		if errors.Is(err, vswitch.ErrNotApplied) && ctx.Err() == nil && optional {
			_, err := m.DB.Commit(ctx, append(ops, last...)...)
			return err
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// isOurMTU reports whether the MTU of the bridge's own port is requested as the
// adoption, or its end, has done.
func (m *mover) isOurMTU(request *int64) bool {
	return request != nil && (*request == int64(m.j.MTU) || m.j.MTURequest == nil && *request == int64(m.j.OwnMTU))
}

// settled is Apply with a bounded patience for ovs-vswitchd.
func (m *mover) settled(ctx context.Context, ops ...ovsdb.Operation) error {
	ctx, cancel := context.WithTimeout(ctx, settlePatience)
	defer cancel()
	_, err := m.DB.Apply(ctx, ops...)
	return err
}
