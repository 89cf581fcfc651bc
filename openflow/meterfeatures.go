// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "context"

// MeterFeaturesRequest asks for a MeterFeaturesReply (OpenFlow 1.3.5, 7.3.5.13).
type MeterFeaturesRequest struct{}

// MeterFeaturesReply says what meters a switch can have.
type MeterFeaturesReply struct {
	MaxMeters uint32
	// BandTypes has the bit 1<<t for each type t of bands.
	BandTypes uint32
	// Capabilities are the flags that meters may have.
	Capabilities uint32
	// MaxBands is how many bands a meter may have; MaxColor is the highest colour, of which Open vSwitch has none.
	MaxBands, MaxColor uint8
}

// MeterFeatures returns what meters the switch can have.
func (c *Conn) MeterFeatures(ctx context.Context) (MeterFeaturesReply, error) {
	return fetch[MeterFeaturesReply](ctx, c, MeterFeaturesRequest{})
}

func (MeterFeaturesRequest) describe() string { return "meter features request" }
func (MeterFeaturesReply) describe() string   { return "meter features reply" }

func (MeterFeaturesRequest) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	return appendMultipart(b, multipartMeterFeatures, false), typeMultipartRequest, nil
}

func (m MeterFeaturesReply) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	b = appendMultipart(b, multipartMeterFeatures, false)
	for _, n := range []uint32{m.MaxMeters, m.BandTypes, m.Capabilities} {
		b = be.AppendUint32(b, n)
	}
	return append(b, m.MaxBands, m.MaxColor, 0, 0), typeMultipartReply, nil
}

func decodeMeterFeaturesReply(r *reader) (Message, error) {
	m := MeterFeaturesReply{MaxMeters: r.u32(), BandTypes: r.u32(), Capabilities: r.u32(), MaxBands: r.u8(), MaxColor: r.u8()}
	r.skip(2)
	return ended(r, m)
}
