// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

// usage counts the entries of each link in a heap, so that which of several links with most entries loses one is the same as
// in Open vSwitch. The zero value is empty.
type usage struct {
	heap []*linkUsage
	of   map[*link]*linkUsage
}

type linkUsage struct {
	link  *link
	n, at int
}

// most is the link with most entries, nil if there are none.
func (u *usage) most() *link {
	if len(u.heap) == 0 {
		return nil
	}
	return u.heap[0].link
}

// add counts one more entry of a link.
func (u *usage) add(l *link) {
	e := u.of[l]
	if e == nil {
		if u.of == nil {
			u.of = make(map[*link]*linkUsage)
		}
		e = &linkUsage{link: l, at: len(u.heap)}
		u.of[l] = e
		u.heap = append(u.heap, e)
	}
	e.n++
	u.settle(e.at)
}

// remove counts one entry of a link less.
func (u *usage) remove(l *link) {
	e := u.of[l]
	if e == nil {
		return
	}
	if e.n--; e.n > 0 {
		u.settle(e.at)
		return
	}
	delete(u.of, l)
	last := len(u.heap) - 1
	u.put(u.heap[last], e.at)
	u.heap = u.heap[:last]
	if e.at < last {
		u.settle(e.at)
	}
}

func (u *usage) put(e *linkUsage, at int) { u.heap[at], e.at = e, at }

func (u *usage) swap(i, j int) {
	a, b := u.heap[i], u.heap[j]
	u.put(a, j)
	u.put(b, i)
}

// settle moves what is at a place of the heap up or down to where it belongs.
func (u *usage) settle(at int) {
	if at > 0 && u.heap[at].n > u.heap[(at-1)/2].n {
		for at > 0 && u.heap[at].n > u.heap[(at-1)/2].n {
			u.swap(at, (at-1)/2)
			at = (at - 1) / 2
		}
		return
	}
	for {
		most := at
		for child := 2*at + 1; child <= 2*at+2 && child < len(u.heap); child++ {
			if u.heap[child].n > u.heap[most].n {
				most = child
			}
		}
		if most == at {
			return
		}
		u.swap(at, most)
		at = most
	}
}
