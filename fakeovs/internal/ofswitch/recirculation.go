// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"fmt"
	"hash/maphash"
	"slices"
)

// recirculations are the IDs by which packets come back. Translations that are frozen alike have the same.
type recirculations struct {
	seed maphash.Seed
	last uint32
	// known are the newest ones, by a hash of what is frozen.
	known map[uint64]*frozen
	// fresh are the hashes of those that came of a trace.
	fresh   []uint64
	tracing bool
}

// maxRecirculationIDs is how many frozen translations are remembered for their IDs.
const maxRecirculationIDs = 1024

func newRecirculations() recirculations {
	return recirculations{seed: maphash.MakeSeed(), known: make(map[uint64]*frozen)}
}

// number gives a frozen translation the ID of one like it, or a new one.
func (r *recirculations) number(f *frozen) uint32 {
	h := r.hash(f)
	if old := r.known[h]; old != nil {
		return old.id
	}
	if len(r.known) >= maxRecirculationIDs {
		clear(r.known)
	}
	if r.last++; r.last == 0 {
		r.last = 1
	}
	r.known[h] = f
	if r.tracing {
		r.fresh = append(r.fresh, h)
	}
	return r.last
}

// release forgets what came of a trace, but for what still waits to be gone on with: nothing refers to it any more, and what
// comes next gets another ID.
func (r *recirculations) release(waiting []*fork) {
	r.fresh = slices.DeleteFunc(r.fresh, func(h uint64) bool {
		f := r.known[h]
		if f != nil && slices.ContainsFunc(waiting, func(w *fork) bool { return w.thawed != nil && w.thawed.id == f.id }) {
			return false
		}
		delete(r.known, h)
		return true
	})
}

func (r *recirculations) hash(f *frozen) uint64 {
	var h maphash.Hash
	h.SetSeed(r.seed)
	maphash.WriteComparable(&h, f.s)
	maphash.WriteComparable(&h, f.metadata)
	maphash.WriteComparable(&h, [5]uint64{
		f.inPort, uint64(f.table), uint64(len(f.stack)), uint64(f.mirrored), f.entry,
	})
	maphash.WriteComparable(&h, [2]bool{f.tracked, f.wasMPLS})
	if f.options != nil {
		maphash.WriteComparable(&h, *f.options)
	}
	for _, s := range f.stack {
		_ = h.WriteByte(s.bytes)
		for _, v := range s.value {
			maphash.WriteComparable(&h, v)
		}
	}
	for _, list := range [...]steps{f.steps, f.set} {
		for _, a := range list {
			fmt.Fprintf(&h, "%v,", a)
		}
		_ = h.WriteByte(';')
	}
	_, _ = h.Write(f.userdata)
	return h.Sum64()
}
