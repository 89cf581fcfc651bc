// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/netns"
)

// firstPublished is the first of the ports that are published, firstOther the first of those that are already.
const (
	firstPublished = 10000
	firstOther     = 20000
)

// publishRules are the rules for a published port, by table, as Docker's bridge driver has them.
func publishRules(port int) [][2]string {
	return [][2]string{
		{"nat", fmt.Sprintf("PUBLISH -p tcp -d 192.0.2.1 --dport %d -j DNAT --to-destination 10.64.0.2:80", port)},
		{"filter", fmt.Sprintf("PUBLISH -p tcp -d 10.64.0.2 --dport %d -j ACCEPT", port)},
		{"nat", fmt.Sprintf("HAIRPIN -p tcp -s 10.64.0.2 -d 10.64.0.2 --dport %d -j MASQUERADE", port)},
	}
}

// newIptables is a namespace with the chains for published ports, and rules for others.
func newIptables(b *testing.B, others int) *netns.NS {
	ns := newNamespace(b, fmt.Sprint("iptables", others))
	base := "*nat\n:PUBLISH - [0:0]\n:HAIRPIN - [0:0]\n-A PREROUTING -j PUBLISH\n-A POSTROUTING -j HAIRPIN\nCOMMIT\n" +
		"*filter\n:PUBLISH - [0:0]\n-A FORWARD -j PUBLISH\nCOMMIT\n"
	if err := feed(ns, base, "iptables-restore", "--noflush"); err != nil {
		b.Fatal(err)
	}
	if err := feed(ns, restoreText("-A", firstOther, others/3), "iptables-restore", "--noflush"); err != nil {
		b.Fatal(err)
	}
	return ns
}

// restoreText appends or deletes the rules of ports in the words of iptables-restore(8).
func restoreText(verb string, first, ports int) string {
	var nat, filter strings.Builder
	for port := first; port < first+ports; port++ {
		for _, r := range publishRules(port) {
			table := &nat
			if r[0] == "filter" {
				table = &filter
			}
			fmt.Fprintln(table, verb, r[1])
		}
	}
	return "*nat\n" + nat.String() + "COMMIT\n*filter\n" + filter.String() + "COMMIT\n"
}

// feed runs a program in a namespace with text as its input.
func feed(ns *netns.NS, text, name string, args ...string) error {
	return ns.Do(func() error {
		cmd := exec.Command(name, args...)
		cmd.Stdin = strings.NewReader(text)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, out)
		}
		return nil
	})
}

// publishByExec runs one iptables for each rule. Of many ports it publishes sampled ones and takes the others to cost the
// same: they would take a minute.
func publishByExec(b *testing.B, ports, others int) side {
	ns := newIptables(b, others)
	const most = 50
	sampled := min(ports, most)
	each := func(verb string) error {
		for port := firstPublished; port < firstPublished+sampled; port++ {
			for _, r := range publishRules(port) {
				if err := feed(ns, "", "iptables", append([]string{"--wait", "-t", r[0], verb}, strings.Fields(r[1])...)...); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return side{
		clocked: func(int) (time.Duration, error) {
			start := time.Now()
			err := each("-A")
			return time.Since(start) * time.Duration(ports) / time.Duration(sampled), err
		},
		undo: func(int) error {
			return feed(ns, restoreText("-D", firstPublished, sampled), "iptables-restore", "--noflush")
		},
	}
}

// publishByRestore runs one iptables-restore for all.
func publishByRestore(b *testing.B, ports, others int) side {
	ns := newIptables(b, others)
	add, remove := restoreText("-A", firstPublished, ports), restoreText("-D", firstPublished, ports)
	return side{
		run:  func(int) error { return feed(ns, add, "iptables-restore", "--noflush") },
		undo: func(int) error { return feed(ns, remove, "iptables-restore", "--noflush") },
	}
}

// publishByNft runs one nft for all, whose rules are in chains of their own to be taken back by.
func publishByNft(b *testing.B, ports, others int) side {
	ns := newNamespace(b, fmt.Sprint("nft", others))
	var base strings.Builder
	base.WriteString("add table ip t\n")
	for _, c := range []struct{ name, hook string }{
		{"publish", "type nat hook prerouting priority -100"},
		{"allow", "type filter hook forward priority 0"},
		{"hairpin", "type nat hook postrouting priority 100"},
	} {
		fmt.Fprintf(&base, "add chain ip t %s { %s; }\n", c.name, c.hook)
		for _, kind := range []string{"others", "new"} {
			fmt.Fprintf(&base, "add chain ip t %s_%s\nadd rule ip t %s jump %s_%s\n", c.name, kind, c.name, c.name, kind)
		}
	}
	if err := feed(ns, base.String()+nftText("others", firstOther, others/3), "nft", "-f", "-"); err != nil {
		b.Fatal(err)
	}
	add := nftText("new", firstPublished, ports)
	remove := "flush chain ip t publish_new\nflush chain ip t allow_new\nflush chain ip t hairpin_new\n"
	return side{
		run:  func(int) error { return feed(ns, add, "nft", "-f", "-") },
		undo: func(int) error { return feed(ns, remove, "nft", "-f", "-") },
	}
}

// nftText adds the rules of ports to the chains of a kind in the words of nft(8).
func nftText(kind string, first, ports int) string {
	var text strings.Builder
	for port := first; port < first+ports; port++ {
		fmt.Fprintf(&text, "add rule ip t publish_%s ip daddr 192.0.2.1 tcp dport %d dnat to 10.64.0.2:80\n", kind, port)
		fmt.Fprintf(&text, "add rule ip t allow_%s ip daddr 10.64.0.2 tcp dport %d accept\n", kind, port)
		fmt.Fprintf(&text, "add rule ip t hairpin_%s ip saddr 10.64.0.2 ip daddr 10.64.0.2 tcp dport %d masquerade\n", kind, port)
	}
	return text.String()
}
