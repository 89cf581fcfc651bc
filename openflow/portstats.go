// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"context"
	"time"
)

// PortStats are the counters of a port. A counter that the switch does not keep is CounterUnknown.
type PortStats struct {
	Port uint32
	// Duration is how long the port has existed; negative is not known.
	Duration                                             time.Duration
	RxPackets, TxPackets, RxBytes, TxBytes               uint64
	RxDropped, TxDropped, RxErrors, TxErrors             uint64
	RxFrameErrors, RxOverErrors, RxCRCErrors, Collisions uint64
	// Sizes are counters by the length and kind of packets, and Custom are those of the port's driver. Versions before 1.4
	// leave both out.
	Sizes  *PortSizeStats
	Custom []CustomCounter
}

// PortStatsRequest asks for the counters of a port (OpenFlow 1.3.5, 7.3.5.6). Port 0 is every port.
type PortStatsRequest struct{ Port uint32 }

// PortStatsReply is one part of the answer to a PortStatsRequest.
type PortStatsReply struct {
	Ports []PortStats
	// More says that another part follows.
	More bool
}

// PortStats returns the counters of a port, or of all with port 0.
func (c *Conn) PortStats(ctx context.Context, port uint32) ([]PortStats, error) {
	return gather(ctx, c, PortStatsRequest{port}, func(m PortStatsReply) []PortStats { return m.Ports })
}

func (PortStatsRequest) describe() string { return "port statistics request" }
func (PortStatsReply) describe() string   { return "port statistics reply" }

func (m PortStatsRequest) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	return pad(be.AppendUint32(appendMultipart(b, multipartPort, false), orAny(m.Port)), 4), typeMultipartRequest, nil
}

func decodePortStatsRequest(r *reader) (Message, error) {
	port, err := decodePortOrAny(r)
	if err != nil {
		return nil, err
	}
	r.skip(4)
	return ended(r, PortStatsRequest{port})
}

// decodePortOrAny reads the port that a request is about, where any port becomes 0.
func decodePortOrAny(r *reader) (uint32, error) {
	port := r.u32()
	if _, ok := port16(port); !ok {
		return 0, malformed(ErrBadOutPort, "request about port %#x", port)
	}
	if port == 0 && !r.short {
		return 0, malformed(ErrBadPort, "request about port 0")
	}
	return fromAny(port), nil
}

func (m PortStatsReply) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	b = appendMultipart(b, multipartPort, m.More)
	for _, s := range m.Ports {
		if v < Version14 {
			b = appendPortStats13(b, s)
			continue
		}
		var err error
		if b, err = appendPortStats14(b, s); err != nil {
			return b, 0, err
		}
	}
	return b, typeMultipartReply, nil
}

func decodePortStatsReply(r *reader, v Version, more bool) (Message, error) {
	m := PortStatsReply{More: more}
	for len(r.b) > 0 {
		s, err := PortStats{}, error(nil)
		if v < Version14 {
			s = decodePortStats13(r)
		} else {
			s, err = decodePortStats14(r, v)
		}
		if err != nil {
			return nil, err
		}
		m.Ports = append(m.Ports, s)
	}
	return checked(r, m)
}

// counters are those that every version has, in the order of the wire.
func (s *PortStats) counters() []*uint64 {
	return []*uint64{&s.RxPackets, &s.TxPackets, &s.RxBytes, &s.TxBytes, &s.RxDropped, &s.TxDropped, &s.RxErrors, &s.TxErrors}
}

// ethernetCounters are those that OpenFlow 1.4 has in a property, in the order of the wire.
func (s *PortStats) ethernetCounters() []*uint64 {
	return []*uint64{&s.RxFrameErrors, &s.RxOverErrors, &s.RxCRCErrors, &s.Collisions}
}

func appendCounters(b []byte, counters []*uint64) []byte {
	for _, c := range counters {
		b = be.AppendUint64(b, *c)
	}
	return b
}

func decodeCounters(r *reader, counters []*uint64) {
	for _, c := range counters {
		*c = r.u64()
	}
}

func appendPortStats13(b []byte, s PortStats) []byte {
	b = pad(be.AppendUint32(b, s.Port), 4)
	b = appendCounters(appendCounters(b, s.counters()), s.ethernetCounters())
	return appendAge(b, s.Duration)
}

func decodePortStats13(r *reader) (s PortStats) {
	s.Port = r.u32()
	r.skip(4)
	decodeCounters(r, s.counters())
	decodeCounters(r, s.ethernetCounters())
	s.Duration = decodeAge(r)
	return s
}
