// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// ovsdbComparisons need an ovsdb-server alone: no switch takes notice.
var ovsdbComparisons = []comparison{
	transactRaw, loadRaw, loadLibovsdb, addPortRaw, addPortMonitored, addPortLibovsdb, batchSingle, batchConcurrent, watchedEvents,
}

const (
	portsBefore = 10_000 // ports of the bridge at the beginning
	portsAdded  = 100    // in one run, one a transaction
	portsAtOnce = 1000   // in one run, by as many callers
)

// transactRaw makes one small transaction, beside writing the same bytes to a
// socket and reading the answer. The time of a side is the median of many.
var transactRaw = comparison{name: "ovsdb.transact/raw", setup: func(b *testing.B) (ours, peer side) {
	ctx := context.Background()
	endpoint := startDatabase(b, 0)
	op := ovsdb.Mutate(vswitch.TableOpenVSwitch, []ovsdb.Mutation{ovsdb.Change("next_cfg", ovsdb.Add, 1)})
	client := dialDatabase(b, endpoint)
	requests := record(b, endpoint, func(endpoint string) error {
		c, err := ovsdb.Dial(ctx, ovsdb.Options{Endpoint: endpoint})
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = c.Transact(ctx, op)
		return err
	})
	raw, request := newRawSocket(b, endpoint), requests[len(requests)-1]
	return side{clocked: medianOf(200, func() error {
			_, err := client.Transact(ctx, op)
			return err
		})},
		side{clocked: medianOf(200, func() error { return raw.transact(request) })}
}}

// medianOf makes the time of a run the median of many repetitions.
func medianOf(times int, do func() error) func(int) (time.Duration, error) {
	return func(int) (time.Duration, error) {
		took := make([]time.Duration, times)
		for i := range took {
			start := time.Now()
			if err := do(); err != nil {
				return 0, err
			}
			took[i] = time.Since(start)
		}
		return median(took), nil
	}
}

// loadRaw copies the tables Port and Interface with 10,000 rows each, beside
// making the same requests on a socket and decoding the answers with
// encoding/json.
var loadRaw = comparison{name: "ovsdb.load20k/raw", setup: func(b *testing.B) (ours, peer side) {
	endpoint := startDatabase(b, portsBefore)
	requests := record(b, endpoint, load)
	return loadSide(b, endpoint), side{run: func(int) error {
		raw, err := dialRaw(endpoint)
		if err != nil {
			return err
		}
		defer raw.conn.Close()
		for _, r := range requests {
			answer, err := raw.exchange(r)
			if err != nil {
				return err
			}
			var tree any
			if err := json.Unmarshal(answer, &tree); err != nil {
				return err
			}
		}
		return nil
	}}
}}

// loadSide loads and reports how much memory that allocates in all.
func loadSide(b *testing.B, endpoint string) side {
	return side{clocked: func(int) (time.Duration, error) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		err := load(endpoint)
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		b.ReportMetric(mebibytes(after.TotalAlloc-before.TotalAlloc), "ovskit-MiB")
		return took, err
	}}
}

// load opens a database, copies the tables Port and Interface and closes it.
func load(endpoint string) error {
	ctx := context.Background()
	c, err := ovsdb.Dial(ctx, ovsdb.Options{Endpoint: endpoint})
	if err != nil {
		return err
	}
	defer c.Close()
	ports := ovsdb.NewTable[vswitch.Port](vswitch.TablePort, ovsdb.TableOptions{})
	interfaces := ovsdb.NewTable[vswitch.Interface](vswitch.TableInterface, ovsdb.TableOptions{})
	ovsdb.NewIndex(ports, func(p *vswitch.Port) string { return p.Name })
	ovsdb.NewIndex(interfaces, func(i *vswitch.Interface) string { return i.Name })
	if _, err := c.Monitor(ctx, ovsdb.MonitorOptions{Tables: []ovsdb.Monitored{ports, interfaces}}); err != nil {
		return err
	}
	if ports.Len() < portsBefore || interfaces.Len() < portsBefore {
		return fmt.Errorf("got %d ports and %d interfaces, want %d of each", ports.Len(), interfaces.Len(), portsBefore)
	}
	return nil
}

// addPortRaw adds ports to a bridge of 10,000, one a transaction, while the
// whole of it is monitored, beside the same transactions on a socket without a
// monitor. Each side has a server of its own.
var addPortRaw = comparison{name: "ovsdb.addport10k/raw", setup: func(b *testing.B) (ours, peer side) {
	return addPortSide(b), addPortRawSide(b, startDatabase(b, portsBefore), false)
}}

// addPortMonitored is addPortRaw beside a socket that has the same monitor and
// does not look at what that sends: the difference between the two ratios is
// what a monitor costs the server, the rest is what a client makes of it.
var addPortMonitored = comparison{name: "ovsdb.addport10k/rawmonitored", setup: func(b *testing.B) (ours, peer side) {
	return addPortSide(b), addPortRawSide(b, startDatabase(b, portsBefore), true)
}}

// addPortRawSide repeats what addPorts sends to a server.
func addPortRawSide(b *testing.B, endpoint string, monitored bool) side {
	raw, clean := newRawSocket(b, endpoint), dialDatabase(b, endpoint)
	bridge := findBridge(b, clean)
	requests := record(b, endpoint, func(endpoint string) error {
		db, err := vswitch.Dial(context.Background(), ovsdb.Options{Endpoint: endpoint})
		if err != nil {
			return err
		}
		defer db.Close()
		return addPorts(db.Client(), bridge)
	})
	first := len(requests) - portsAdded
	if monitored {
		for _, r := range requests[:first] {
			if _, err := raw.exchange(r); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := removeAdded(clean, bridge); err != nil {
		b.Fatal(err)
	}
	return side{
		run: func(int) error {
			for _, r := range requests[first:] {
				if err := raw.transact(r); err != nil {
					return err
				}
			}
			return nil
		},
		undo: func(int) error { return removeAdded(clean, bridge) },
	}
}

// addPortSide adds ports with the whole switch copied.
func addPortSide(b *testing.B) side {
	db := openSwitch(b, startDatabase(b, portsBefore))
	br, _ := db.Bridge("br0")
	return side{
		run: func(int) error {
			if err := addPorts(db.Client(), br.UUID); err != nil {
				return err
			}
			if _, ok := db.Port(addedName(portsAdded - 1)); !ok {
				return fmt.Errorf("the last port is not in the copy")
			}
			return nil
		},
		undo: func(int) error { return removeAdded(db.Client(), br.UUID) },
	}
}

// batchSingle adds 1,000 ports to a bridge of 10,000, each by a caller of its
// own and all at the same time, through a batcher, beside adding them one a
// transaction, as in addPortRaw. Both sides have the whole switch copied.
var batchSingle = comparison{name: "ovsdb.batch1000/single", setup: func(b *testing.B) (ours, peer side) {
	return batchSide(b), manySide(b, func(db *vswitch.DB, bridge string) error {
		for i := range portsAtOnce {
			if err := transactBump(db, addPort(bridge, addedName(i))); err != nil {
				return err
			}
		}
		return nil
	})
}}

// batchConcurrent is batchSingle beside as many callers that each make a
// transaction of their own at the same time.
var batchConcurrent = comparison{name: "ovsdb.batch1000/concurrent", setup: func(b *testing.B) (ours, peer side) {
	return batchSide(b), manySide(b, func(db *vswitch.DB, bridge string) error {
		return concurrently(func(i int) error { return transactBump(db, addPort(bridge, addedName(i))) })
	})
}}

// batchSide uses the batcher that every change of a switch goes through.
func batchSide(b *testing.B) side {
	return manySide(b, func(db *vswitch.DB, bridge string) error {
		return concurrently(func(i int) error {
			_, err := db.Commit(context.Background(), addPort(bridge, addedName(i))...)
			return err
		})
	})
}

// manySide adds ports in some way, and removes them.
func manySide(b *testing.B, add func(db *vswitch.DB, bridge string) error) side {
	db := openSwitch(b, startDatabase(b, portsBefore))
	br, _ := db.Bridge("br0")
	return side{
		run: func(int) error {
			if err := add(db, br.UUID); err != nil {
				return err
			}
			if n := len(db.Ports()); n != portsBefore+portsAtOnce {
				return fmt.Errorf("got %d ports in the copy, want %d", n, portsBefore+portsAtOnce)
			}
			return nil
		},
		undo: func(int) error { return removeAdded(db.Client(), br.UUID) },
	}
}

// transactBump makes a transaction that also asks ovs-vswitchd to reconfigure
// itself, as a batcher's does.
func transactBump(db *vswitch.DB, ops []ovsdb.Operation) error {
	bump := ovsdb.Mutate(vswitch.TableOpenVSwitch, []ovsdb.Mutation{ovsdb.Change("next_cfg", ovsdb.Add, 1)})
	_, err := db.Client().Transact(context.Background(), append(ops, bump)...)
	return err
}

// concurrently has as many callers as ports are added at once do something.
func concurrently(do func(i int) error) error {
	ended := make(chan error, portsAtOnce)
	for i := range portsAtOnce {
		go func() { ended <- do(i) }()
	}
	var errs []error
	for range portsAtOnce {
		errs = append(errs, <-ended)
	}
	return errors.Join(errs...)
}
