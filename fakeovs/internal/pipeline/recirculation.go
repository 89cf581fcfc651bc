// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"fmt"
	"hash/maphash"
	"slices"
	"time"
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
	// released can still be found by their IDs for a while.
	released []released
}

type released struct {
	*frozen
	at time.Time
}

// releasedFor is how long a frozen translation can be found to which nothing refers any more.
const releasedFor = 500 * time.Millisecond

// maxRecirculationIDs is how many frozen translations are remembered for their IDs.
const maxRecirculationIDs = 1024

func newRecirculations() recirculations {
	return recirculations{seed: maphash.MakeSeed(), known: make(map[uint64]*frozen)}
}

// number gives a frozen translation the ID of one like it, or a new one if there is none, or that has not been used for so
// long that no flow of the datapath can refer to it any more.
func (r *recirculations) number(f *frozen, now time.Time, use bool) uint32 {
	h := r.hash(f)
	if old := r.known[h]; old != nil && now.Sub(old.used) <= maxIdle {
		if use && !r.tracing {
			old.used = now
		}
		return old.id
	}
	f.used = now
	if len(r.known) >= maxRecirculationIDs {
		clear(r.known)
	}
	id := r.take()
	r.known[h] = f
	if r.tracing {
		r.fresh = append(r.fresh, h)
	}
	return id
}

// take is an ID that nothing has yet.
func (r *recirculations) take() uint32 {
	if r.last++; r.last == 0 {
		r.last = 1
	}
	return r.last
}

// release forgets what came of a trace, but for what still waits to be gone on with: nothing refers to it any more, and what
// comes next gets another ID.
func (r *recirculations) release(waiting []*fork, now time.Time) {
	r.expire(now)
	r.fresh = slices.DeleteFunc(r.fresh, func(h uint64) bool {
		f := r.known[h]
		if f != nil && slices.ContainsFunc(waiting, func(w *fork) bool { return w.thawed != nil && w.thawed.id == f.id }) {
			return false
		}
		delete(r.known, h)
		if f != nil {
			r.released = append(r.released, released{f, now})
		}
		return true
	})
}

func (r *recirculations) expire(now time.Time) {
	r.released = slices.DeleteFunc(r.released, func(f released) bool { return now.Sub(f.at) > releasedFor })
}

// find is the frozen translation with an ID, nil if there is none any more.
func (r *recirculations) find(id uint32, now time.Time) *frozen {
	if id == 0 {
		return nil
	}
	r.expire(now)
	for _, f := range r.released {
		if f.id == id {
			return f.frozen
		}
	}
	for _, f := range r.known {
		if f.id == id {
			return f
		}
	}
	return nil
}

// Recirculated finds where packets that come back with an ID were frozen, and the port by which they had come in.
func (d *Datapath) Recirculated(id uint32) (s *Bridge, port uint32, ok bool) {
	d.tables.Lock()
	defer d.tables.Unlock()
	f := d.recirculations.find(id, d.now())
	if f == nil {
		return nil, 0, false
	}
	return f.s, uint32(f.inPort), true
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
