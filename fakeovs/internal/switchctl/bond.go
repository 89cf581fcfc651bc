// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package switchctl

import (
	"errors"
	"strconv"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/ctlserver"
	"github.com/ovskit/ovskit/fakeovs/internal/ofswitch"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
)

// bondCommands are about ports that are several interfaces.
func (t Target) bondCommands() []ctlserver.Command {
	able := func(on bool, done string) func([]string) (string, error) {
		return func(args []string) (string, error) {
			return done, t.onBond(args[0], func(s *ofswitch.Switch) error { return s.EnableMember(args[0], args[1], on) })
		}
	}
	enable, disable := able(true, "enabled"), able(false, "disabled")
	return []ctlserver.Command{
		{Name: "bond/list", Run: t.listBonds},
		{Name: "bond/show", Usage: "[port]", Max: 1, Run: t.showBonds},
		{Name: "bond/migrate", Usage: "port hash member", Min: 3, Max: 3, Run: func(args []string) (string, error) {
			hash := int64(-1)
			if strings.Trim(args[1], "0123456789") == "" {
				hash = atoi(args[1])
			}
			return "migrated", t.onBond(args[0], func(s *ofswitch.Switch) error { return s.MigrateHash(args[0], hash, args[2]) })
		}},
		{Name: "bond/set-active-member", Usage: "port member", Min: 2, Max: 2, Run: t.activateMember},
		{Name: "bond/enable-member", Usage: "port member", Min: 2, Max: 2, Run: enable},
		{Name: "bond/disable-member", Usage: "port member", Min: 2, Max: 2, Run: disable},
		{Name: "bond/hash", Usage: "mac [vlan] [basis]", Min: 1, Max: 3, Run: hashMAC},
		// The names that they had before.
		{Name: "bond/set-active-slave", Min: 2, Max: 2, Run: t.activateMember, Hidden: true},
		{Name: "bond/enable-slave", Min: 2, Max: 2, Run: enable, Hidden: true},
		{Name: "bond/disable-slave", Min: 2, Max: 2, Run: disable, Hidden: true},
	}
}

// eachBond calls do for the bonds of all bridges.
func (t Target) eachBond(do func(s *ofswitch.Switch, name string)) {
	for _, b := range t.Daemon.Bridges() {
		if s, ok := t.Daemon.Bridge(b.Name); ok {
			for _, name := range s.Bonds() {
				do(s, name)
			}
		}
	}
}

// onBond does something to the bridge with a bond.
func (t Target) onBond(name string, do func(*ofswitch.Switch) error) error {
	err := errors.New("no such bond")
	t.eachBond(func(s *ofswitch.Switch, found string) {
		if found == name {
			err = do(s)
		}
	})
	return err
}

func (t Target) listBonds([]string) (string, error) {
	text := "bond\ttype\trecircID\tmembers\n"
	t.eachBond(func(s *ofswitch.Switch, name string) { text += s.ListBond(name) })
	return text, nil
}

func (t Target) showBonds(args []string) (text string, err error) {
	if len(args) > 0 {
		err = t.onBond(args[0], func(s *ofswitch.Switch) error {
			text = s.ShowBond(args[0])
			return nil
		})
		return text, err
	}
	t.eachBond(func(s *ofswitch.Switch, name string) { text += s.ShowBond(name) })
	return text, nil
}

func (t Target) activateMember(args []string) (string, error) {
	said := "no change"
	err := t.onBond(args[0], func(s *ofswitch.Switch) error {
		changed, err := s.ActivateMember(args[0], args[1])
		if changed {
			said = "done"
		}
		return err
	})
	return said, err
}

// hashMAC tells which group of packets the frames of an address are in.
func hashMAC(args []string) (string, error) {
	var vlan, basis uint64
	var ok bool
	if len(args) > 1 {
		if vlan, ok = scan(args[1], "", 32); !ok {
			return "", errors.New("invalid vlan")
		}
	}
	if len(args) > 2 {
		if basis, ok = scan(args[2], "", 32); !ok {
			return "", errors.New("invalid basis")
		}
	}
	mac, err := parseMAC(args[0])
	if err != nil {
		return "", errors.New("invalid mac")
	}
	return strconv.Itoa(int(pipeline.BondHash(mac, uint16(vlan), uint32(basis)))), nil
}
