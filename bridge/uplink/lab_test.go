// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package uplink_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ovskit/ovskit/bridge/uplink"
	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// A lab is a machine with a default route over its NIC, and a bridge br0 without
// ports.
type lab struct {
	*node.Node
	db *vswitch.DB
}

// journalKey is the key in the external_ids of Open_vSwitch with the journal of br0.
const journalKey = mark.Uplink + "br0"

// outsideV6 is the outside's address on the link.
const outsideV6 = "2001:db8:1::fe"

// plain is a machine with little on its NIC.
var plain = []string{
	"addr add 192.0.2.1/24 brd + dev uplink0",
	"addr add 2001:db8:1::1/64 dev uplink0 valid_lft 7200 preferred_lft 3600",
	"route add default via 192.0.2.254",
	"-6 route add default via " + outsideV6 + " dev uplink0",
	"route add 198.18.7.0/24 via 192.0.2.254 table 100",
	"rule add iif uplink0 lookup 100 pref 1000",
	"neigh add 192.0.2.77 lladdr 02:00:00:00:00:77 nud permanent dev uplink0",
}

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func newLab(t *testing.T, failMode string, machine []string) *lab {
	t.Helper()
	n := nodetest.New(t)
	l := &lab{Node: n, db: switchtest.Dial(t, n.OVS().DatabaseEndpoint())}
	l.addBridge(t, "br0", failMode)
	nodetest.Command(t, n.Outside(), "ip addr add "+outsideV6+"/64 dev up0 nodad")
	l.setDAD(t, "0")
	for _, c := range machine {
		nodetest.Command(t, n.Host(), "ip "+c)
	}
	for strings.TrimSpace(nodetest.Command(t, n.Host(), "ip -6 -o addr show tentative")) != "" {
		if t.Context().Err() != nil {
			t.Fatal("addresses remain tentative")
		}
	}
	l.setDAD(t, "1")
	return l
}

// addBridge makes a bridge with its own port only.
func (l *lab) addBridge(t *testing.T, name, failMode string) {
	t.Helper()
	_, err := l.db.Apply(testContext(t),
		ovsdb.Insert(vswitch.TableInterface, &vswitch.Interface{Name: name, Type: "internal"}).Named("i"),
		ovsdb.Insert(vswitch.TablePort, &vswitch.Port{Name: name, Interfaces: []string{"i"}}).Named("p"),
		ovsdb.Insert(vswitch.TableBridge, &vswitch.Bridge{Name: name, Ports: []string{"p"}, DatapathType: nodetest.Datapath(),
			FailMode: &failMode}).Named("b"),
		vswitch.AddBridges("b"))
	if err != nil {
		t.Fatal(err)
	}
}

// setDAD says how often the kernel asks whether an address of the NIC is free.
func (l *lab) setDAD(t *testing.T, times string) {
	t.Helper()
	if err := l.Host().SetSysctl("net/ipv6/conf/uplink0/dad_transmits", times); err != nil {
		t.Fatal(err)
	}
}

// batch has ip run many commands.
func (l *lab) batch(t *testing.T, commands string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ip", "-batch", "-")
	cmd.Stdin = strings.NewReader(commands)
	if err := l.Host().Do(cmd.Start); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}

// config is that of the NIC.
func (l *lab) config() uplink.Config {
	return uplink.Config{Bridge: "br0", Device: node.Uplink, SwitchNetns: l.Host().Path()}
}

func (l *lab) adopt(t *testing.T) *uplink.Uplink {
	t.Helper()
	u, err := uplink.Adopt(testContext(t), l.db, l.config())
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (l *lab) release(t *testing.T) {
	t.Helper()
	if err := uplink.Release(testContext(t), l.db, node.Uplink); err != nil {
		t.Fatal(err)
	}
}

// A dump is what the machine's network consists of, line by line.
type dump []string

// volatile are the keys of ip's JSON that change by themselves, or that the
// kernel finds out after a while.
var volatile = []string{"valid_life_time", "preferred_life_time", "expires", "used", "confirmed", "updated", "refcnt", "probes",
	"stats64", "stats", "tentative", "operstate", "ifindex", "link_index", "link", "group",
	"promiscuity", "qdisc"}

// dump lists devices, addresses, routes, rules, permanent neighbours, sysctl
// parameters and the rows of the database.
func (l *lab) dump(t *testing.T) (d dump) {
	t.Helper()
	for _, command := range []string{
		"-details addr show", "-details -4 route show table all", "-details -6 route show table all",
		"-4 rule show", "-6 rule show", "neigh show nud permanent", "neigh show proxy",
	} {
		var entries []map[string]any
		text := nodetest.Command(t, l.Host(), "ip -N -json "+command)
		if err := json.Unmarshal([]byte(text), &entries); err != nil {
			t.Fatalf("ip %s: %v: %s", command, err, text)
		}
		for _, e := range entries {
			for _, v := range volatile {
				delete(e, v)
			}
			if hops, ok := e["nexthops"].([]any); ok { // they have no order
				slices.SortFunc(hops, func(a, b any) int {
					return strings.Compare(fmt.Sprint(a.(map[string]any)["gateway"]), fmt.Sprint(b.(map[string]any)["gateway"]))
				})
			}
			addrs, _ := e["addr_info"].([]any)
			delete(e, "addr_info")
			if e["ifname"] == "ovs-netdev" || e["ifname"] == "ovs-system" {
				continue // comes with the first bridge of its type
			}
			d = append(d, line(t, command, e))
			for _, a := range addrs {
				a := a.(map[string]any)
				for _, v := range volatile {
					delete(a, v)
				}
				a["on"] = e["ifname"]
				d = append(d, line(t, command, a))
			}
		}
	}
	for _, device := range []string{node.Uplink, "br0"} {
		settings, err := l.Host().IPSettings(device)
		if err != nil {
			t.Fatal(err)
		}
		d = append(d, device+": "+settings)
	}
	if err := l.db.Client().Echo(testContext(t)); err != nil { // the copy is up to date
		t.Fatal(err)
	}
	for _, p := range l.db.Ports() {
		d = append(d, "port "+p.Name)
	}
	br, _ := l.db.Bridge("br0")
	own, _ := l.db.Interface("br0")
	for k := range l.db.Root().ExternalIDs {
		d = append(d, "external_ids "+k)
	}
	results, err := l.db.Client().Transact(testContext(t), ovsdb.Select(vswitch.TableQoS, []string{"external_ids"}))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range results[0].Rows {
		d = append(d, fmt.Sprintf("QoS %s", row))
	}
	d = append(d, fmt.Sprintf("other_config %v", br.OtherConfig), fmt.Sprintf("mtu_request %v", own.MTURequest != nil))
	slices.Sort(d)
	return d
}

func line(t *testing.T, command string, entry any) string {
	t.Helper()
	text, err := json.Marshal(entry)
	if err != nil {
		t.Fatal(err)
	}
	return "ip " + command + ": " + string(text)
}

// expect compares the machine's network. The kernel adds some routes of its own
// in the background.
func (l *lab) expect(t *testing.T, when string, want dump) {
	t.Helper()
	l.expectBut(t, when, want, func(string) bool { return false })
}

// expectBut does so but for some lines.
func (l *lab) expectBut(t *testing.T, when string, want dump, ignored func(line string) bool) {
	t.Helper()
	want = slices.DeleteFunc(slices.Clone(want), ignored)
	deadline := time.Now().Add(5 * time.Second)
	for {
		diff := cmp.Diff(want, slices.DeleteFunc(l.dump(t), ignored))
		if diff == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("%s (-want +got):\n%s", when, diff)
			return
		}
	}
}

// expectConnected fails unless the machine reaches the outside and beyond.
func (l *lab) expectConnected(t *testing.T, when string) {
	t.Helper()
	for _, to := range []string{node.BeyondAddr.Addr().String(), outsideV6} {
		if out, err := nodetest.Try(t, l.Host(), "ping -c1 -w10 -i0.1 "+to); err != nil {
			t.Errorf("%s: ping %s: %v: %s", when, to, err, out)
		}
	}
}
