// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// MeterCommand says what a MeterMod does (OpenFlow 1.3.5, 7.3.4.4).
type MeterCommand uint16

// The commands.
const (
	MeterAdd MeterCommand = iota
	MeterModify
	MeterDelete
)

// String is the command in the words of ovs-ofctl(8).
func (c MeterCommand) String() string {
	if int(c) >= len(meterCommandNames) {
		return fmt.Sprintf("command %d", uint16(c))
	}
	return meterCommandNames[c]
}

var meterCommandNames = []string{"add", "modify", "delete"}

// MeterMod changes the meter table. It has no reply, and Open vSwitch takes none in bundles.
type MeterMod struct {
	Command MeterCommand
	// MeterConfig is the meter. A delete needs its ID only, which may be MeterAll.
	MeterConfig
}

// String is the command and the meter.
func (m MeterMod) String() string {
	if m.Command == MeterDelete {
		return "delete meter=" + meterName(m.ID)
	}
	return m.Command.String() + " " + m.MeterConfig.String()
}

func (m MeterMod) describe() string { return "meter-mod " + m.String() }

func (m MeterMod) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	if m.Command > MeterDelete {
		return b, 0, fmt.Errorf("meter-mod command %d does not exist", m.Command)
	}
	if m.Command == MeterDelete {
		m.Flags, m.Bands = 0, nil
	}
	b = be.AppendUint16(be.AppendUint16(b, uint16(m.Command)), uint16(m.Flags))
	b, err := appendBands(be.AppendUint32(b, m.ID), m.Bands)
	return b, typeMeterMod, err
}

func decodeMeterMod(r *reader) (Message, error) {
	m := MeterMod{Command: MeterCommand(r.u16())}
	m.Flags, m.ID = MeterFlags(r.u16()), r.u32()
	switch {
	case r.short:
		return nil, malformed(ErrBadRequestLen, "meter-mod is too short")
	case m.Command > MeterDelete:
		return nil, malformed(ErrBadMeterCommand, "meter-mod command %d", m.Command)
	case m.Command == MeterDelete:
		return MeterMod{Command: MeterDelete, MeterConfig: MeterConfig{ID: m.ID}}, nil
	case m.Flags&MeterKbps != 0 && m.Flags&MeterPacketsPerSecond != 0:
		return nil, malformed(ErrBadMeterFlags, "meter in kbit/s and in packets per second")
	}
	var err error
	if m.Bands, err = decodeBands(r); err != nil {
		return nil, err
	}
	return m, nil
}
