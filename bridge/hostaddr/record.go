// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package hostaddr

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"

	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// recordVersion is the version of records that this package reads and writes.
const recordVersion = 1

// The states of a record.
const (
	adding   = "adding"
	added    = "added"
	deleting = "deleting"
)

// A record is what was done for an address, in JSON.
type record struct {
	Version int    `json:"v"`
	State   string `json:"state"`
	Device  string `json:"device"`
	Netns   string `json:"netns,omitempty"`
	Owner   string `json:"owner,omitempty"`
	// Boot is the start of the machine in which Settings were read.
	Boot string `json:"boot"`
	// Route and Proxy say whether there was no route, and no proxy neighbour
	// entry, before.
	Route bool `json:"route,omitempty"`
	Proxy bool `json:"proxy,omitempty"`
	// Settings are the kernel parameters that were changed.
	Settings map[string]setting `json:"settings,omitempty"`

	config Config
	bridge string // UUID
}

// A setting is the value of a kernel parameter before it was changed, and since.
type setting struct {
	Before string `json:"was"`
	Now    string `json:"is"`
}

func decodeRecord(br *vswitch.Bridge, name, text string) (*record, error) {
	r := &record{bridge: br.UUID}
	if err := json.Unmarshal([]byte(text), r); err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	addr, err := netip.ParseAddr(name)
	switch {
	case err != nil:
		return nil, err
	case r.Version != recordVersion:
		return nil, errors.New("record: of another version")
	case r.State != adding && r.State != added && r.State != deleting:
		return nil, fmt.Errorf("record: state %q: not known", r.State)
	case r.Device == "":
		return nil, errors.New("record: names no device")
	}
	for key, s := range r.Settings {
		if !mayBeSet(key, r.Device, br.Name) || !isNumber(s.Before) || !isNumber(s.Now) {
			return nil, fmt.Errorf("record: parameter %q with %q: not one that is set for an address", key, s)
		}
	}
	r.config = Config{Bridge: br.Name, Device: r.Device, Addr: addr, SwitchNetns: r.Netns, Owner: r.Owner}
	return r, nil
}

// write makes the operation that writes the record.
func (r *record) write() (ovsdb.Operation, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return ovsdb.Operation{}, fmt.Errorf("record: %w", err)
	}
	key := mark.HostAddr + r.config.Addr.String()
	return ovsdb.Mutate(vswitch.TableBridge, []ovsdb.Mutation{
		ovsdb.Change("external_ids", ovsdb.DeleteFrom, []string{key}),
		ovsdb.Change("external_ids", ovsdb.InsertInto, map[string]string{key: string(text)}),
	}, ovsdb.ByUUID(r.bridge)), nil
}

// erase makes the operation that removes the record.
func (r *record) erase() ovsdb.Operation {
	return ovsdb.Mutate(vswitch.TableBridge, []ovsdb.Mutation{
		ovsdb.Change("external_ids", ovsdb.DeleteFrom, []string{mark.HostAddr + r.config.Addr.String()}),
	}, ovsdb.ByUUID(r.bridge))
}
