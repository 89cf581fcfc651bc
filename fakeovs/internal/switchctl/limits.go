// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package switchctl

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/conntrack"
	"github.com/ovskit/ovskit/fakeovs/internal/ctlserver"
)

// limitCommands are about how many connections zones may have.
func (t Target) limitCommands() []ctlserver.Command {
	return []ctlserver.Command{
		t.onTracker("ct-set-limits", "[dp] [default=L] [zone=N,limit=L]...", 1, ctlserver.Any, ctlserver.Any, setLimits),
		t.onTracker("ct-del-limits", "[dp] zone=N1[,N2]...", 1, 2, 3, func(c *dpctlCall, ct *conntrack.Tracker) error {
			rest := c.afterDatapath()
			if len(rest) == 0 {
				return c.complain("invalid argument", invalid)
			}
			zones, err := zoneList(rest[0])
			if err != nil {
				return c.complain(err.Error(), invalid)
			}
			for _, zone := range zones {
				ct.DeleteZoneLimit(zone)
			}
			return nil
		}),
		t.onTracker("ct-get-limits", "[dp] [zone=N1[,N2]...]", 0, 2, 3, func(c *dpctlCall, ct *conntrack.Tracker) error {
			var zones []uint16
			if rest := c.afterDatapath(); len(rest) > 0 {
				var err error
				if zones, err = zoneList(rest[0]); err != nil {
					return c.complain(err.Error(), invalid)
				}
			}
			c.out.WriteString(ct.Limits(zones...))
			return nil
		}),
	}
}

// afterDatapath are the arguments without the name of a datapath.
func (c *dpctlCall) afterDatapath() []string {
	if c.named() {
		return c.args[1:]
	}
	return c.args
}

// setLimits sets all that it is told, or nothing.
func setLimits(c *dpctlCall, ct *conntrack.Tracker) error {
	rest := c.afterDatapath()
	var general *uint32
	if len(rest) > 0 && strings.HasPrefix(rest[0], "default=") {
		n, ok := scan(rest[0], "default=", 32)
		if !ok {
			return c.complain("invalid default limit", invalid)
		}
		limit := uint32(n)
		general, rest = &limit, rest[1:]
	}
	zones, limits := make([]uint16, len(rest)), make([]uint32, len(rest))
	for i, arg := range rest {
		var err error
		if zones[i], limits[i], err = zoneLimit(arg); err != nil {
			return c.complain(err.Error(), invalid)
		}
	}
	if general != nil {
		ct.SetDefaultLimit(*general)
	}
	for i, zone := range zones {
		ct.SetZoneLimit(zone, limits[i])
	}
	return nil
}

// zoneLimit reads "zone=N,limit=L".
func zoneLimit(text string) (zone uint16, limit uint32, err error) {
	hasZone, hasLimit := false, false
	for _, f := range fields(text) {
		switch {
		case f.value == "":
			return 0, 0, fmt.Errorf("field %s missing value", f.key)
		case f.key == "zone":
			hasZone, err = true, number(&zone, f.value, 16)
		case f.key == "limit":
			hasLimit, err = true, number(&limit, f.value, 32)
		default:
			return 0, 0, fmt.Errorf("invalid zone limit field: %s", f.key)
		}
		if err != nil {
			return 0, 0, fmt.Errorf("failed to parse field %s", f.key)
		}
	}
	if !hasZone || !hasLimit {
		return 0, 0, errors.New("failed to parse zone limit")
	}
	return zone, limit, nil
}

// zoneList reads "zone=N1,N2".
func zoneList(text string) ([]uint16, error) {
	list, ok := strings.CutPrefix(text, "zone=")
	if !ok {
		return nil, fmt.Errorf("invalid argument %s", text)
	}
	var zones []uint16
	for _, word := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' }) {
		n, ok := scan(word, "", 16)
		if !ok {
			return nil, errors.New("invalid zone")
		}
		zones = append(zones, uint16(n))
	}
	if zones == nil {
		return nil, errors.New("invalid zone")
	}
	return zones, nil
}
