// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"bytes"
	"fmt"
)

// The properties of buckets (OpenFlow 1.5.1, 7.3.4.2) and the one of groups, which is Netronome's.
const (
	bucketWeight     = 0
	bucketWatchPort  = 1
	bucketWatchGroup = 2

	groupSelectionMethod = 1
	selectionMethodLen   = 16
)

// appendBuckets appends the buckets of a group of a type.
func appendBuckets(b []byte, v Version, t GroupType, buckets []Bucket) ([]byte, error) {
	ids := bucketIDs(buckets)
	for i, bucket := range buckets {
		var err error
		if v.newGroups() {
			b, err = appendBucket15(b, v, t, ids(i), bucket)
		} else {
			b, err = appendBucket13(b, v, bucket)
		}
		if err != nil {
			return b, fmt.Errorf("bucket %d: %w", i, err)
		}
	}
	return b, nil
}

func appendBucket13(b []byte, v Version, bucket Bucket) ([]byte, error) {
	start := len(b)
	b = be.AppendUint16(be.AppendUint16(b, 0), bucket.Weight)
	b = be.AppendUint32(b, watched(bucket.WatchPort))
	b = pad(be.AppendUint32(b, watched(bucket.WatchGroup)), 4)
	b, err := appendActions(b, v, bucket.Actions)
	if err != nil {
		return b, err
	}
	return putLength(b, start, 0)
}

func appendBucket15(b []byte, v Version, t GroupType, id uint32, bucket Bucket) ([]byte, error) {
	start := len(b)
	b = be.AppendUint32(pad(b, 4), id)
	b, err := appendActions(b, v, bucket.Actions)
	if err != nil {
		return b, err
	}
	actions := len(b) - start - 8
	if t == GroupTypeSelect || bucket.Weight != 0 {
		b = appendProperty16(b, bucketWeight, bucket.Weight)
	}
	if bucket.WatchPort != nil {
		b = appendProperty32(b, bucketWatchPort, *bucket.WatchPort)
	}
	if bucket.WatchGroup != nil {
		b = appendProperty32(b, bucketWatchGroup, *bucket.WatchGroup)
	}
	if b, err = putLength(b, start, 0); err == nil {
		be.PutUint16(b[start+2:], uint16(actions))
	}
	return b, err
}

// watched is the wire's value for what a bucket watches.
func watched(n *uint32) uint32 {
	if n == nil {
		return PortAny // OFPG_ANY is the same number
	}
	return *n
}

func fromWatched(n uint32) *uint32 {
	if n == PortAny {
		return nil
	}
	return &n
}

// decodeBuckets reads a list of buckets that fills b. Where it is loose, it passes over properties without a meaning, and
// actions that would be refused stay raw.
func decodeBuckets(b []byte, v Version, t GroupType, loose bool) ([]Bucket, error) {
	header := 16
	if v.newGroups() {
		header = 8
	}
	buckets := listFor[Bucket](countEntries(b, header))
	seen := make(map[uint32]bool, cap(buckets))
	for len(b) > 0 {
		n := 0
		if len(b) >= 2 {
			n = int(be.Uint16(b))
		}
		if n < header || n > len(b) {
			return nil, malformed(ErrBadBucket, "bucket of %d bytes in a list with room for %d", n, len(b))
		}
		r := &reader{b: b[2:n:n]}
		var bucket Bucket
		var err error
		if v.newGroups() {
			bucket, err = decodeBucket15(r, v, t, loose)
		} else {
			bucket, err = decodeBucket13(r, v, loose)
			bucket.ID = uint32(len(buckets))
		}
		if err != nil {
			return nil, err
		}
		if seen[bucket.ID] {
			return nil, malformed(ErrBadBucket, "two buckets %d", bucket.ID)
		}
		seen[bucket.ID] = true
		buckets, b = append(buckets, bucket), b[n:]
	}
	return buckets, nil
}

func decodeBucket13(r *reader, v Version, loose bool) (bucket Bucket, err error) {
	bucket.Weight = r.u16()
	port := r.u32()
	bucket.WatchPort, bucket.WatchGroup = fromWatched(port), fromWatched(r.u32())
	r.skip(4)
	if bucket.Actions, err = decodeActions(r.rest(), v, loose); err != nil {
		return bucket, err
	}
	return bucket, checkWatchPort(port)
}

func decodeBucket15(r *reader, v Version, t GroupType, loose bool) (bucket Bucket, err error) {
	n := int(r.u16())
	bucket.ID = r.u32()
	actions := r.bytes(n)
	if r.short {
		return bucket, malformed(ErrBadBucket, "bucket with room for less than its %d bytes of actions", n)
	}
	if bucket.Actions, err = decodeActions(actions, v, loose); err != nil {
		return bucket, err
	}
	bucket.Weight = defaultWeight(t)
	port := PortAny
	err = decodeProperties(r.rest(), v, func(p property) (err error) {
		var group uint32
		switch {
		case p.typ == bucketWeight:
			bucket.Weight, err = p.u16(v, "bucket")
		case p.typ == bucketWatchPort:
			port, err = p.u32(v, "bucket")
		case p.typ == bucketWatchGroup:
			group, err = p.u32(v, "bucket")
			bucket.WatchGroup = fromWatched(group)
		case !loose:
			err = p.unknown(v, "bucket")
		}
		return err
	})
	if err != nil {
		return bucket, err
	}
	bucket.WatchPort = fromWatched(port)
	if bucket.ID > BucketMax {
		return bucket, malformed(ErrBadBucket, "bucket %#x", bucket.ID)
	}
	return bucket, checkWatchPort(port)
}

func checkWatchPort(port uint32) error {
	if _, ok := port16(port); !ok {
		return malformed(ErrBadWatch, "bucket that watches port %#x", port)
	}
	return nil
}

// append appends the selection method as a property, or nothing if there is none.
func (s Selection) append(b []byte) ([]byte, error) {
	if s.Method == "" {
		return b, nil
	}
	start := len(b)
	b = pad(appendExperimenterProperty(b, experimenterNetronome, groupSelectionMethod), 4)
	b, err := appendCString(b, s.Method, selectionMethodLen)
	if err != nil {
		return b, fmt.Errorf("selection method: %w", err)
	}
	b = be.AppendUint64(b, s.Param)
	for _, f := range s.Fields {
		if f.Mask != nil {
			return b, fmt.Errorf("selection method: field %v has a mask besides its value", f.Field)
		}
		if b, err = appendField(b, f); err != nil {
			return b, fmt.Errorf("selection method: %w", err)
		}
	}
	return endProperty(b, start)
}

// decodeGroupProperties reads the properties of a group, which fill b.
func decodeGroupProperties(b []byte, v Version, t GroupType, loose bool) (s Selection, err error) {
	err = decodeProperties(b, v, func(p property) (err error) {
		if p.expType != groupSelectionMethod ||
			p.experimenter != experimenterNetronome && p.experimenter != experimenterNetronomeCompat {
			if loose {
				return nil
			}
			return p.unknown(v, "group")
		}
		if t != GroupTypeSelect {
			return malformed(ErrBadPropertyValue, "selection method of a group of type %v", t)
		}
		s, err = decodeSelection(p, v)
		return err
	})
	return s, err
}

func decodeSelection(p property, v Version) (s Selection, err error) {
	r := &reader{b: p.body}
	r.skip(4)
	method := r.bytes(selectionMethodLen)
	s.Param = r.u64()
	if r.short {
		return s, p.badLen(v, "group")
	}
	s.Method = cString(method)
	if !bytes.Contains(method, []byte{0}) || s.Method != "hash" && s.Method != "dp_hash" {
		return s, malformed(ErrBadPropertyValue, "selection method %q", method)
	}
	if len(r.b) > 0 && s.Method != "hash" {
		return s, malformed(ErrBadPropertyValue, "selection method %q with fields", s.Method)
	}
	seen := map[Field]bool{}
	for len(r.b) > 0 {
		f, err := decodeField(r)
		switch {
		case err != nil:
			return s, err
		case f.Mask != nil:
			return s, malformed(ErrBadMask, "selection method with field %v that has a mask", f.Field)
		case seen[f.Field] && f.Field != FieldUnknown:
			return s, malformed(ErrDupField, "selection method with field %v twice", f.Field)
		}
		seen[f.Field] = true
		s.Fields = append(s.Fields, f)
	}
	return s, nil
}
