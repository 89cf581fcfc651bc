// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "context"

// MeterConfigRequest asks for a meter (OpenFlow 1.3.5, 7.3.5.12). ID may be MeterAll.
type MeterConfigRequest struct{ ID uint32 }

// MeterConfigReply is one part of the answer to a MeterConfigRequest.
type MeterConfigReply struct {
	Meters []MeterConfig
	// More says that another part follows.
	More bool
}

// Meters returns the meters of the switch.
func (c *Conn) Meters(ctx context.Context) ([]MeterConfig, error) {
	return gather(ctx, c, MeterConfigRequest{MeterAll}, func(m MeterConfigReply) []MeterConfig { return m.Meters })
}

func (MeterConfigRequest) describe() string { return "meter configuration request" }
func (MeterConfigReply) describe() string   { return "meter configuration reply" }

func (m MeterConfigRequest) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	return pad(be.AppendUint32(appendMultipart(b, multipartMeterConfig, false), m.ID), 4), typeMultipartRequest, nil
}

func decodeMeterConfigRequest(r *reader) (Message, error) {
	m := MeterConfigRequest{ID: r.u32()}
	r.skip(4)
	return ended(r, m)
}

func (m MeterConfigReply) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	b = appendMultipart(b, multipartMeterConfig, m.More)
	for _, c := range m.Meters {
		start := len(b)
		b = be.AppendUint32(be.AppendUint16(append(b, 0, 0), uint16(c.Flags)), c.ID)
		var err error
		if b, err = appendBands(b, c.Bands); err != nil {
			return b, 0, err
		}
		if b, err = putLength(b, start, 0); err != nil {
			return b, 0, err
		}
	}
	return b, typeMultipartReply, nil
}

func decodeMeterConfigReply(r *reader, more bool) (Message, error) {
	m := MeterConfigReply{Meters: listFor[MeterConfig](countEntries(r.b, 8)), More: more}
	for len(r.b) > 0 {
		e, err := entry(r, 0, 8, "meter")
		if err != nil {
			return nil, err
		}
		e.skip(2)
		c := MeterConfig{Flags: MeterFlags(e.u16()), ID: e.u32()}
		if c.Bands, err = decodeBands(e); err != nil {
			return nil, err
		}
		m.Meters = append(m.Meters, c)
	}
	return m, nil
}
