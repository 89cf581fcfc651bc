// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"fmt"
	"strings"
)

// GroupCommand says what a GroupMod does (OpenFlow 1.3.5, 7.3.4.2; OpenFlow 1.5.1, 7.3.4.3).
type GroupCommand uint16

// The commands. Those on buckets exist from OpenFlow 1.5 on; GroupAddOrModify is Open vSwitch's own.
const (
	GroupAdd          GroupCommand = 0
	GroupModify       GroupCommand = 1
	GroupDelete       GroupCommand = 2
	GroupInsertBucket GroupCommand = 3
	GroupRemoveBucket GroupCommand = 5
	GroupAddOrModify  GroupCommand = 0x8000
)

var groupCommandNames = map[GroupCommand]string{
	GroupAdd: "add", GroupModify: "modify", GroupDelete: "delete", GroupInsertBucket: "insert_bucket",
	GroupRemoveBucket: "remove_bucket", GroupAddOrModify: "add_or_mod",
}

// String is the command in the words of ovs-ofctl(8).
func (c GroupCommand) String() string {
	if name, ok := groupCommandNames[c]; ok {
		return name
	}
	return fmt.Sprintf("command %d", uint16(c))
}

// GroupMod changes the group table. It has no reply.
type GroupMod struct {
	Command GroupCommand
	// Group is the group. A delete needs its ID only, which may be GroupAll, and takes the flows that output there along.
	Group
	// CommandBucket is where GroupInsertBucket inserts behind, and what GroupRemoveBucket removes: a bucket's ID,
	// BucketFirst or BucketLast; BucketAll removes all.
	CommandBucket uint32
}

// String is the command, and the group as ovs-ofctl(8) reads both in OpenFlow 1.5.
func (m GroupMod) String() string { return m.Text(Version15) }

// Text is the command, and the group as ovs-ofctl(8) reads both in a version of the protocol.
func (m GroupMod) Text(v Version) string {
	var b strings.Builder
	switch {
	case m.Command == GroupDelete && m.ID == GroupAll:
		return "delete group_id=all"
	case m.Command == GroupDelete:
		return fmt.Sprintf("delete group_id=%d", m.ID)
	case m.onBuckets():
		fmt.Fprintf(&b, "%v group_id=%d,command_bucket_id=%s", m.Command, m.ID, bucketName(m.CommandBucket))
		writeBuckets(&b, v, m.Type, m.Buckets)
		return b.String()
	}
	return m.Command.String() + " " + m.Group.Text(v)
}

func bucketName(id uint32) string {
	switch id {
	case BucketFirst:
		return "first"
	case BucketLast:
		return "last"
	case BucketAll:
		return "all"
	}
	return fmt.Sprint(id)
}

func (m GroupMod) describe() string { return "group-mod " + m.String() }

func (m GroupMod) onBuckets() bool {
	return m.Command == GroupInsertBucket || m.Command == GroupRemoveBucket
}

func (m GroupMod) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	if _, ok := groupCommandNames[m.Command]; !ok {
		return b, 0, fmt.Errorf("group-mod command %d does not exist", m.Command)
	}
	if !v.newGroups() {
		if err := m.before15(v); err != nil {
			return b, 0, err
		}
	}
	if m.Command == GroupDelete {
		m.Buckets, m.Selection = nil, Selection{}
	}
	b = be.AppendUint16(b, uint16(m.Command))
	b = append(b, byte(m.Type), 0)
	b = be.AppendUint32(b, m.ID)
	if !v.newGroups() {
		b, err := appendBuckets(b, v, m.Type, m.Buckets)
		return b, typeGroupMod, err
	}
	if !m.onBuckets() {
		m.CommandBucket = BucketAll
	}
	b = be.AppendUint32(pad(b, 4), m.CommandBucket)
	start := len(b)
	b, err := appendBuckets(b, v, m.Type, m.Buckets)
	if err != nil {
		return b, 0, err
	}
	if len(b)-start > MaxMessage {
		return b, 0, errTooLong
	}
	be.PutUint16(b[start-8:], uint16(len(b)-start))
	b, err = m.Selection.append(b)
	return b, typeGroupMod, err
}

// before15 says what in the message a version before 1.5 cannot express.
func (m GroupMod) before15(v Version) error {
	switch {
	case m.onBuckets():
		return errVersion(v, m.Command.String()+" command")
	case m.Selection.Method != "" && m.Command != GroupDelete:
		return errVersion(v, "selection method of a group")
	}
	ids := bucketIDs(m.Buckets)
	for i := range m.Buckets {
		if id := ids(i); id != uint32(i) {
			return errVersion(v, fmt.Sprintf("number for a bucket: bucket %d is to be number %d", i, id))
		}
	}
	return nil
}

// decodeGroupMod reads a group-mod. Where it is loose, it is one that a switch has taken.
func decodeGroupMod(r *reader, v Version, loose bool) (Message, error) {
	m := GroupMod{Command: GroupCommand(r.u16())}
	m.Type = GroupType(r.u8())
	r.skip(1)
	m.ID = r.u32()
	if !v.newGroups() {
		if r.short {
			return nil, malformed(ErrBadRequestLen, "group-mod is too short")
		}
		if m.onBuckets() {
			return nil, malformed(ErrBadGroupCommand, "group-mod command %d in %v", m.Command, v)
		}
		var err error
		if m.Buckets, err = decodeBuckets(r.rest(), v, m.Type, loose); err != nil {
			return nil, err
		}
		if m.Command == GroupDelete && len(m.Buckets) > 0 {
			return nil, malformed(ErrInvalidGroup, "delete of a group with buckets")
		}
		return m.checked()
	}
	n := int(r.u16())
	r.skip(2)
	m.CommandBucket = r.u32()
	if r.short {
		return nil, malformed(ErrBadRequestLen, "group-mod is too short")
	}
	if !m.bucketAllowed() {
		return nil, malformed(ErrBadBucket, "%v of bucket %#x", m.Command, m.CommandBucket)
	}
	if !m.onBuckets() {
		m.CommandBucket = 0
	}
	list := r.bytes(n)
	if r.short {
		return nil, malformed(ErrBadRequestLen, "group-mod with room for less than its %d bytes of buckets", n)
	}
	var err error
	if m.Buckets, err = decodeBuckets(list, v, m.Type, loose); err != nil {
		return nil, err
	}
	if m.Selection, err = decodeGroupProperties(r.rest(), v, m.Type, loose); err != nil {
		return nil, err
	}
	if m.Selection.Method != "" && (m.Command == GroupDelete || m.onBuckets()) {
		return nil, malformed(ErrBadPropertyValue, "%v with a selection method", m.Command)
	}
	return m.checked()
}

// bucketAllowed reports whether the command may name its bucket.
func (m GroupMod) bucketAllowed() bool {
	switch b := m.CommandBucket; {
	case !m.onBuckets():
		return b == BucketAll
	case b == BucketAll:
		return m.Command == GroupRemoveBucket
	default:
		return b <= BucketMax || b == BucketFirst || b == BucketLast
	}
}

// checked returns what was decoded unless a switch refuses it whatever its group table is.
func (m GroupMod) checked() (Message, error) {
	_, exists := groupCommandNames[m.Command]
	switch {
	case m.Type > GroupTypeFastFailover:
		return nil, malformed(ErrBadGroupType, "group of type %d", m.Type)
	case m.Type == GroupTypeIndirect && m.Command != GroupDelete && len(m.Buckets) != 1:
		return nil, malformed(ErrInvalidGroup, "indirect group of %d buckets", len(m.Buckets))
	case !exists:
		return nil, malformed(ErrBadGroupCommand, "group-mod command %d", m.Command)
	case m.Command == GroupRemoveBucket && len(m.Buckets) > 0:
		return nil, malformed(ErrBadBucket, "%v with buckets", m.Command)
	case m.Command == GroupDelete:
		m.Buckets = nil
	}
	for _, b := range m.Buckets {
		watches := b.WatchPort != nil || b.WatchGroup != nil
		switch {
		case b.Weight != 0 && m.Type != GroupTypeSelect && m.Command != GroupInsertBucket:
			return nil, malformed(ErrInvalidGroup, "group of type %v with a weight", m.Type)
		case watches && (m.Type == GroupTypeAll || m.Type == GroupTypeIndirect):
			return nil, malformed(ErrWatchUnsupported, "group of type %v that watches", m.Type)
		case !watches && m.Type == GroupTypeFastFailover:
			return nil, malformed(ErrInvalidGroup, "fast failover group with a bucket that watches nothing")
		}
	}
	return m, nil
}
