// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"math"
	"slices"
)

// orderedJSON is an object whose members have an order.
type orderedJSON []objectMember

type objectMember struct {
	name  string
	value any
}

func sortedOrder(names []string) []string { return slices.Sorted(slices.Values(names)) }

// json returns the schema as get_schema answers it: like ovsdb-server's, it has no members that say what is so anyway.
// Tables and columns are put in order.
func (s *Schema) json(order func(names []string) []string) map[string]any {
	o := map[string]any{"name": s.Name}
	if s.Version != "" {
		o["version"] = s.Version
	}
	if s.cksum != "" {
		o["cksum"] = s.cksum
	}
	allRoot := true
	for _, t := range s.tables {
		allRoot = allRoot && t.root
	}
	tables := make(orderedJSON, 0, len(s.tables))
	for _, name := range order(s.order) {
		tables = append(tables, objectMember{name, s.tables[name].json(allRoot, order)})
	}
	o["tables"] = tables
	return o
}

// json leaves isRoot out if it is the default.
func (t *tableSchema) json(defaultRoot bool, order func(names []string) []string) map[string]any {
	var names []string
	for _, c := range t.hashed {
		if c.index >= firstColumn {
			names = append(names, c.name)
		}
	}
	columns := make(orderedJSON, 0, len(names))
	for _, name := range order(names) {
		columns = append(columns, objectMember{name, t.byName[name].json()})
	}
	o := map[string]any{"columns": columns}
	if !t.mutable {
		o["mutable"] = false
	}
	if t.root != defaultRoot {
		o["isRoot"] = t.root
	}
	if t.maxRows != Unlimited {
		o["maxRows"] = t.maxRows
	}
	if len(t.indexes) > 0 {
		indexes := make([]any, len(t.indexes))
		for i, columns := range t.indexes {
			names := make([]any, len(columns))
			for j, c := range columns {
				names[j] = c.name
			}
			indexes[i] = names
		}
		o["indexes"] = indexes
	}
	return o
}

func (c *column) json() map[string]any {
	o := map[string]any{"type": c.typ.json()}
	if !c.mutable {
		o["mutable"] = false
	}
	if c.ephemeral {
		o["ephemeral"] = true
	}
	return o
}

func (t *Type) json() any {
	key := t.Key.json()
	if _, plain := key.(string); plain && t.isScalar() {
		return key
	}
	o := map[string]any{"key": key}
	if t.isMap() {
		o["value"] = t.Value.json()
	}
	if t.Min != 1 {
		o["min"] = t.Min
	}
	if t.Max == Unlimited {
		o["max"] = "unlimited"
	} else if t.Max != 1 {
		o["max"] = t.Max
	}
	return o
}

// json is the name of the type if there are no constraints.
func (b *BaseType) json() any {
	o := map[string]any{}
	if b.Enum != nil {
		o["enum"] = Value{*b.Enum, b.enumType()}
	}
	if b.MinInt != math.MinInt64 {
		o["minInteger"] = b.MinInt
	}
	if b.MaxInt != math.MaxInt64 {
		o["maxInteger"] = b.MaxInt
	}
	if b.MinReal != -math.MaxFloat64 {
		o["minReal"] = b.MinReal
	}
	if b.MaxReal != math.MaxFloat64 {
		o["maxReal"] = b.MaxReal
	}
	if b.MinLen != 0 {
		o["minLength"] = b.MinLen
	}
	if b.MaxLen != Unlimited {
		o["maxLength"] = b.MaxLen
	}
	if b.RefTable != "" {
		o["refTable"] = b.RefTable
		if b.Weak {
			o["refType"] = "weak"
		}
	}
	if len(o) == 0 {
		return b.Kind.String()
	}
	o["type"] = b.Kind.String()
	return o
}

// enumType is the type of the list of the values that are allowed.
func (b *BaseType) enumType() *Type { return &Type{Key: baseType(b.Kind), Min: 1, Max: Unlimited} }
