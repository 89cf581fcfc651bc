// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"bytes"
	"encoding/json"
	"slices"
)

// textOrder is the order in which members of objects stand in a schema's text: the tables, and the columns of each
// table. It decides, with the names, in which order ovsdb-server has them.
type textOrder struct {
	tables  []string
	columns map[string][]string
}

// orderOf takes the order from the text of a schema, which is valid JSON.
func orderOf(text []byte) textOrder {
	o := textOrder{columns: map[string][]string{}}
	var schema struct {
		Tables json.RawMessage `json:"tables"`
	}
	if json.Unmarshal(text, &schema) != nil {
		return o // has no order that could be kept
	}
	var tables map[string]struct {
		Columns json.RawMessage `json:"columns"`
	}
	if json.Unmarshal(schema.Tables, &tables) != nil {
		return o
	}
	o.tables = topMembers(schema.Tables)
	for name, t := range tables {
		o.columns[name] = topMembers(t.Columns)
	}
	return o
}

// topMembers returns the names of an object's members in the order of the text.
func topMembers(object []byte) (names []string) {
	d := json.NewDecoder(bytes.NewReader(object))
	if first, err := d.Token(); err != nil || first != json.Delim('{') {
		return nil
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return names
		}
		if n := name.(string); !slices.Contains(names, n) {
			names = append(names, n)
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return names
		}
	}
	return names
}

// names returns the names of an object's members in the order in which they came if that is known, else sorted.
func (o textOrder) names(known []string, object map[string]any) []string {
	if len(known) == len(object) {
		return known
	}
	return sortedNames(object)
}

// storedOrder is the order of a hash table that is filled from an object, written as an object, read from that text, and
// filled again: so a schema gets from the file for ovsdb-tool into the server. The standard names are there before.
func storedOrder(names []string, standard ...string) []string {
	fill := func(names []string) []string {
		all := append(slices.Clone(standard), hashOrder(names)...)
		return hashOrder(all)
	}
	own := func(names []string) []string {
		return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(standard, name) })
	}
	return fill(hashOrder(own(fill(names))))
}
