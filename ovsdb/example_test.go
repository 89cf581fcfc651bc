// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"sync"
	"sync/atomic"

	"github.com/ovskit/ovskit/ovsdb"
)

// A transaction that makes a bridge without ports, and its errors.
func Example() {
	ctx := context.Background()
	c, err := ovsdb.Dial(ctx, ovsdb.Options{Endpoint: "unix:/run/openvswitch/db.sock"})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	results, err := c.Transact(ctx,
		ovsdb.Insert("Bridge", ovsdb.Row{"name": "br0", "fail_mode": "secure"}).Named("new"),
		ovsdb.Mutate("Open_vSwitch", []ovsdb.Mutation{
			ovsdb.Change("bridges", ovsdb.InsertInto, "new"),
			ovsdb.Change("next_cfg", ovsdb.Add, 1),
		}))
	var unknown *ovsdb.OutcomeUnknownError
	switch {
	case errors.Is(err, ovsdb.ErrConstraintViolation):
		log.Fatal("there is a bridge br0 already")
	case errors.As(err, &unknown):
		log.Fatal("it may be there or not: ", unknown.Err)
	case err != nil:
		log.Fatal(err)
	}
	fmt.Println("new row", results[0].UUID)
}

// A client of a clustered database: it uses the leader and follows it.
func ExampleClient() {
	ctx := context.Background()
	tls, err := ovsdb.TLSFiles{
		PrivateKey:  "/etc/ovn/key.pem",
		Certificate: "/etc/ovn/cert.pem",
		CACert:      "/etc/ovn/ca.pem",
		AnyName:     true, // as certificates of ovs-pki have none
	}.Config()
	if err != nil {
		log.Fatal(err)
	}
	c, err := ovsdb.Dial(ctx, ovsdb.Options{
		Endpoints:  []string{"ssl:192.0.2.1:6641", "ssl:192.0.2.2:6641", "ssl:192.0.2.3:6641"},
		Database:   "OVN_Northbound",
		TLS:        tls,
		LeaderOnly: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	for {
		changed := c.StateChanged()
		if s := c.State(); s.Err != nil {
			fmt.Println("not connected:", s.Err)
		} else {
			fmt.Println("connected to", s.Endpoint)
		}
		select {
		case <-changed:
		case <-c.Done():
			return
		}
	}
}

// Counters for whatever metrics a program keeps.
func ExampleHooks() {
	var roundTrips, reconnects, events atomic.Int64
	c, err := ovsdb.Dial(context.Background(), ovsdb.Options{
		Endpoint: "unix:/run/openvswitch/db.sock",
		Hooks: ovsdb.Hooks{
			Connected: func(string) { reconnects.Add(1) },
			Request:   func(ovsdb.RequestInfo) { roundTrips.Add(1) },
			Update:    func(u ovsdb.UpdateInfo) { events.Add(int64(u.Rows)) },
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
}

// Many goroutines add a port each; a handful of transactions does it.
func ExampleBatcher() {
	ctx := context.Background()
	c, err := ovsdb.Dial(ctx, ovsdb.Options{Endpoint: "unix:/run/openvswitch/db.sock"})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	b := ovsdb.NewBatcher(c, ovsdb.BatchOptions{
		// Once a transaction: ask ovs-vswitchd to take it over.
		Epilogue: []ovsdb.Operation{
			ovsdb.Mutate("Open_vSwitch", []ovsdb.Mutation{ovsdb.Change("next_cfg", ovsdb.Add, 1)}),
		},
	})
	var group sync.WaitGroup
	for i := range 100 {
		group.Add(1)
		go func() {
			defer group.Done()
			name := fmt.Sprintf("veth%d", i)
			_, _, err := b.Transact(ctx,
				ovsdb.Insert("Interface", ovsdb.Row{"name": name}).Named("i"),
				ovsdb.Insert("Port", ovsdb.Row{"name": name, "interfaces": "i"}).Named("p"),
				ovsdb.Mutate("Bridge", []ovsdb.Mutation{ovsdb.Change("ports", ovsdb.InsertInto, "p")},
					ovsdb.Where("name", ovsdb.Equal, "br0")))
			if err != nil {
				log.Print(name, ": ", err) // this one alone
			}
		}()
	}
	group.Wait()
}
