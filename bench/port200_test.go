// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/vishvananda/netlink"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/port"
)

// manyPorts is how many are attached at the same time.
const manyPorts = 200

// portAttachCommands attaches 200 veth pairs with addresses and default routes at the same time, each into a namespace of
// its own, beside the same by commands: two runs of ip, which take all of a namespace's steps as one batch, and one of
// ovs-vsctl for each port, of which eight ports have theirs at the same time.
var portAttachCommands = comparison{name: "port.attach200/ovs-vsctl", pairs: 5, setup: func(b *testing.B) (ours, peer side) {
	return attachManySide(b), attachCommandsSide(b)
}}

// portAttachMany is the same beside the same pairs put into a bridge of the kernel by netlink.
var portAttachMany = comparison{name: "port.attach200/bridge", pairs: 10, setup: func(b *testing.B) (ours, peer side) {
	return attachManySide(b), attachBridgeManySide(b)
}}

// endpoints makes namespaces to attach to.
func endpoints(b *testing.B, prefix string, n int) (all []*netns.NS) {
	for i := range n {
		all = append(all, newNamespace(b, fmt.Sprintf("%s%d", prefix, i)))
	}
	return all
}

// manyAddr is the address of the port with a number.
func manyAddr(i int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 1, byte(1 + i/200), byte(1 + i%200)}), 16)
}

var manyGateway = netip.MustParsePrefix("10.1.0.1/16")

// atOnce does something n times at the same time.
func atOnce(n, limit int, do func(i int) error) error {
	var wg sync.WaitGroup
	errs := make([]error, n)
	slots := make(chan struct{}, limit)
	for i := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			slots <- struct{}{}
			errs[i] = do(i)
			<-slots
		}()
	}
	wg.Wait()
	return errors.Join(errs...)
}

// switchNode is a node with a bridge br0.
func switchNode(b *testing.B) testNode {
	b.Helper()
	n := newNode(b)
	if _, err := bridge.Ensure(context.Background(), n.db, bridge.Config{
		Name: "br0", Datapath: "netdev", SwitchNetns: n.Host().Path(), Addrs: []netip.Prefix{manyGateway},
	}); err != nil {
		b.Fatal(err)
	}
	return n
}

func attachManySide(b *testing.B) side {
	many := newManyOfOurs(b)
	return side{run: many.attach, undo: func(n int) error {
		err := many.detach(n)
		_, applyErr := many.node.db.Apply(context.Background())
		return errors.Join(err, applyErr)
	}}
}

// manyOfOurs are the ports that a manager attaches and detaches at the same time.
type manyOfOurs struct {
	node    testNode
	targets []*netns.NS
	ports   *port.Manager
}

func newManyOfOurs(b *testing.B) *manyOfOurs {
	b.Helper()
	n := switchNode(b)
	targets := endpoints(b, "many", manyPorts)
	ports, err := port.Open(n.db, port.Options{SwitchNetns: n.Host().Path()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(ports.Close)
	return &manyOfOurs{node: n, targets: targets, ports: ports}
}

func (m *manyOfOurs) attach(int) error {
	return atOnce(manyPorts, manyPorts, func(i int) error {
		_, err := m.ports.Attach(context.Background(), port.Config{
			Bridge: "br0", Name: fmt.Sprintf("p%d", i), Netns: m.targets[i].Path(),
			Addrs: []netip.Prefix{manyAddr(i)}, Gateway: manyGateway.Addr(),
		})
		return err
	})
}

func (m *manyOfOurs) detach(int) error {
	return atOnce(manyPorts, manyPorts, func(i int) error {
		return m.ports.Detach(context.Background(), fmt.Sprintf("p%d", i))
	})
}

func attachCommandsSide(b *testing.B) side {
	n := switchNode(b)
	targets := endpoints(b, "command", manyPorts)
	// command runs a program on the switch's side.
	command := func(stdin string, name string, args ...string) error {
		cmd := exec.Command(name, args...)
		cmd.Stdin = strings.NewReader(stdin)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		err := n.Host().Do(cmd.Start)
		if err == nil {
			err = cmd.Wait()
		}
		if err != nil {
			return fmt.Errorf("%s: %w: %s", cmd, err, out.Bytes())
		}
		return nil
	}
	vsctl := "--db=" + n.OVS().DatabaseEndpoint()
	return side{
		run: func(int) error {
			return atOnce(manyPorts, 8, func(i int) error {
				name, target := fmt.Sprintf("p%d", i), targets[i].Name()
				outside := fmt.Sprintf("link add %s type veth peer name eth0 netns %s\nlink set %s up\n", name, target, name)
				inside := fmt.Sprintf("addr add %s dev eth0\nlink set eth0 up\nroute add default via %s\n", manyAddr(i), manyGateway.Addr())
				if err := command(outside, "ip", "-batch", "-"); err != nil {
					return err
				}
				if err := command(inside, "ip", "-n", target, "-batch", "-"); err != nil {
					return err
				}
				return command("", "ovs-vsctl", vsctl, "add-port", "br0", name)
			})
		},
		undo: func(int) error {
			args := []string{vsctl}
			var links strings.Builder
			for i := range manyPorts {
				args = append(args, "--", "del-port", "br0", fmt.Sprintf("p%d", i))
				fmt.Fprintf(&links, "link del p%d\n", i)
			}
			return errors.Join(command("", "ovs-vsctl", args...), command(links.String(), "ip", "-batch", "-"))
		},
	}
}

func attachBridgeManySide(b *testing.B) side {
	host := nodetest.New(b).Host()
	targets := endpoints(b, "bridge", manyPorts)
	h, err := host.Netlink()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(h.Close)
	br := addBridge(b, h, manyGateway)
	return side{
		run: func(int) error {
			return atOnce(manyPorts, manyPorts, func(i int) error {
				inside, err := targets[i].Netlink()
				if err != nil {
					return err
				}
				defer inside.Close()
				return attachToBridge(h, inside, br, fmt.Sprintf("p%d", i), targets[i], manyAddr(i), manyGateway.Addr())
			})
		},
		undo: func(int) error {
			return atOnce(manyPorts, manyPorts, func(i int) error {
				veth, err := h.LinkByName(fmt.Sprintf("p%d", i))
				if err != nil {
					return err
				}
				return h.LinkDel(veth)
			})
		},
	}
}

// addBridge makes a bridge of the kernel with an address.
func addBridge(b *testing.B, h *netlink.Handle, addr netip.Prefix) *netlink.Bridge {
	b.Helper()
	br := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "br0"}}
	err := h.LinkAdd(br)
	if err == nil {
		err = h.AddrAdd(br, &netlink.Addr{IPNet: ipNet(addr)})
	}
	if err == nil {
		err = h.LinkSetUp(br)
	}
	if err != nil {
		b.Fatal(err)
	}
	return br
}

// attachToBridge makes a veth pair that leads from a bridge of the kernel into a namespace, ready for use.
func attachToBridge(
	h, inside *netlink.Handle, br *netlink.Bridge, name string, target *netns.NS, addr netip.Prefix, gateway netip.Addr,
) error {
	veth := &netlink.Veth{
		LinkAttrs: netlink.LinkAttrs{Name: name, MasterIndex: br.Index}, PeerName: "eth0",
		PeerNamespace: netlink.NsFd(target.Fd()),
	}
	if err := h.LinkAdd(veth); err != nil {
		return fmt.Errorf("add veth: %w", err)
	}
	if err := h.LinkSetUp(veth); err != nil {
		return fmt.Errorf("set veth up: %w", err)
	}
	eth0, err := inside.LinkByName("eth0")
	if err != nil {
		return fmt.Errorf("find the inner end: %w", err)
	}
	if err := inside.AddrAdd(eth0, &netlink.Addr{IPNet: ipNet(addr)}); err != nil {
		return fmt.Errorf("add address: %w", err)
	}
	if err := inside.LinkSetUp(eth0); err != nil {
		return fmt.Errorf("set the inner end up: %w", err)
	}
	return inside.RouteAdd(&netlink.Route{LinkIndex: eth0.Attrs().Index, Gw: gateway.AsSlice()})
}
