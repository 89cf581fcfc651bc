// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// Garbage is something of the manager's owner that is of no use any longer.
type Garbage struct {
	// What it is: "port", "device", "QoS", "queue" or "mirror".
	What string `json:"what"`
	// Name is its name; for rows without one, their UUID.
	Name string `json:"name"`
	// Reason is why it is of no use.
	Reason string `json:"reason"`
	// Since is when it was first seen to be of no use; zero if that was now.
	Since time.Time `json:"since,omitzero"`
	// Removed says that it is removed, or would be if it were not for DryRun.
	Removed bool `json:"removed"`
}

// CollectOptions are the options of [Manager.Collect].
type CollectOptions struct {
	// DryRun changes nothing: what is found is neither marked nor removed.
	DryRun bool
	// Grace is how long ago something must have been seen first to be removed.
	Grace time.Duration
}

// Collect finds what is left of ports that are no more: ports whose device or
// namespace is gone or that ovs-vswitchd cannot open, ports whose maker was killed
// during Attach, devices that were made for a
// port that is in no database, rows of QoS, queues and mirrors that belong to
// nothing. It marks what it finds for the first time and removes what was marked
// by an earlier Collect and is still of no use; the mark of what has come to life
// again is taken away. What belongs to other owners or to nobody is left alone.
//
// It returns what it found, and goes on where something cannot be looked at or
// removed; the error then says what. It does nothing and fails with [ErrElsewhere] where
// the devices of the switch's bridges are not.
func (m *Manager) Collect(ctx context.Context, o CollectOptions) ([]Garbage, error) {
	c := &collection{Manager: m, CollectOptions: o, now: time.Now().UTC().Truncate(time.Second)}
	if err := m.expectSwitchHere(); err != nil {
		return nil, fmt.Errorf("collect garbage: %w", err)
	}
	var errs []error
	for _, part := range []func(context.Context) error{c.ports, c.devices, c.rows, c.mirrors} {
		errs = append(errs, part(ctx))
	}
	if err := errors.Join(errs...); err != nil {
		return c.found, fmt.Errorf("collect garbage: %w", err)
	}
	return c.found, nil
}

// A collection is a Collect on its way.
type collection struct {
	*Manager
	CollectOptions
	now   time.Time
	found []Garbage
}

// seen notes garbage with the mark that it bears, and says what is to be done with
// it.
func (c *collection) seen(what, name, reason, marked string) (mark, remove bool) {
	g := Garbage{What: what, Name: name, Reason: reason}
	since, err := time.Parse(time.RFC3339, marked)
	if err == nil {
		g.Since = since
		g.Removed = c.now.Sub(since) >= c.Grace
	}
	c.found = append(c.found, g)
	if c.DryRun {
		return false, false
	}
	return err != nil, g.Removed
}

// ports collects ports that lead nowhere.
func (c *collection) ports(ctx context.Context) error {
	ports, err := c.List()
	errs := []error{err}
	for _, p := range ports {
		iface, ok := c.ours(p.Name)
		if !ok {
			continue // detached meanwhile
		}
		marked := iface.ExternalIDs[mark.Dead]
		reason, err := c.deadPort(p, iface)
		if err != nil {
			errs = append(errs, fmt.Errorf("port %q: %w", p.Name, err))
			continue
		}
		switch {
		case reason == "" && marked != "" && !c.DryRun:
			errs = append(errs, c.mark(ctx, vswitch.TableInterface, iface.UUID, ""))
		case reason != "":
			first, remove := c.seen("port", p.Name, reason, marked)
			if first {
				errs = append(errs, c.mark(ctx, vswitch.TableInterface, iface.UUID, c.stamp()))
			}
			if remove {
				errs = append(errs, c.removed(c.detachDead(ctx, p.Name)))
			}
		}
	}
	return errors.Join(errs...)
}

// detachDead detaches a port that is of no use. One that somebody else has detached
// meanwhile is gone as well, and a device that has taken the place of its own stays.
func (c *collection) detachDead(ctx context.Context, name string) error {
	err := c.Detach(ctx, name)
	if errors.Is(err, ErrNotFound) || errors.Is(err, errForeignDevice) {
		return nil
	}
	return err
}

// removed takes back that what was seen last is removed, if that has failed.
func (c *collection) removed(err error) error {
	if err != nil {
		c.found[len(c.found)-1].Removed = false
	}
	return err
}

// deadPort is why a port is of no use; empty if it is.
func (c *collection) deadPort(p *Port, iface *vswitch.Interface) (reason string, err error) {
	if errors.Is(p.Err, vswitch.ErrNotApplied) {
		return "", nil // ovs-vswitchd may just be starting
	}
	switch p.Kind {
	case Veth:
		id, err := identify(c.db, c.owner, p.Name)
		if err != nil {
			return "", err
		}
		switch _, err := id.find(c.source, p.Name); {
		case errors.Is(err, errNoDevice) && p.HandOver:
			return "its interface is gone", nil
		case errors.Is(err, errNoDevice):
			return fmt.Sprintf("its interface in network namespace %q is gone", p.Netns), nil
		case errors.Is(err, errForeignDevice):
			return "its device is another one's", nil
		case err != nil:
			return "", err
		}
	case Internal:
		switch there, err := c.internalIsThere(p); {
		case err != nil:
			return "", err
		case !there:
			return fmt.Sprintf("its interface in network namespace %q is gone", p.Netns), nil
		}
	}
	switch {
	case p.Err != nil:
		return p.Err.Error(), nil
	case iface.ExternalIDs[mark.Attaching] != "":
		return c.brokenOff(p.Name)
	}
	if gone, err := c.isDeviceGone(p, iface); err != nil || gone {
		return "its device is gone", err
	}
	return "", nil
}

// brokenOff is the reason why a port is of no use that is not finished: nobody is
// attaching it any longer.
func (c *collection) brokenOff(name string) (reason string, err error) {
	id, err := identify(c.db, c.owner, name)
	if err != nil {
		return "", err
	}
	unlock, err := c.source.Lock(id.lock)
	if errors.Is(err, netns.ErrLocked) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	unlock()
	return "it was not finished", nil
}

// internalIsThere reports whether the device of an internal port is in its namespace
// or still in the switch's.
func (c *collection) internalIsThere(p *Port) (bool, error) {
	if p.Netns == "" {
		return true, nil
	}
	if there, err := hasDevice(c.source, p.Name); there || err != nil {
		return there, err
	}
	target, err := c.targets.Open(p.Netns)
	if errors.Is(err, netns.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer target.Close()
	return hasDevice(target, p.Ifname)
}

// stamp is the mark of what was seen now for the first time.
func (c *collection) stamp() string { return c.now.Format(time.RFC3339) }

// mark sets the mark of a row, or takes it away.
func (c *collection) mark(ctx context.Context, table, uuid, stamp string) error {
	muts := []ovsdb.Mutation{ovsdb.Change("external_ids", ovsdb.DeleteFrom, []string{mark.Dead})}
	if stamp != "" {
		muts = append(muts, ovsdb.Change("external_ids", ovsdb.InsertInto, map[string]string{mark.Dead: stamp}))
	}
	_, err := c.db.Client().Transact(ctx, ovsdb.Mutate(table, muts, ovsdb.ByUUID(uuid)))
	return err
}

// rows collects QoS and queues of ports that are not there or have others.
func (c *collection) rows(ctx context.Context) error {
	ours := ovsdb.Where("external_ids", ovsdb.Includes, map[string]string{mark.Owner: c.owner})
	results, err := c.db.Client().Transact(ctx,
		ovsdb.Select(vswitch.TableQoS, []string{"_uuid", "external_ids", "queues"}, ours),
		ovsdb.Select(vswitch.TableQueue, []string{"_uuid", "external_ids"}, ours),
		ovsdb.Select(vswitch.TablePort, []string{"qos"}))
	if err != nil {
		return err
	}
	all, err := ovsdb.RowsAs[vswitch.QoS](results[0].Rows)
	if err != nil {
		return err
	}
	queues, err := ovsdb.RowsAs[vswitch.Queue](results[1].Rows)
	if err != nil {
		return err
	}
	ports, err := ovsdb.RowsAs[vswitch.Port](results[2].Rows)
	if err != nil {
		return err
	}
	used := make(map[string]bool)
	for _, p := range ports {
		if p.QoS != nil {
			used[*p.QoS] = true
		}
	}
	var errs []error
	for _, q := range all {
		if used[q.UUID] {
			for _, queue := range q.Queues {
				used[queue] = true
			}
		}
		errs = append(errs, c.row(ctx, "QoS", vswitch.TableQoS, q.UUID, q.ExternalIDs, used[q.UUID]))
	}
	for _, q := range queues {
		errs = append(errs, c.row(ctx, "queue", vswitch.TableQueue, q.UUID, q.ExternalIDs, used[q.UUID]))
	}
	return errors.Join(errs...)
}

// row collects a row that is in nobody's use.
func (c *collection) row(ctx context.Context, what, table, uuid string, ids map[string]string, used bool) error {
	marked := ids[mark.Dead]
	if used {
		if marked != "" && !c.DryRun {
			return c.mark(ctx, table, uuid, "")
		}
		return nil
	}
	first, remove := c.seen(what, uuid, fmt.Sprintf("port %q does not use it", ids[mark.Port]), marked)
	if first {
		return c.mark(ctx, table, uuid, c.stamp())
	}
	if remove {
		_, err := c.db.Client().Transact(ctx, ovsdb.Delete(table, ovsdb.ByUUID(uuid)))
		return c.removed(err)
	}
	return nil
}

// mirrors collects mirrors whose copies go nowhere since the port is gone.
func (c *collection) mirrors(ctx context.Context) error {
	results, err := c.db.Client().Transact(ctx, ovsdb.Select(vswitch.TableMirror,
		[]string{"_uuid", "name", "external_ids", "output_port", "output_vlan"},
		ovsdb.Where("external_ids", ovsdb.Includes, map[string]string{mark.Owner: c.owner})))
	if err != nil {
		return err
	}
	mirrors, err := ovsdb.RowsAs[vswitch.Mirror](results[0].Rows)
	if err != nil {
		return err
	}
	var errs []error
	for _, mirror := range mirrors {
		marked := mirror.ExternalIDs[mark.Dead]
		if mirror.OutputPort != nil || mirror.OutputVLAN != nil {
			if marked != "" && !c.DryRun {
				errs = append(errs, c.mark(ctx, vswitch.TableMirror, mirror.UUID, ""))
			}
			continue
		}
		first, remove := c.seen("mirror", mirror.Name, "the port that it copies to is gone", marked)
		if first {
			errs = append(errs, c.mark(ctx, vswitch.TableMirror, mirror.UUID, c.stamp()))
		}
		if remove {
			_, err := c.db.Commit(ctx, ovsdb.Mutate(vswitch.TableBridge,
				[]ovsdb.Mutation{ovsdb.Change("mirrors", ovsdb.DeleteFrom, []string{mirror.UUID})}))
			errs = append(errs, c.removed(err))
		}
	}
	return errors.Join(errs...)
}
