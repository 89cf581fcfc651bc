// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/tier"
)

func TestFilterTables(t *testing.T) {
	tier.Need(t, tier.System)
	for _, test := range []struct {
		command string
		want    []string
	}{
		{"", nil},
		{"nft add table ip web", []string{"nftables web"}},
		{"iptables-nft -A FORWARD -j DROP", []string{"nftables filter"}},
		{"iptables-legacy -t nat -A POSTROUTING -j MASQUERADE", []string{"iptables nat"}},
	} {
		t.Run(test.command, func(t *testing.T) {
			ns, err := netns.New(fmt.Sprintf("ovskit-testbed-%d-filter", os.Getpid()))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = ns.Delete() }()
			args := strings.Fields(test.command)
			if len(args) != 0 {
				if _, err := exec.LookPath(args[0]); err != nil {
					t.Skip(err)
				}
			}
			var got []string
			err = ns.Do(func() (err error) {
				if len(args) != 0 {
					if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
						return fmt.Errorf("%s: %w: %s", test.command, err, out)
					}
				}
				got, err = filterTables()
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("tables (-want +got):\n%s", diff)
			}
		})
	}
}
