// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

// members are the flows that send to a group. When one leaves, the last one takes its place, as in Open vSwitch: that is
// the order in which the flows go with the group.
type members struct {
	list []*Flow
	// at says where a flow is in the list, and times how often it sends to the group.
	at    map[*Flow]int
	times map[*Flow]int
	// references is how often all of them do.
	references uint32
}

func newMembers() *members { return &members{at: make(map[*Flow]int), times: make(map[*Flow]int)} }

// count notes that a flow sends to the group once more or, by -1, once less.
func (m *members) count(f *Flow, by int) {
	if by > 0 {
		if m.times[f]++; m.times[f] == 1 {
			m.at[f] = len(m.list)
			m.list = append(m.list, f)
		}
		m.references++
		return
	}
	if m.times[f] == 0 {
		return
	}
	m.references--
	if m.times[f]--; m.times[f] > 0 {
		return
	}
	last := len(m.list) - 1
	i := m.at[f]
	m.list[i] = m.list[last]
	m.at[m.list[i]] = i
	m.list[last] = nil
	m.list = m.list[:last]
	delete(m.at, f)
	delete(m.times, f)
}
