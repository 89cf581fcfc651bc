// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"encoding/json"
	"fmt"

	"github.com/ovskit/ovskit/internal/linkconf"
	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// What an update takes from an interface in its namespace is written down with the
// new config, and struck out when it is gone. A program that is killed in between
// has then left nothing that the next one does not know of.

// defaultMTU is that of a device for which no MTU is asked any longer.
const defaultMTU = 1500

// leavingOf is what an interface has, or may have after an update that was broken
// off, and is not to have. Its MTU is the one that was asked for and is not any
// longer.
func leavingOf(wanted, before *Config, iface *vswitch.Interface) (gone linkconf.Config, err error) {
	if !wanted.hasInterface() {
		return gone, nil
	}
	gone = taken(before, wanted)
	text, ok := iface.ExternalIDs[mark.Leaving]
	if !ok {
		return gone, nil
	}
	var earlier linkconf.Config
	if err := json.Unmarshal([]byte(text), &earlier); err != nil {
		return gone, fmt.Errorf("external_ids:%s: %w", mark.Leaving, err)
	}
	if gone.MTU == 0 && wanted.MTU == 0 {
		gone.MTU = earlier.MTU
	}
	more := earlier.Without(wanted.link()).Without(gone)
	gone.Addrs, gone.Routes = append(gone.Addrs, more.Addrs...), append(gone.Routes, more.Routes...)
	return gone, nil
}

// taken is what the interface of one config has and that of another is not to have.
func taken(from, to *Config) linkconf.Config {
	gone := from.link().Without(to.link())
	if to.MTU == 0 {
		gone.MTU = from.MTU
	}
	return gone
}

func isZero(c linkconf.Config) bool { return len(c.Addrs) == 0 && len(c.Routes) == 0 && c.MTU == 0 }

func encodeLeaving(c linkconf.Config) (string, error) {
	text, err := json.Marshal(c)
	return string(text), err
}
