// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/openflow"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// A bridge without flows of its own floods a broadcast. In a test, begin with fakeovs.New(t) and end with
// Injection.Expect(t, fakeovs.Output(2)) instead.
func Example() {
	ovs, err := fakeovs.Start(fakeovs.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer ovs.Close()
	if err := makeBridge(ovs.DatabaseEndpoint(), "br0", "p1", "p2"); err != nil { // the program under test
		log.Fatal(err)
	}
	broadcast := []byte("\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01\x88\xb5 a payload of forty-six bytes at the very least")
	for _, out := range ovs.Bridge("br0").Inject(1, broadcast).Outputs() {
		if out.Port != fakeovs.Local {
			fmt.Println("output to port", out.Port)
		}
	}
	// Output: output to port 2
}

// makeBridge makes a bridge with internal ports, and waits until the switch has it.
func makeBridge(database, name string, ports ...string) error {
	ctx := context.Background()
	db, err := vswitch.Dial(ctx, ovsdb.Options{Endpoint: database})
	if err != nil {
		return err
	}
	defer db.Close()
	row := &vswitch.Bridge{Name: name}
	var ops []ovsdb.Operation
	for _, p := range ports {
		i := "i_" + p
		ops = append(ops,
			ovsdb.Insert(vswitch.TableInterface, &vswitch.Interface{Name: p, Type: "internal"}).Named(i),
			ovsdb.Insert(vswitch.TablePort, &vswitch.Port{Name: p, Interfaces: []string{i}}).Named(p))
		row.Ports = append(row.Ports, p)
	}
	ops = append(ops, ovsdb.Insert(vswitch.TableBridge, row).Named("bridge"), vswitch.AddBridges("bridge"))
	_, err = db.Apply(ctx, ops...)
	return err
}

// The second transaction of the program is refused as if the server had no room.
func ExampleFaults() {
	ovs, err := fakeovs.Start(fakeovs.Options{InMemory: true, Initialize: true})
	if err != nil {
		log.Fatal(err)
	}
	defer ovs.Close()
	ovs.Faults().Add(fakeovs.Fault{
		Method: "transact", Skip: 1, Times: 1, Do: fakeovs.Refuse{Error: "resources exhausted"},
	})
	ctx := context.Background()
	db, err := ovsdb.Dial(ctx, ovsdb.Options{Endpoint: ovs.DatabaseEndpoint(), Dial: ovs.Dial}) // the program under test
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	for range 3 {
		_, err := db.Transact(ctx, ovsdb.Select("Open_vSwitch", []string{"cur_cfg"}))
		fmt.Println(err != nil)
	}
	// Output:
	// false
	// true
	// false
}

// A flow times out within the call that moves the clock.
func ExampleClock() {
	clock := fakeovs.NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	ovs, err := fakeovs.Start(fakeovs.Options{Clock: clock})
	if err != nil {
		log.Fatal(err)
	}
	defer ovs.Close()
	if err := makeBridge(ovs.DatabaseEndpoint(), "br0"); err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	sw, err := openflow.Dial(ctx, ovs.Bridge("br0").Management(), openflow.Options{}) // the program under test
	if err != nil {
		log.Fatal(err)
	}
	defer sw.Close()
	if err := sw.Bundle(ctx, openflow.Add(openflow.Flow{Table: 1, HardTimeout: 60})); err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(ovs.Bridge("br0").Flows()))
	clock.Advance(2 * time.Minute)
	fmt.Println(ovs.Bridge("br0").Flows()[0].Flow)
	// Output:
	// 2
	// priority=0 actions=NORMAL
}
