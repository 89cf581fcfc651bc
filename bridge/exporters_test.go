// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
)

// sender and receiver are the addresses of two endpoints.
var sender, receiver = netip.MustParsePrefix("10.7.0.1/24"), netip.MustParsePrefix("10.7.0.2/24")

// talk attaches two endpoints to br0, of which one sends to the other, which does not
// listen, until the test ends.
func talk(t *testing.T, n *node.Node, db *vswitch.DB) {
	t.Helper()
	ports, err := port.Open(db, port.Options{SwitchNetns: n.Host().Path()})
	if err != nil {
		t.Fatal(err)
	}
	defer ports.Close()
	var from *netns.NS
	for i, addr := range []netip.Prefix{receiver, sender} {
		from = nodetest.Endpoint(t, n, fmt.Sprintf("e%d", i))
		_, err := ports.Attach(testContext(t), port.Config{
			Bridge: "br0", Name: fmt.Sprintf("p%d", i), Netns: from.Path(), Addrs: []netip.Prefix{addr},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var conn net.Conn
	err = from.Do(func() (err error) {
		conn, err = net.Dial("udp", netip.AddrPortFrom(receiver.Addr(), 9).String())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	t.Cleanup(func() {
		cancel()
		<-done
		conn.Close()
	})
	go func() {
		defer close(done)
		every := time.NewTicker(10 * time.Millisecond)
		defer every.Stop()
		for ctx.Err() == nil {
			conn.Write([]byte("hello")) // fails when an earlier one was refused
			select {
			case <-every.C:
			case <-ctx.Done():
			}
		}
	}()
}

// TestExporters has the bridge tell collectors on the switch's machine of a packet
// from one endpoint to the other.
func TestExporters(t *testing.T) {
	t.Parallel()
	n := nodetest.New(t)
	db := switchtest.Dial(t, n.OVS().DatabaseEndpoint())
	config := bridge.Config{Name: "br0", Datapath: "netdev", FailMode: bridge.Standalone, SwitchNetns: n.Host().Path()}
	if _, err := bridge.Ensure(testContext(t), db, config); err != nil {
		t.Fatal(err)
	}
	talk(t, n, db)
	const domain = 77
	for _, tt := range []struct {
		name string
		give func(c *bridge.Config, target []string)
		is   func(datagram []byte) bool
	}{
		{"NetFlow", func(c *bridge.Config, target []string) {
			c.NetFlow = &vswitch.NetFlow{Targets: target, ActiveTimeout: 1, EngineType: ptr(int64(3)), EngineID: ptr(int64(4))}
		}, func(d []byte) bool { // version 5
			return len(d) > 24 && binary.BigEndian.Uint16(d) == 5 && d[20] == 3 && d[21] == 4
		}},
		{"sFlow", func(c *bridge.Config, target []string) {
			c.SFlow = &vswitch.SFlow{Targets: target, Agent: ptr("lo"), Sampling: ptr(int64(1))}
		}, func(d []byte) bool { // version 5, the agent's address is of IPv4
			return len(d) > 12 && binary.BigEndian.Uint32(d) == 5 && bytes.Equal(d[8:12], []byte{127, 0, 0, 1})
		}},
		{"IPFIX", func(c *bridge.Config, target []string) {
			c.IPFIX = &vswitch.IPFIX{Targets: target, Sampling: ptr(int64(1)), ObsDomainID: ptr(int64(domain)),
				CacheActiveTimeout: ptr(int64(0)), CacheMaxFlows: ptr(int64(0))}
		}, func(d []byte) bool { // RFC 7011 section 3.1
			return len(d) > 16 && binary.BigEndian.Uint16(d) == 10 && binary.BigEndian.Uint32(d[12:]) == domain
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx := testContext(t)
			var collector net.PacketConn
			err := n.Host().Do(func() (err error) {
				collector, err = net.ListenPacket("udp", "127.0.0.1:0")
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			defer collector.Close()
			defer context.AfterFunc(ctx, func() { collector.Close() })()
			c := bridge.Config{Name: "br0", SwitchNetns: n.Host().Path()}
			tt.give(&c, []string{collector.LocalAddr().String()})
			if _, err := bridge.Update(ctx, db, c); err != nil {
				t.Fatal(err)
			}
			addresses := append(sender.Addr().AsSlice(), receiver.Addr().AsSlice()...)
			buf := make([]byte, 1<<16)
			var last []byte
			for !tt.is(last) || !bytes.Contains(last, addresses) {
				size, _, err := collector.ReadFrom(buf)
				if err != nil {
					t.Fatalf("no datagram of %s with what was configured tells of the packet: %v; the last was %x", tt.name, err, last)
				}
				last = buf[:size]
			}
		})
	}
}
