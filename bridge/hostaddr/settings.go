// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package hostaddr

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"net/netip"
	"strconv"

	"github.com/ovskit/ovskit/internal/netns"
)

// A wanted is a kernel parameter that an address needs.
type wanted struct {
	key, value string
	// only is the value that is to be changed; another one is right. Empty
	// means every one but value.
	only string
}

// wantedSettings are those that an address needs, in an order in which none
// breaks what another is for.
func wantedSettings(addr netip.Addr, device, bridge string) []wanted {
	if addr.Is4() {
		return []wanted{
			{key: "net/ipv4/neigh/" + device + "/proxy_delay", value: "0"},
			{key: "net/ipv4/conf/all/send_redirects", value: "0"},
			{key: "net/ipv4/conf/" + bridge + "/send_redirects", value: "0"},
			{key: "net/ipv4/conf/" + device + "/forwarding", value: "1"},
			{key: "net/ipv4/conf/" + bridge + "/forwarding", value: "1"},
		}
	}
	return []wanted{
		{key: "net/ipv6/neigh/" + device + "/proxy_delay", value: "0"},
		{key: "net/ipv6/conf/" + device + "/proxy_ndp", value: "1"},
		{key: "net/ipv6/conf/" + device + "/accept_ra", value: "2", only: "1"},
		{key: "net/ipv6/conf/all/forwarding", value: "1"},
	}
}

// mayBeSet reports whether a parameter is one of those.
func mayBeSet(key, device, bridge string) bool {
	for _, addr := range []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
		for _, w := range wantedSettings(addr, device, bridge) {
			if w.key == key {
				return true
			}
		}
	}
	return false
}

func isNumber(s string) bool {
	_, err := strconv.Atoi(s)
	return err == nil
}

// planSettings says which parameters an address needs to have changed. What was
// changed before, for it or another address, remains so. What somebody else has
// changed since is begun anew, from the value that it has now.
func planSettings(ns *netns.NS, c *Config, before map[string]setting) (map[string]setting, error) {
	plan := map[string]setting{}
	for _, w := range wantedSettings(c.Addr, c.Device, c.Bridge) {
		now, err := ns.Sysctl(w.key)
		if err != nil {
			return nil, err
		}
		s, changed := before[w.key]
		switch {
		case changed && (now == s.Now || now == s.Before):
			plan[w.key] = s
		case now != w.value && (w.only == "" || now == w.only):
			plan[w.key] = setting{Before: now, Now: w.value}
		}
	}
	return plan, nil
}

// planSettings makes a record say what its address needs to have changed, and those
// of others what has become of the parameters that they share.
func (m machine) planSettings(ctx context.Context, r *record) error {
	others, err := m.others(r)
	if err != nil {
		return err
	}
	before := map[string]setting{}
	for _, o := range others {
		maps.Copy(before, o.Settings)
	}
	maps.Copy(before, r.Settings)
	plan, err := planSettings(m.NS, &r.config, before)
	if err != nil {
		return err
	}
	for _, o := range others {
		if o.share(wantedSettings(r.config.Addr, r.Device, r.config.Bridge), plan) {
			if err := m.write(ctx, o); err != nil {
				return err
			}
		}
	}
	r.Settings = plan
	return nil
}

// share takes over what another address has planned for parameters that it wants, and
// reports whether that is anything new.
func (r *record) share(wanted []wanted, plan map[string]setting) (changed bool) {
	for _, w := range wanted {
		was, shared := r.Settings[w.key]
		now, planned := plan[w.key]
		switch {
		case !shared || planned && now == was:
			continue
		case planned:
			r.Settings[w.key] = now
		default:
			delete(r.Settings, w.key)
		}
		changed = true
	}
	return changed
}

// restoreSetting gives a parameter the value back that it had, unless it has
// another one by now.
func restoreSetting(ns *netns.NS, key string, s setting) error {
	now, err := ns.Sysctl(key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // the device is gone
	}
	if err != nil || now != s.Now {
		return err
	}
	return ns.SetSysctl(key, s.Before)
}
