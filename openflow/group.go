// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"fmt"
	"strings"
)

// GroupAll stands for every group where a delete or a request may name one. Groups have numbers up to GroupMax.
const (
	GroupMax uint32 = 0xffffff00
	GroupAll uint32 = 0xfffffffc
)

// Group is an entry of the group table (OpenFlow 1.3.5, 5.6): a list of buckets, and how one or several of them are
// chosen for a packet.
type Group struct {
	ID   uint32
	Type GroupType
	// Selection is how a select group chooses; its zero value leaves that to the switch. It is an extension that Open
	// vSwitch has in OpenFlow 1.5 only (ovs-ofctl(8), "selection_method").
	Selection Selection
	Buckets   []Bucket
}

// GroupType is how a group uses its buckets (OpenFlow 1.3.5, 5.6.1).
type GroupType uint8

// The types: all buckets, one by a choice of the switch, the only one, the first that is live.
const (
	GroupTypeAll GroupType = iota
	GroupTypeSelect
	GroupTypeIndirect
	GroupTypeFastFailover
)

// String is the type in the words of ovs-ofctl(8), such as "ff".
func (t GroupType) String() string {
	if int(t) >= len(groupTypeNames) {
		return "unknown"
	}
	return groupTypeNames[t]
}

var groupTypeNames = []string{"all", "select", "indirect", "ff"}

// Selection is how a select group chooses a bucket.
type Selection struct {
	// Method is "hash" or "dp_hash", at most 15 bytes; empty is the switch's own way.
	Method string
	Param  uint64
	// Fields are what "hash" hashes. The Value of each is the bits of the field that count; there is no Mask.
	Fields []MatchField
}

// Bucket is a list of actions of a group.
type Bucket struct {
	// ID is the bucket's number in its group, at most BucketMax. Versions before 1.5 number the buckets from zero on in
	// their order; so are buckets numbered that all have the ID zero.
	ID uint32
	// Weight is the bucket's share in a select group, 0 in others.
	Weight uint16
	// WatchPort and WatchGroup make the bucket live while they are; nil is not to watch.
	WatchPort, WatchGroup *uint32
	Actions               []Action
}

// The numbers of buckets. The last three are for GroupInsertBucket and GroupRemoveBucket.
const (
	BucketMax   uint32 = 0xffffff00
	BucketFirst uint32 = 0xfffffffd
	BucketLast  uint32 = 0xfffffffe
	BucketAll   uint32 = 0xffffffff
)

// String is the group as ovs-ofctl(8) writes it in OpenFlow 1.5.
func (g Group) String() string { return g.Text(Version15) }

// Text is the group as ovs-ofctl(8) writes and reads it in a version of the protocol, such as
// "group_id=1,type=select,bucket=weight:100,actions=output:1". Versions before 1.5 have no numbers of buckets.
func (g Group) Text(v Version) string {
	var b strings.Builder
	fmt.Fprintf(&b, "group_id=%d,type=%v", g.ID, g.Type)
	g.Selection.write(&b)
	writeBuckets(&b, v, g.Type, g.Buckets)
	return b.String()
}

func (s Selection) write(b *strings.Builder) {
	if s.Method == "" {
		return
	}
	b.WriteString(",selection_method=" + s.Method)
	if s.Param != 0 {
		fmt.Fprintf(b, ",selection_method_param=%d", s.Param)
	}
	names := make([]string, len(s.Fields))
	for i, f := range s.Fields {
		names[i] = f.Field.String()
		if !f.wholeField() {
			names[i] += "=" + f.valueText(nil)
		}
	}
	switch len(names) {
	case 0:
	case 1:
		b.WriteString(",fields=" + names[0])
	default:
		b.WriteString(",fields(" + strings.Join(names, ",") + ")")
	}
}

// wholeField reports whether all bits of the value are set.
func (f MatchField) wholeField() bool {
	for i, x := range f.Value {
		if x != f.Field.fullMask(i) {
			return false
		}
	}
	return true
}

func writeBuckets(b *strings.Builder, v Version, t GroupType, buckets []Bucket) {
	ids := bucketIDs(buckets)
	for i, bucket := range buckets {
		b.WriteString(",bucket=")
		if v >= Version15 {
			fmt.Fprintf(b, "bucket_id:%d,", ids(i))
		}
		if bucket.Weight != defaultWeight(t) {
			fmt.Fprintf(b, "weight:%d,", bucket.Weight)
		}
		if bucket.WatchPort != nil {
			fmt.Fprintf(b, "watch_port:%s,", portString(*bucket.WatchPort))
		}
		if bucket.WatchGroup != nil {
			fmt.Fprintf(b, "watch_group:%d,", *bucket.WatchGroup)
		}
		b.WriteString("actions=" + Instructions{Apply: bucket.Actions}.String())
	}
}

// bucketIDs gives the number of each bucket.
func bucketIDs(buckets []Bucket) func(i int) uint32 {
	for _, b := range buckets {
		if b.ID != 0 {
			return func(i int) uint32 { return buckets[i].ID }
		}
	}
	return func(i int) uint32 { return uint32(i) }
}

// defaultWeight is the weight of a bucket that says nothing of it.
func defaultWeight(t GroupType) uint16 {
	if t == GroupTypeSelect {
		return 1
	}
	return 0
}
