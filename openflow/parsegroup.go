// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "strings"

// ParseGroup reads a group in the syntax of ovs-ofctl(8), such as
// "group_id=1,type=select,bucket=weight:5,actions=output:1". A command (add, modify, delete, add_or_mod, insert_bucket,
// remove_bucket) may stand in front; without one the group is added. "delete" alone deletes all groups. Errors are of
// type *SyntaxError.
func ParseGroup(text string, names *Names) (GroupMod, error) {
	p, err := whole(text)
	if err != nil {
		return GroupMod{}, err
	}
	g := groupParser{names: names}
	err = g.parse(p)
	return g.mod, within(text, err)
}

type groupParser struct {
	names *Names
	mod   GroupMod
	// hasID, hasType and hasBucket say what has been read.
	hasID, hasType, hasBucket bool
}

func (g *groupParser) parse(p piece) error {
	rest := p
	word := rest.token(separators)
	for command, name := range groupCommandNames {
		if word.s == name {
			g.mod.Command, p = command, rest
		}
	}
	if g.mod.Command == GroupDelete && p.trim().empty() {
		g.mod.ID = GroupAll
		return nil
	}
	head, buckets := p, p.from(len(p.s))
	if i := strings.Index(p.s, "bucket="); i >= 0 {
		head, buckets = p.to(i), p.from(i)
	}
	if err := head.each(g.word); err != nil {
		return err
	}
	if err := g.check(p, !buckets.empty()); err != nil {
		return err
	}
	for !buckets.empty() {
		buckets = buckets.from(len("bucket="))
		bucket := buckets
		if i := strings.Index(buckets.s, "bucket="); i >= 0 {
			bucket = buckets.to(i)
		}
		buckets = buckets.from(len(bucket.s))
		if err := g.bucket(bucket); err != nil {
			return err
		}
	}
	if g.mod.Type == GroupTypeIndirect && len(g.mod.Buckets) > 1 {
		return p.errorf("an indirect group has one bucket")
	}
	return nil
}

// word reads one of those that stand in front of the buckets.
func (g *groupParser) word(key, value piece) (known bool, err error) {
	m := &g.mod
	typed := m.Command == GroupAdd || m.Command == GroupModify || m.Command == GroupAddOrModify
	switch {
	case key.s == "group_id":
		g.hasID = true
		if m.ID, err = parseGroupID(value); err == nil && m.ID == PortAny {
			err = value.errorf("%q is not a group", value)
		}
	case key.s == "type" && typed:
		g.hasType = true
		err = m.Type.parse(value)
	case key.s == "command_bucket_id" && m.onBuckets():
		g.hasBucket = true
		m.CommandBucket, err = parseBucketID(value)
	case key.s == "selection_method" && typed:
		if m.Selection.Method = value.s; value.empty() || len(value.s) >= maxSelectionMethod {
			err = value.errorf("selection method %q is longer than %d bytes or empty", value, maxSelectionMethod-1)
		}
	case key.s == "selection_method_param" && typed:
		err = num(value, &m.Selection.Param)
	case key.s == "fields" && typed:
		err = value.each(g.field)
	default:
		return false, nil
	}
	return true, err
}

// maxSelectionMethod is the room that a message has for a method, with a zero at its end.
const maxSelectionMethod = 16

func (t *GroupType) parse(p piece) error {
	for i, name := range groupTypeNames {
		if p.s == name {
			*t = GroupType(i)
			return nil
		}
	}
	if p.s == "fast_failover" {
		*t = GroupTypeFastFailover
		return nil
	}
	return p.errorf("no type of group %q", p)
}

func parseBucketID(p piece) (id uint32, err error) {
	switch p.s {
	case "first":
		return BucketFirst, nil
	case "last":
		return BucketLast, nil
	case "all":
		return BucketAll, nil
	}
	if err = num(p, &id); err == nil && id > BucketMax {
		err = p.errorf("bucket %q is out of range", p)
	}
	return id, err
}

// field reads a field that a selection hashes, as a whole or in the bits of a value.
func (g *groupParser) field(key, value piece) (bool, error) {
	f, err := fieldNamed(key)
	if err != nil {
		return true, err
	}
	mf := MatchField{Field: f, Value: make([]byte, f.Bytes())}
	for i := range mf.Value {
		mf.Value[i] = f.fullMask(i)
	}
	if !value.empty() {
		if mf, err = f.parseValue(value, g.names); err == nil && (mf.Mask != nil || allZero(mf.Value)) {
			err = value.errorf("%q is not bits of %q", value, key)
		}
	}
	for _, have := range g.mod.Selection.Fields {
		if have.Field == f {
			return true, key.errorf("field %q stands twice", key)
		}
	}
	g.mod.Selection.Fields = append(g.mod.Selection.Fields, mf)
	return true, err
}

// check looks at what stands in front of the buckets as a whole.
func (g *groupParser) check(p piece, buckets bool) error {
	m := &g.mod
	typed := m.Command == GroupAdd || m.Command == GroupModify || m.Command == GroupAddOrModify
	switch {
	case !g.hasID:
		return p.errorf("group without group_id")
	case typed && !g.hasType:
		return p.errorf("group without type")
	case len(m.Selection.Fields) > 0 && m.Selection.Method != "hash":
		return p.errorf("fields stand without selection_method=hash")
	case m.Selection.Param != 0 && m.Selection.Method == "":
		return p.errorf("selection_method_param stands without selection_method")
	case m.Command == GroupInsertBucket && (!g.hasBucket || m.CommandBucket == BucketAll):
		return p.errorf("insert_bucket without the bucket in front of it")
	case buckets && (m.Command == GroupDelete || m.Command == GroupRemoveBucket):
		return p.errorf("%v with buckets", m.Command)
	}
	if m.Command == GroupRemoveBucket && !g.hasBucket {
		m.CommandBucket = BucketAll
	}
	return nil
}

// bucket reads what follows "bucket=".
func (g *groupParser) bucket(p piece) error {
	b := Bucket{Weight: defaultWeight(g.mod.Type)}
	a := actionParser{names: g.names}
	some := false
	for rest := p; ; {
		key, value, ok := rest.pair()
		if !ok {
			break
		}
		known, err := g.bucketWord(&b, key, value)
		if err == nil && !known {
			some = true
			if key.s == "actions" || key.s == "action" {
				key, value, _ = value.pair()
			}
			var actions []Action
			if actions, err = a.bucketAction(key, value); err == nil {
				b.Actions = append(b.Actions, actions...)
			}
		}
		if err != nil {
			return err
		}
	}
	watches := b.WatchPort != nil || b.WatchGroup != nil
	switch {
	case !some:
		return p.errorf("bucket has no actions")
	case g.mod.Type == GroupTypeFastFailover && !watches && g.mod.Command != GroupInsertBucket:
		return p.errorf("bucket of a fast failover group watches neither a port nor a group")
	case b.Weight != 0 && g.mod.Type != GroupTypeSelect && g.mod.Command != GroupInsertBucket:
		return p.errorf("only buckets of a select group have a weight")
	}
	g.mod.Buckets = append(g.mod.Buckets, b)
	return nil
}

// bucketAction is action with the word drop, which is no action.
func (a *actionParser) bucketAction(key, value piece) ([]Action, error) {
	if strings.EqualFold(key.s, "drop") {
		return nil, nil
	}
	return a.action(key, value)
}

func (g *groupParser) bucketWord(b *Bucket, key, value piece) (known bool, err error) {
	switch strings.ToLower(key.s) {
	case "weight":
		err = num(value, &b.Weight)
	case "watch_port":
		port, portErr := g.names.parsePort(value)
		switch err = portErr; {
		case err != nil:
		case port >= PortMax && port != PortAny && port != PortController:
			err = value.errorf("port %q is not watched", value)
		case port != PortAny:
			b.WatchPort = &port
		}
	case "watch_group":
		group, groupErr := parseGroupID(value)
		if err = groupErr; err == nil && group != PortAny {
			b.WatchGroup = &group
		}
	case "bucket_id":
		b.ID, err = parseBucketID(value)
	default:
		return false, nil
	}
	return true, err
}
