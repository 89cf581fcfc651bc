// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/netip"

	"github.com/ovskit/ovskit/openflow"
)

func Example() {
	ctx := context.Background()
	conn, err := openflow.Dial(ctx, "unix:/run/openvswitch/br0.mgmt", openflow.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	err = conn.Bundle(ctx, openflow.Add(openflow.Flow{
		Table: 0, Priority: 100,
		Match:        openflow.Match{openflow.EthType(openflow.EthTypeIPv4), openflow.IPv4Dst(netip.MustParsePrefix("10.0.0.2/32"))},
		Instructions: openflow.Instructions{Apply: []openflow.Action{openflow.DecTTL{}, openflow.Output{Port: 2}}},
	}))
	if errors.Is(err, openflow.ErrTableFull) {
		log.Fatal("no room for another flow")
	}
}

// Dump the flows of a bridge, with the names of its ports.
func ExampleConn_Flows() {
	ctx := context.Background()
	conn, err := openflow.Dial(ctx, "unix:/run/openvswitch/br0.mgmt", openflow.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	names, err := conn.Names(ctx)
	if err != nil {
		log.Fatal(err)
	}
	flows, err := conn.Flows(ctx, openflow.FlowFilter{})
	for _, f := range flows {
		fmt.Println(f.Text(names))
	}
	if err != nil {
		log.Fatal(err)
	}
}

// Keep a switch's flows with cookies of 0xabcd in the upper bits as they should be, over every restart of it.
func ExampleConn_Sync() {
	ctx := context.Background()
	want := openflow.NewDesired(openflow.Scope{Cookie: 0xabcd << 48, CookieMask: 0xffff << 48})
	if err := want.Add(openflow.Flow{Cookie: 0xabcd<<48 | 1, Instructions: openflow.Instructions{Goto: 1}}); err != nil {
		log.Fatal(err)
	}
	client, err := openflow.Connect(ctx, "unix:/run/openvswitch/br0.mgmt", openflow.ClientOptions{
		Retry: true,
		OnConnect: func(ctx context.Context, c *openflow.Conn) error {
			done, err := c.Sync(ctx, want)
			if err == nil {
				log.Print(done) // flows: 1 added, 0 replaced, 0 deleted, 0 unchanged
			}
			return err
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
}

func ExampleConnect() {
	ctx := context.Background()
	client, err := openflow.Connect(ctx, "tcp:192.0.2.1", openflow.ClientOptions{
		Retry: true,
		OnConnect: func(ctx context.Context, c *openflow.Conn) error {
			return c.Bundle(ctx, openflow.Add(openflow.Flow{
				Instructions: openflow.Instructions{Apply: []openflow.Action{openflow.Output{Port: openflow.PortNormal}}},
			}))
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	conn, err := client.Conn(ctx)
	if err != nil {
		log.Fatal(err)
	}
	flows, err := conn.Flows(ctx, openflow.FlowFilter{})
	fmt.Println(flows, err)
}

func ExampleConn_Subscribe() {
	ctx := context.Background()
	listener, err := openflow.Listen(ctx, "ptcp:6653:127.0.0.1", openflow.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer listener.Close()
	conn, err := listener.Accept(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	messages := conn.Subscribe(openflow.SubscribeOptions{})
	defer messages.Close()
	for {
		m, err := messages.Next(ctx)
		if err != nil {
			log.Fatal(err)
		}
		switch m := m.(type) {
		case openflow.PacketIn:
			fmt.Printf("packet of %d bytes\n", m.TotalLen)
		case openflow.PortStatus:
			fmt.Printf("port %s has changed\n", m.Port.Name)
		case openflow.Lost:
			fmt.Printf("%d messages are lost\n", m.Messages)
		}
	}
}

func ExampleFlow_String() {
	fmt.Println(openflow.Flow{
		Priority:     200,
		Match:        openflow.Match{openflow.InPort(1)},
		Instructions: openflow.Instructions{Apply: []openflow.Action{openflow.Output{Port: 2}}},
	})
	// Output: priority=200,in_port=1 actions=output:2
}

func ExampleConn_Apply() {
	ctx := context.Background()
	conn, err := openflow.Dial(ctx, "unix:/run/openvswitch/br0.mgmt", openflow.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	group := openflow.Group{ID: 1, Type: openflow.GroupTypeSelect, Buckets: []openflow.Bucket{
		{Weight: 2, Actions: []openflow.Action{openflow.Output{Port: 1}}},
		{Weight: 1, Actions: []openflow.Action{openflow.Output{Port: 2}}},
	}}
	err = conn.Apply(ctx, openflow.GroupMod{Command: openflow.GroupAddOrModify, Group: group})
	if errors.Is(err, openflow.ErrOutOfGroups) {
		log.Fatal("no room for another group")
	}
	stats, err := conn.GroupStats(ctx, group.ID)
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range stats {
		fmt.Println(s.ID, s.Packets)
	}
}

func ExampleGroup_Text() {
	fmt.Println(openflow.Group{ID: 1, Type: openflow.GroupTypeSelect, Buckets: []openflow.Bucket{
		{Weight: 2, Actions: []openflow.Action{openflow.Output{Port: 1}}},
	}}.Text(openflow.Version13))
	// Output: group_id=1,type=select,bucket=weight:2,actions=output:1
}

func ExampleParseFlow() {
	f, err := openflow.ParseFlow("table=1,tcp,nw_dst=10.0.0.0/8,tp_dst=80,actions=mod_dl_dst:0a:00:00:00:00:01,output:2", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f)
	_, err = openflow.ParseFlow("table=1,tcp,tp_dst=http actions=output:2", nil)
	fmt.Println(err)
	// Output:
	// table=1, tcp,nw_dst=10.0.0.0/8,tp_dst=80 actions=set_field:0a:00:00:00:00:01->eth_dst,output:2
	// "table=1,tcp,tp_dst=http actions=output:2", offset 19: "http" is not a number
}
