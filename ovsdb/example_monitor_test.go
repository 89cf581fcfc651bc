// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"context"
	"fmt"
	"log"

	"github.com/ovskit/ovskit/ovsdb"
)

// A copy of a table that follows the database.
func ExampleTable() {
	type Bridge struct {
		Name  string   `ovsdb:"name"`
		Ports []string `ovsdb:"ports"`
	}
	ctx := context.Background()
	c, err := ovsdb.Dial(ctx, ovsdb.Options{Endpoint: "unix:/run/openvswitch/db.sock"})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	bridges := ovsdb.NewTable[Bridge]("Bridge", ovsdb.TableOptions{})
	byName := ovsdb.NewIndex(bridges, func(b *Bridge) string { return b.Name })
	m, err := c.Monitor(ctx, ovsdb.MonitorOptions{Tables: []ovsdb.Monitored{bridges}})
	if err != nil {
		log.Fatal(err)
	}
	err = m.Wait(ctx, func() (bool, error) {
		br, ok := byName.Get("br0")
		return ok && len(br.Ports) >= 2, nil
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("br0 has two ports")
}

// An index by the elements of a column: which port an interface belongs to.
func ExampleIndex() {
	type Port struct {
		Name       string   `ovsdb:"name"`
		Interfaces []string `ovsdb:"interfaces"`
	}
	ports := ovsdb.NewTable[Port]("Port", ovsdb.TableOptions{})
	byInterface := ovsdb.NewMultiIndex(ports, func(p *Port) []string { return p.Interfaces })
	// With a monitor of the table running:
	if port, ok := byInterface.Get("e4a2e8ea-6a5c-4d6c-9f6e-0e9a4f6f6f5b"); ok {
		fmt.Println("it belongs to", port.Name)
	}
}

// Every change of a table, in the order in which it happens.
func ExampleWatch() {
	type Interface struct {
		Name  string  `ovsdb:"name"`
		Error *string `ovsdb:"error"`
	}
	ctx := context.Background()
	c, err := ovsdb.Dial(ctx, ovsdb.Options{Endpoint: "unix:/run/openvswitch/db.sock"})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	interfaces := ovsdb.NewTable[Interface]("Interface", ovsdb.TableOptions{})
	m, err := c.Monitor(ctx, ovsdb.MonitorOptions{Tables: []ovsdb.Monitored{interfaces}})
	if err != nil {
		log.Fatal(err)
	}
	w := m.Watch(ovsdb.WatchOptions{})
	defer w.Close()
	for {
		delta, err := w.Next(ctx)
		if err != nil {
			log.Fatal(err)
		}
		if delta.Overflow {
			log.Print("too slow: some changes were missed, here is everything")
		}
		for _, e := range delta.Events {
			switch old, new, _ := interfaces.Rows(e); {
			case old == nil:
				fmt.Println("there is", new.Name)
			case new == nil:
				fmt.Println("gone is", old.Name)
			case new.Error != nil:
				fmt.Println(new.Name, "failed:", *new.Error)
			}
		}
	}
}

// The ports of one logical switch only, and later those of another.
func ExampleMonitor_Reselect() {
	type Binding struct {
		LogicalPort string `ovsdb:"logical_port"`
		Datapath    string `ovsdb:"datapath"`
	}
	ctx := context.Background()
	c, err := ovsdb.Dial(ctx, ovsdb.Options{Endpoint: "tcp:127.0.0.1:6642", Database: "OVN_Southbound"})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	of := func(datapath string) ovsdb.TableOptions {
		return ovsdb.TableOptions{Where: []ovsdb.Condition{ovsdb.Where("datapath", ovsdb.Equal, datapath)}}
	}
	const first, second = "7f3c7f8e-3c0c-4a52-9d3b-0c6d7b8f1a2b", "0d7b6f3a-52a4-4c4e-8d3e-5e1c9a7b6c5d"
	bindings := ovsdb.NewTable[Binding]("Port_Binding", of(first))
	m, err := c.Monitor(ctx, ovsdb.MonitorOptions{Tables: []ovsdb.Monitored{bindings}})
	if err != nil {
		log.Fatal(err)
	}
	if err := m.Reselect(ctx, bindings, of(second)); err != nil {
		log.Fatal(err)
	}
	fmt.Println("the second has", bindings.Len())
}
