// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "errors"

// Sample sends some of the packets to the collectors of a row of the table Flow_Sample_Collector_Set (ovs-actions(7), "The
// sample action").
type Sample struct {
	// Probability is how many of 65535 packets are sent, at least 1.
	Probability uint16
	// CollectorSet is the row's id.
	CollectorSet uint32
	// ObsDomain and ObsPoint go along with the packet as the observation domain and point of IPFIX.
	ObsDomain, ObsPoint uint32
	// Port is the port that is sampled, which with a tunnel makes the tunnel's header a part of what is sent; 0 is none.
	Port uint32
	// Direction is the direction in which Port is sampled.
	Direction SampleDirection
}

// SampleDirection is the direction in which a Sample's port is passed.
type SampleDirection uint8

// The directions. SampleAny is the egress if the port is the one the packet leaves by, the ingress otherwise.
const (
	SampleAny SampleDirection = iota
	SampleIngress
	SampleEgress
)

// String is the action in the words of ovs-actions(7).
func (a Sample) String() string { return a.text(nil) }

func (a Sample) text(names *Names) string {
	var list args
	list.add(true, "probability=%d", a.Probability)
	list.add(true, "collector_set_id=%d", a.CollectorSet)
	list.add(true, "obs_domain_id=%d", a.ObsDomain)
	list.add(true, "obs_point_id=%d", a.ObsPoint)
	list.add(a.Port != 0, "sampling_port=%s", names.port(a.Port))
	list.add(a.Direction == SampleIngress, "ingress")
	list.add(a.Direction == SampleEgress, "egress")
	return list.of("sample")
}

func (a Sample) appendTo(b []byte, _ Version) ([]byte, error) {
	port, ok := port16(orAny(a.Port))
	switch {
	case a.Probability == 0:
		return b, errors.New("probability of 0")
	case !ok:
		return b, errPort16(a.Port)
	case a.Direction > SampleEgress:
		return b, errors.New("direction does not exist")
	}
	subtype, length := uint16(nxSample), uint16(24)
	switch {
	case a.Direction != SampleAny:
		subtype, length = nxSample3, 32
	case port != 0xffff:
		subtype, length = nxSample2, 32
	}
	b = be.AppendUint16(appendNicira(b, subtype, length), a.Probability)
	b = be.AppendUint32(b, a.CollectorSet)
	b = be.AppendUint32(b, a.ObsDomain)
	b = be.AppendUint32(b, a.ObsPoint)
	if length == 24 {
		return b, nil
	}
	return pad(append(be.AppendUint16(b, port), byte(a.Direction)), 5), nil
}

func decodeSample(b []byte, r *reader, subtype uint16) (Action, error) {
	a := Sample{Probability: r.u16(), CollectorSet: r.u32(), ObsDomain: r.u32(), ObsPoint: r.u32()}
	length := 24
	if subtype != nxSample {
		length = 32
		port := r.u16()
		a.Port = fromAny(port32(port))
		if port == 0 {
			return RawAction{b}, nil // port 0 is not the same as none
		}
	}
	if subtype == nxSample3 {
		a.Direction = SampleDirection(r.u8())
	}
	if a.Probability == 0 || a.Direction > SampleEgress {
		return nil, malformed(ErrBadActionArgument, "%v of direction %d", a, a.Direction)
	}
	return sized(b, length, a)
}
