// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// PortSizeStats are counters of packets by their length in bytes and by their kind (RFC 2819, etherStats), which Open
// vSwitch sends in OpenFlow 1.4 and later. A counter that the switch does not keep is CounterUnknown.
type PortSizeStats struct {
	Rx1To64, Rx65To127, Rx128To255, Rx256To511, Rx512To1023, Rx1024To1522, Rx1523ToMax uint64
	Tx1To64, Tx65To127, Tx128To255, Tx256To511, Tx512To1023, Tx1024To1522, Tx1523ToMax uint64
	TxMulticast, RxBroadcast, TxBroadcast                                              uint64
	RxUndersized, RxOversize, RxFragmented, RxJabber                                   uint64
}

// CustomCounter is a counter of a port that its driver has named, in at most 255 bytes.
type CustomCounter struct {
	Name  string
	Value uint64
}

// The properties of port statistics (OpenFlow 1.4.1, 7.3.5.6), and Intel's.
const (
	portStatsEthernet = 0

	portStatsSizes  = 1
	portStatsCustom = 2
)

// counters are the counters in the order of the wire.
func (s *PortSizeStats) counters() []*uint64 {
	return []*uint64{
		&s.Rx1To64, &s.Rx65To127, &s.Rx128To255, &s.Rx256To511, &s.Rx512To1023, &s.Rx1024To1522, &s.Rx1523ToMax,
		&s.Tx1To64, &s.Tx65To127, &s.Tx128To255, &s.Tx256To511, &s.Tx512To1023, &s.Tx1024To1522, &s.Tx1523ToMax,
		&s.TxMulticast, &s.RxBroadcast, &s.TxBroadcast, &s.RxUndersized, &s.RxOversize, &s.RxFragmented, &s.RxJabber,
	}
}

func appendPortStats14(b []byte, s PortStats) ([]byte, error) {
	start := len(b)
	b = be.AppendUint32(pad(b, 4), s.Port)
	b = appendCounters(appendAge(b, s.Duration), s.counters())
	property := len(b)
	b, err := endProperty(appendCounters(pad(appendProperty(b, portStatsEthernet), 4), s.ethernetCounters()), property)
	if err == nil && s.Sizes != nil {
		property = len(b)
		b = pad(appendExperimenterProperty(b, experimenterIntel, portStatsSizes), 4)
		b, err = endProperty(appendCounters(b, s.Sizes.counters()), property)
	}
	if err == nil && len(s.Custom) > 0 {
		b, err = appendCustom(b, s.Custom)
	}
	if err != nil {
		return b, err
	}
	return putLength(b, start, 0)
}

func appendCustom(b []byte, counters []CustomCounter) ([]byte, error) {
	start := len(b)
	b = pad(appendExperimenterProperty(b, experimenterIntel, portStatsCustom), 2)
	if len(counters) > MaxMessage {
		return b, errTooLong
	}
	b = be.AppendUint16(b, uint16(len(counters)))
	for _, c := range counters {
		if len(c.Name) > 0xff {
			return b, fmt.Errorf("name of a counter has %d bytes", len(c.Name))
		}
		b = append(append(b, byte(len(c.Name))), c.Name...)
		b = be.AppendUint64(b, c.Value)
	}
	return endProperty(b, start)
}

func decodePortStats14(r *reader, v Version) (s PortStats, err error) {
	e, err := entry(r, 0, 80, "port statistics")
	if err != nil {
		return s, err
	}
	e.skip(4)
	s.Port, s.Duration = e.u32(), decodeAge(e)
	decodeCounters(e, s.counters())
	for _, c := range s.ethernetCounters() {
		*c = CounterUnknown
	}
	err = decodeProperties(e.rest(), v, func(p property) error {
		body := &reader{b: p.body}
		switch {
		case p.typ == portStatsEthernet:
			body.skip(4)
			decodeCounters(body, s.ethernetCounters())
		case p.experimenter == experimenterIntel && p.expType == portStatsSizes:
			body.skip(4)
			s.Sizes = &PortSizeStats{}
			decodeCounters(body, s.Sizes.counters())
		case p.experimenter == experimenterIntel && p.expType == portStatsCustom:
			s.Custom = decodeCustom(body)
			body.rest() // padding
		default:
			return nil
		}
		if body.short || len(body.b) > 0 {
			return p.badLen(v, "port statistics")
		}
		return nil
	})
	return s, err
}

func decodeCustom(r *reader) (counters []CustomCounter) {
	r.skip(2)
	for n := r.u16(); n > 0 && !r.short; n-- {
		name := r.bytes(int(r.u8()))
		counters = append(counters, CustomCounter{Name: string(name), Value: r.u64()})
	}
	return counters
}
