// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"fmt"
	"strings"
)

// The numbers of meters (OpenFlow 1.3.5, 7.3.4.4). Meters of flows have 1 to MeterMax; MeterAll stands for every meter
// where a delete or a request may name one.
const (
	MeterMax        uint32 = 0xffff0000
	MeterSlowpath   uint32 = 0xfffffffd
	MeterController uint32 = 0xfffffffe
	MeterAll        uint32 = 0xffffffff
)

// MeterConfig is an entry of the meter table (OpenFlow 1.3.5, 5.7): the bands that the rate of packets may reach.
type MeterConfig struct {
	ID    uint32
	Flags MeterFlags
	Bands []MeterBand
}

// MeterFlags are the OFPMF_ flags of a meter.
type MeterFlags uint16

// The flags of a meter: rates are in kbit/s or in packets per second, burst sizes count, statistics are kept.
const (
	MeterKbps MeterFlags = 1 << iota
	MeterPacketsPerSecond
	MeterBurst
	MeterStatistics
)

// MeterBand is what a meter does from a rate on. Rate is in kbit/s or packets per second, BurstSize in kbit or packets, as
// the meter's flags say. Without MeterBurst, BurstSize does not count, and a userspace datapath of Open vSwitch makes it the
// rate.
type MeterBand struct {
	Type            MeterBandType
	Rate, BurstSize uint32
	// PrecLevel is by how much BandDSCPRemark raises the drop precedence in the DSCP field.
	PrecLevel uint8
	// Data is what follows the burst size of a BandExperimenter: the experimenter's number and its own data, 4 bytes more
	// than a multiple of 8.
	Data []byte
}

// MeterBandType is the OFPMBT_ number of a band.
type MeterBandType uint16

// The types of bands. Open vSwitch has no experimenter's, and its userspace datapath has BandDrop alone.
const (
	BandDrop         MeterBandType = 1
	BandDSCPRemark   MeterBandType = 2
	BandExperimenter MeterBandType = 0xffff
)

// String is the type in the words of ovs-ofctl(8), a number where it has none.
func (t MeterBandType) String() string {
	switch t {
	case BandDrop:
		return "drop"
	case BandDSCPRemark:
		return "dscp_remark"
	}
	return fmt.Sprint(uint16(t))
}

// String is the meter as ovs-ofctl(8) writes it, on one line: "meter=1 pktps burst bands= type=drop rate=100
// burst_size=10".
func (m MeterConfig) String() string {
	var b strings.Builder
	b.WriteString("meter=" + meterName(m.ID) + " ")
	for i, name := range []string{"kbps", "pktps", "burst", "stats"} {
		if m.Flags>>i&1 == 1 {
			b.WriteString(name + " ")
		}
	}
	if rest := m.Flags &^ (MeterKbps | MeterPacketsPerSecond | MeterBurst | MeterStatistics); rest != 0 {
		fmt.Fprintf(&b, "flags:%#x ", uint16(rest))
	}
	b.WriteString("bands=")
	for _, band := range m.Bands {
		fmt.Fprintf(&b, " type=%v rate=%d", band.Type, band.Rate)
		if m.Flags&MeterBurst != 0 {
			fmt.Fprintf(&b, " burst_size=%d", band.BurstSize)
		}
		if band.Type == BandDSCPRemark {
			fmt.Fprintf(&b, " prec_level=%d", band.PrecLevel)
		}
	}
	return b.String()
}

func meterName(id uint32) string {
	switch {
	case id <= MeterMax:
		return fmt.Sprint(id)
	case id == MeterSlowpath:
		return "slowpath"
	case id == MeterController:
		return "controller"
	case id == MeterAll:
		return "all"
	}
	return "unknown"
}

func appendBands(b []byte, bands []MeterBand) ([]byte, error) {
	for i, band := range bands {
		start := len(b)
		b = be.AppendUint16(b, uint16(band.Type))
		b = be.AppendUint32(be.AppendUint32(be.AppendUint16(b, 0), band.Rate), band.BurstSize)
		switch {
		case band.Type == BandExperimenter && len(band.Data)%8 == 4:
			b = append(b, band.Data...)
		case band.Type == BandExperimenter:
			return b, fmt.Errorf("band %d: experimenter's band with %d bytes of its own", i, len(band.Data))
		case band.Type == BandDSCPRemark:
			b = append(b, band.PrecLevel, 0, 0, 0)
		case band.Type == BandDrop:
			b = pad(b, 4)
		default:
			return b, fmt.Errorf("band %d: type %d does not exist", i, band.Type)
		}
		var err error
		if b, err = putLength(b, start, 2); err != nil {
			return b, err
		}
	}
	return b, nil
}

// decodeBands reads bands to the end of r.
func decodeBands(r *reader) ([]MeterBand, error) {
	var bands []MeterBand
	for len(r.b) > 0 {
		e, err := entry(r, 2, 16, "meter band")
		if err != nil {
			return nil, err
		}
		band := MeterBand{Type: MeterBandType(e.u16())}
		n := len(e.b) + 2
		e.skip(2)
		band.Rate, band.BurstSize = e.u32(), e.u32()
		switch {
		case n%8 != 0 || band.Type != BandExperimenter && n != 16:
			return nil, malformed(ErrBadRequestLen, "meter band of type %v with %d bytes", band.Type, n)
		case band.Type == BandExperimenter:
			band.Data = e.rest()
		case band.Type == BandDSCPRemark:
			band.PrecLevel = e.u8()
		case band.Type != BandDrop:
			return nil, malformed(ErrBadBand, "meter band of type %d", band.Type)
		}
		bands = append(bands, band)
	}
	return bands, nil
}
