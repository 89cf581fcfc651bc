// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import "github.com/ovskit/ovskit/fakeovs/internal/datapath"

// Feature is something that the datapath can do, and that translations may be kept from making use of, by the name that
// dpif/set-dp-features has for it (ovs-vswitchd(8)).
type Feature string

// The features. Their amounts are 1 but for that of FeatureSample, which is how many may be in one another.
const (
	FeatureClone       Feature = "clone"
	FeatureSample      Feature = "sample_nesting"
	FeatureCheckLength Feature = "check_pkt_len"
	FeatureTruncate    Feature = "trunc"
	FeatureAddMPLS     Feature = "add_mpls"
	FeatureForget      Feature = "ct_clear"
)

// LimitFeature sets how much of a feature translations may make use of. Names that are none of the above are nothing that
// they would make use of less.
func (s *Bridge) LimitFeature(f Feature, amount int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.limits == nil {
		s.limits = make(map[Feature]int)
	}
	s.limits[f] = amount
}

// can reports whether so much of a feature may be made use of.
func (x *translation) can(f Feature, amount int) bool {
	limit, limited := x.s.limits[f]
	return !limited || limit >= amount
}

// needs notes that the datapath cannot do by itself what is to be done, if it is kept from it.
func (x *translation) needs(f Feature) {
	if !x.can(f, 1) {
		x.slow |= slowAction
	}
}

// sampleDepth is how many samples in one another a datapath has to be able to do for one of all packets to stand for a copy.
const sampleDepth = 4

// cloned is the action of the datapath that does others on a copy of the packet; nil if it has none.
func (x *translation) cloned(inner []datapath.Action) datapath.Action {
	switch {
	case x.can(FeatureClone, 1):
		return datapath.Clone{Actions: inner}
	case x.can(FeatureSample, sampleDepth):
		return datapath.Sample{Probability: 1<<32 - 1, Actions: inner}
	}
	return nil
}

// maxOutputs is how many outputs a datapath does of one packet, as many as the queue of Linux for received packets has.
const maxOutputs = 1000

// countOutputs notes that the datapath cannot do so many outputs as there are.
func (x *translation) countOutputs() {
	n := 0
	for _, a := range x.actions {
		if _, ok := a.(datapath.Output); ok {
			n++
		}
	}
	if n > maxOutputs {
		x.slow |= slowAction
	}
}
