// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/ovskit/ovskit/internal/linkconf"
	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// update brings a port that the owner has already to a config.
func (m *Manager) update(ctx context.Context, p *plan, iface *vswitch.Interface) (*Port, error) {
	row, ok := m.db.Port(p.Name)
	br, isPlaced := m.db.PortBridge(p.Name)
	if !ok || !isPlaced {
		return nil, errRemoved
	}
	before, err := recorded(br, row, iface)
	if err != nil {
		return nil, err
	}
	if p.MAC == nil {
		p.MAC = before.MAC
	}
	if err := before.fixed(p.Config); err != nil {
		return nil, err
	}
	if err := m.expectInterface(p, iface); errors.Is(err, errNoDevice) {
		return m.replace(ctx, p, br, row, iface)
	} else if err != nil {
		return nil, err
	}
	ch := &change{before: &before}
	if p.Kind == Patch {
		if ch.do, ch.reverse, err = m.changeOtherHalf(ctx, p); err != nil {
			return nil, err
		}
	}
	if _, err := isMade(iface); err != nil {
		// What was in its way may have gone: ovs-vswitchd tries again when told to.
		if _, err := m.db.Apply(ctx); err != nil {
			return nil, err
		}
		m.awaitRecovery(ctx, iface.UUID)
	}
	if iface, err = waitMade(ctx, m.db, p.Name, iface.UUID); err != nil {
		return nil, err
	}
	if ch.leaving, err = leavingOf(p.Config, &before, iface); err != nil {
		return nil, err
	}
	deaf, err := m.isDeaf(ctx, br, p.Config)
	if err != nil {
		return nil, err
	}
	if deaf {
		if row, iface, err = m.reopen(ctx, br, row, before, iface); err != nil {
			return nil, err
		}
	}
	do, reverse, err := m.changeOps(p.Config, &before, row, iface, ch.leaving)
	if err != nil {
		return nil, err
	}
	ch.do, ch.reverse = append(ch.do, do...), append(ch.reverse, reverse...)
	if iface, err = m.carryOut(ctx, p, iface, ch); err != nil {
		return nil, errors.Join(err, undo(ctx, func(ctx context.Context) error { return m.takeBack(ctx, p, ch) }))
	}
	return m.made(p.Config, iface), nil
}

// recoveryPatience is how long ovs-vswitchd may take to withdraw an error. It does not
// do so with the reconfiguration that mends an interface but when it next looks.
const recoveryPatience = time.Second

// awaitRecovery waits a while for an interface to be made that was in error. What has
// come of it the row tells.
func (m *Manager) awaitRecovery(ctx context.Context, uuid string) {
	ctx, cancel := context.WithTimeout(ctx, recoveryPatience)
	defer cancel()
	_ = m.db.Wait(ctx, func() (bool, error) {
		row, ok := m.db.InterfaceByUUID(uuid)
		if !ok {
			return true, nil
		}
		made, err := isMade(row)
		return made && err == nil, nil
	})
}

// A change is what brings a port to another config.
type change struct {
	before *Config
	// do changes the rows and reverse takes that back.
	do, reverse []ovsdb.Operation
	// leaving is what is taken from the interface in the namespace.
	leaving linkconf.Config
	// rows and link say that the rows and the interface may have been changed.
	rows, link bool
}

// carryOut makes a change: first in the rows, which then tell what is to be done.
func (m *Manager) carryOut(ctx context.Context, p *plan, iface *vswitch.Interface, ch *change) (*vswitch.Interface, error) {
	if len(ch.do) > 0 {
		if err := m.step("change the rows"); err != nil {
			return nil, err
		}
		ch.rows = true
		if _, err := m.db.Apply(ctx, ch.do...); err != nil {
			return nil, err
		}
	}
	if p.hasInterface() {
		ch.link = true
		if err := m.reconfigure(ctx, p, ch.leaving); err != nil {
			return nil, err
		}
	}
	if !isZero(ch.leaving) || iface.ExternalIDs[mark.Attaching] != "" {
		if err := m.finish(ctx, iface.UUID); err != nil {
			return nil, err
		}
	}
	iface, err := waitMade(ctx, m.db, p.Name, iface.UUID)
	if err == nil && p.Kind == Device && sharedWithKernel(p.bridge, iface) {
		err = m.silence(ctx, iface)
	}
	return iface, err
}

// takeBack undoes what was made of a change.
func (m *Manager) takeBack(ctx context.Context, p *plan, ch *change) error {
	var errs []error
	if ch.link {
		errs = append(errs, m.putBack(ctx, p, ch.before))
	}
	if ch.rows {
		errs = append(errs, m.commit(ctx, ch.reverse))
	}
	return errors.Join(errs...)
}

// fixed reports what of a port cannot be changed while it is in use.
func (c *Config) fixed(wanted *Config) error {
	patch := func(c *Config) string {
		if c.Patch == nil {
			return ""
		}
		return c.Patch.Bridge + "/" + c.Patch.Name
	}
	for _, f := range []struct{ what, is, wanted string }{
		{"bridge", c.Bridge, wanted.Bridge},
		{"kind", c.Kind.String(), wanted.Kind.String()},
		{"interface type", c.interfaceType(), wanted.interfaceType()},
		{"network namespace", c.Netns, wanted.Netns},
		{"interface name", c.Ifname, wanted.Ifname},
		{"other half", patch(c), patch(wanted)},
	} {
		if f.is != f.wanted {
			return fmt.Errorf("port %q with %s %q, not %q: %w", c.Name, f.what, f.is, f.wanted, ErrExists)
		}
	}
	return nil
}

// changeOps makes the operations that bring the rows of a port to a config, and
// those that take that back.
func (m *Manager) changeOps(
	c, before *Config, row *vswitch.Port, iface *vswitch.Interface, leaving linkconf.Config,
) (do, undo []ovsdb.Operation, err error) {
	wantedRow, wantedIface, err := m.rows(c)
	if err != nil {
		return nil, nil, err
	}
	dropped := droppedKeys(c, before)
	if isZero(leaving) {
		dropped = append(dropped, mark.Leaving)
	} else if wantedIface.ExternalIDs[mark.Leaving], err = encodeLeaving(leaving); err != nil {
		return nil, nil, err
	}
	set := func(table, uuid string, now, old ovsdb.Row) {
		if len(now) > 0 {
			do = append(do, ovsdb.Update(table, now, ovsdb.ByUUID(uuid)))
			undo = append(undo, ovsdb.Update(table, old, ovsdb.ByUUID(uuid)))
		}
	}
	now, old := differing(interfaceColumns(wantedIface, iface))
	set(vswitch.TableInterface, iface.UUID, now, old)
	now, old = differing(portColumns(wantedRow, row))
	if !reflect.DeepEqual(c.QoS, before.QoS) {
		now, old = nonNil(now), nonNil(old)
		do = append(do, m.replaceQoS(c, now)...)
		undo = append(undo, m.replaceQoS(before, old)...)
	}
	set(vswitch.TablePort, row.UUID, now, old)
	ids, oldIDs := setKeys(wantedIface.ExternalIDs, iface.ExternalIDs, dropped)
	if ids != nil {
		do = append(do, ovsdb.Mutate(vswitch.TableInterface, ids, ovsdb.ByUUID(iface.UUID)))
		undo = append(undo, ovsdb.Mutate(vswitch.TableInterface, oldIDs, ovsdb.ByUUID(iface.UUID)))
	}
	return do, undo, nil
}

// interfaceColumns has what a manager sets of an Interface besides external_ids: how
// it is wanted and how it is.
func interfaceColumns(wanted, is *vswitch.Interface) map[string][2]any {
	return map[string][2]any{
		"type":                         {wanted.Type, is.Type},
		"options":                      {wanted.Options, is.Options},
		"ofport_request":               {wanted.OFPortRequest, is.OFPortRequest},
		"mtu_request":                  {wanted.MTURequest, is.MTURequest},
		"mac":                          {wanted.MAC, is.MAC},
		"ingress_policing_rate":        {wanted.IngressPolicingRate, is.IngressPolicingRate},
		"ingress_policing_burst":       {wanted.IngressPolicingBurst, is.IngressPolicingBurst},
		"ingress_policing_kpkts_rate":  {wanted.IngressPolicingKPktsRate, is.IngressPolicingKPktsRate},
		"ingress_policing_kpkts_burst": {wanted.IngressPolicingKPktsBurst, is.IngressPolicingKPktsBurst},
	}
}

// portColumns is the same of a Port, besides qos.
func portColumns(wanted, is *vswitch.Port) map[string][2]any {
	return map[string][2]any{
		"vlan_mode": {wanted.VLANMode, is.VLANMode},
		"tag":       {wanted.Tag, is.Tag},
		"trunks":    {wanted.Trunks, is.Trunks},
		"cvlans":    {wanted.CVLANs, is.CVLANs},
	}
}

// replaceQoS makes the rows of a config's QoS in place of those that are there, and
// has the port's row refer to them.
func (m *Manager) replaceQoS(c *Config, row ovsdb.Row) []ovsdb.Operation {
	row["qos"] = (*string)(nil)
	if c.QoS != nil {
		row["qos"] = qosRow
	}
	return append(removeQoS(m.owner, c.Name), c.QoS.insert(m.owner, c.Name)...)
}

func nonNil(row ovsdb.Row) ovsdb.Row {
	if row == nil {
		return ovsdb.Row{}
	}
	return row
}

// differing picks the columns whose first value, the wanted one, is not the
// second.
func differing(columns map[string][2]any) (now, old ovsdb.Row) {
	for name, v := range columns {
		if isEmpty(v[0]) && isEmpty(v[1]) || reflect.DeepEqual(v[0], v[1]) {
			continue
		}
		if now == nil {
			now, old = ovsdb.Row{}, ovsdb.Row{}
		}
		now[name], old[name] = v[0], v[1]
	}
	return now, old
}

// isEmpty reports whether a column's value is an empty set or map.
func isEmpty(value any) bool {
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Map, reflect.Slice:
		return v.Len() == 0
	case reflect.Pointer:
		return v.IsNil()
	}
	return false
}

// droppedKeys are the external_ids that the config before had and this one has
// not.
func droppedKeys(c, before *Config) (keys []string) {
	for k := range before.ExternalIDs {
		if _, ok := c.ExternalIDs[k]; !ok {
			keys = append(keys, k)
		}
	}
	if c.ContainerID == "" && before.ContainerID != "" {
		keys = append(keys, mark.ContainerID, mark.ContainerIface)
	}
	return keys
}

// setKeys makes the mutations that set and remove some keys of external_ids, and
// those that take that back; nil if the keys are as wanted. Other keys are not
// touched, whoever changes them meanwhile.
func setKeys(wanted, there map[string]string, dropped []string) (set, reset []ovsdb.Mutation) {
	now, before := map[string]string{}, map[string]string{}
	var keys []string
	for _, k := range dropped {
		if _, ok := there[k]; ok {
			keys = append(keys, k)
		}
	}
	for k, v := range wanted {
		if old, ok := there[k]; !ok || old != v {
			keys = append(keys, k)
			now[k] = v
		}
	}
	if len(keys) == 0 {
		return nil, nil
	}
	for _, k := range keys {
		if v, ok := there[k]; ok {
			before[k] = v
		}
	}
	// An insertion leaves keys that are there as they are.
	remove := ovsdb.Change("external_ids", ovsdb.DeleteFrom, keys)
	return []ovsdb.Mutation{remove, ovsdb.Change("external_ids", ovsdb.InsertInto, now)},
		[]ovsdb.Mutation{remove, ovsdb.Change("external_ids", ovsdb.InsertInto, before)}
}
