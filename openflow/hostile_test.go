// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"encoding/binary"
	"errors"
	"testing"

	of "github.com/ovskit/ovskit/openflow"
)

// damaged is a good message with a few bytes overwritten, and the code of its error.
type damaged struct {
	name   string
	v      of.Version
	m      of.Message
	offset int
	with   string
	want   of.ErrorCode
}

func (d damaged) bytes(t *testing.T) []byte {
	t.Helper()
	b, err := of.Encode(d.v, d.m, 7)
	if err != nil {
		t.Fatal(err)
	}
	copy(b[d.offset:], d.with)
	return b
}

func hostile() []damaged {
	select13 := of.GroupMod{Group: of.Group{ID: 1, Type: of.GroupTypeSelect, Buckets: []of.Bucket{
		{Weight: 1, Actions: []of.Action{of.Output{Port: 1}}}, {Weight: 2},
	}}}
	hash := of.GroupMod{Group: of.Group{ID: 1, Type: of.GroupTypeSelect, Selection: of.Selection{Method: "hash", Fields: []of.MatchField{
		{Field: of.FieldIPv4Src, Value: []byte{255, 255, 255, 255}}, {Field: of.FieldIPv4Dst, Value: []byte{255, 255, 255, 255}},
	}}}}
	port := ptr[uint32](1)
	watch := of.GroupMod{Group: of.Group{ID: 1, Type: of.GroupTypeFastFailover, Buckets: []of.Bucket{{WatchPort: port}, {ID: 1, WatchPort: port}}}}
	meter := of.MeterMod{MeterConfig: of.MeterConfig{ID: 1, Bands: []of.MeterBand{{Type: of.BandDrop, Rate: 1}}}}
	portMod := of.PortMod{Port: 1, HWAddr: mac("0a:00:00:00:00:04"), Advertise: 1}
	vacancy := of.TableMod{Vacancy: &of.TableVacancy{Down: 1, Up: 2}}
	features := of.TableFeaturesRequest{Tables: []of.TableFeatures{{Table: 1, Abilities: &of.TableAbilities{
		Match: []of.FieldHeader{{Field: of.FieldReg0, Masked: true}}, Hit: of.FlowAbilities{Next: []uint8{2}},
	}}}}
	const (
		body, multipart = 8, 16
		bucket13        = body + 8  // in a group-mod
		bucket15        = body + 16 // in one of OpenFlow 1.5
		band            = body + 8
		property        = 8 // behind the fixed part of port-mod (24) and table-mod (8)
		ability         = multipart + 64
	)
	return []damaged{
		{"group type", of.Version13, select13, body + 2, "\x04", of.ErrBadGroupType},
		{"group command", of.Version13, select13, body, "\x00\x09", of.ErrBadGroupCommand},
		{"group command", of.Version15, select13, body, "\x00\x04", of.ErrBadGroupCommand},
		{"delete with buckets", of.Version13, select13, body, "\x00\x02", of.ErrInvalidGroup},
		{"weight in all", of.Version13, select13, body + 2, "\x00", of.ErrInvalidGroup},
		{"indirect with two buckets", of.Version14, select13, body + 2, "\x02", of.ErrInvalidGroup},
		{"failover without watch", of.Version13, select13, body + 2, "\x03", of.ErrInvalidGroup},
		{"bucket length 0", of.Version13, select13, bucket13, "\x00\x00", of.ErrBadBucket},
		{"bucket length too long", of.Version13, select13, bucket13, "\x00\x40", of.ErrBadBucket},
		{"bucket of 8 bytes", of.Version13, select13, bucket13, "\x00\x08", of.ErrBadBucket},
		{"bucket cuts an action", of.Version13, select13, bucket13, "\x00\x18", of.ErrBadActionLen},
		{"watched port", of.Version13, select13, bucket13 + 4, "\x00\x01\x00\x00", of.ErrBadWatch},
		{"watch in all", of.Version14, watch, body + 2, "\x00", of.ErrWatchUnsupported},
		{"buckets too long", of.Version15, select13, body + 8, "\x01\x00", of.ErrBadRequestLen},
		{"bucket length 0", of.Version15, select13, bucket15, "\x00\x00", of.ErrBadBucket},
		{"bucket actions too long", of.Version15, select13, bucket15 + 2, "\x00\x28", of.ErrBadBucket},
		{"bucket number", of.Version15, select13, bucket15 + 4, "\xff\xff\xff\x01", of.ErrBadBucket},
		{"bucket twice", of.Version15, select13, bucket15 + 4, "\x00\x00\x00\x01", of.ErrBadBucket},
		{"add of a bucket", of.Version15, select13, body + 12, "\x00\x00\x00\x01", of.ErrBadBucket},
		{"insert of all", of.Version15, select13, body, "\x00\x03", of.ErrBadBucket},
		{"remove with buckets", of.Version15, select13, body, "\x00\x05", of.ErrBadBucket},
		{"bucket property", of.Version15, watch, bucket15 + 8, "\x00\x03", of.ErrBadPropertyType},
		{"bucket property length", of.Version15, watch, bucket15 + 10, "\x00\x03", of.ErrBadPropertyLen},
		{"bucket property too long", of.Version15, watch, bucket15 + 10, "\x00\x09", of.ErrBadPropertyLen},
		{"bucket property too short", of.Version15, watch, bucket15 + 10, "\x00\x07", of.ErrBadPropertyLen},
		{"selection experimenter", of.Version15, hash, bucket15 + 4, "\x00\x00\x00\x01", of.ErrBadPropertyExperimenterType},
		{"selection experimenter 0", of.Version15, hash, bucket15 + 4, "\x00\x00\x00\x00", of.ErrBadPropertyExperimenter},
		{"selection of other type", of.Version15, hash, body + 2, "\x00", of.ErrBadPropertyValue},
		{"selection of delete", of.Version15, hash, body, "\x00\x02", of.ErrBadPropertyValue},
		{"selection too short", of.Version15, hash, bucket15 + 2, "\x00\x20", of.ErrBadPropertyLen},
		{"selection method", of.Version15, hash, bucket15 + 16, "bash", of.ErrBadPropertyValue},
		{"selection method without end", of.Version15, hash, bucket15 + 16, "hashhashhashhash", of.ErrBadPropertyValue},
		{"dp_hash with fields", of.Version15, hash, bucket15 + 16, "dp_hash", of.ErrBadPropertyValue},
		{"selection field twice", of.Version15, hash, bucket15 + 42, "\x18", of.ErrDupField},
		{"meter command", of.Version13, meter, body, "\x00\x03", of.ErrBadMeterCommand},
		{"meter flags", of.Version13, meter, body + 2, "\x00\x03", of.ErrBadMeterFlags},
		{"band type", of.Version13, meter, band, "\x00\x03", of.ErrBadBand},
		{"band length 0", of.Version13, meter, band + 2, "\x00\x00", of.ErrBadRequestLen},
		{"band too long", of.Version14, meter, band + 2, "\x00\x18", of.ErrBadRequestLen},
		{"port-mod property", of.Version14, portMod, body + 24, "\x00\x01", of.ErrBadPropertyType},
		{"port-mod property length", of.Version15, portMod, body + 26, "\x00\x00", of.ErrBadPropertyLen},
		{"port-mod port", of.Version13, portMod, body, "\x00\x01\x00\x00", of.ErrBadOutPort},
		{"table-mod property", of.Version14, vacancy, body + property, "\x00\x01", of.ErrBadType},
		{"table-mod property length", of.Version14, vacancy, body + property + 2, "\x00\x04", of.ErrBadPropertyLen},
		{"vacancy down", of.Version14, vacancy, body + property + 4, "\x03", of.ErrBadPropertyValue},
		{"vacancy up", of.Version15, vacancy, body + property + 5, "\x65", of.ErrBadPropertyValue},
		{"vacancy now", of.Version15, vacancy, body + property + 6, "\x01", of.ErrBadPropertyValue},
		{"features length", of.Version14, features, multipart, "\x00\x08", of.ErrBadPropertyLen},
		{"features length", of.Version13, features, multipart, "\x00\x08", of.MakeErrorCode(13, 3)},
		{"features of all tables", of.Version13, features, multipart + 2, "\xff", of.ErrBadFeaturesTable},
		{"features command", of.Version15, features, multipart + 3, "\x04", of.ErrBadFeaturesCommand},
		{"features property", of.Version14, features, ability, "\x00\x09", of.ErrBadPropertyType},
		{"features property", of.Version13, features, ability, "\x00\x09", of.MakeErrorCode(13, 2)},
		{"features property twice", of.Version15, features, ability, "\x00\x02", of.ErrBadTableFeatures},
		{"features property missing", of.Version15, features, ability, "\x00\x01", of.ErrBadTableFeatures},
		{"features next table", of.Version14, features, ability + 12, "\xff", of.ErrBadPropertyValue},
	}
}

func TestDecodeHostile(t *testing.T) {
	for _, tc := range hostile() {
		b := tc.bytes(t)
		m, _, err := of.Decode(b)
		var refused *of.DecodeError
		if !errors.As(err, &refused) || refused.Code != tc.want {
			t.Errorf("%s in %v: %+v, error %v; want %v", tc.name, tc.v, m, err, tc.want)
		}
	}
}

// TestRealHostile sends the same to a switch, which answers with the same codes.
func TestRealHostile(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	peers := map[of.Version]*peer{}
	for _, v := range versions {
		peers[v] = dialPeer(t, endpoint, v)
	}
	for _, tc := range hostile() {
		answer := peers[tc.v].ask(of.Raw{Type: tc.bytes(t)[1], Body: tc.bytes(t)[of.HeaderLen:]})
		if len(answer) == 0 {
			t.Errorf("%s in %v: not refused, want %v", tc.name, tc.v, tc.want)
		} else if e, ok := answer[0].Message.(of.Error); !ok || e.Code != tc.want {
			t.Errorf("%s in %v: answered by %v, want %v", tc.name, tc.v, answer, tc.want)
		}
	}
}

// TestDecodeEveryLength gives each message lengths that it does not have, and lets each 16-bit number in it be one of a
// few bad ones. Whatever comes out, nothing panics, and what is decoded can be encoded.
func TestDecodeEveryLength(t *testing.T) {
	t.Parallel()
	try := func(b []byte) {
		m, _, err := of.Decode(b)
		if err != nil {
			return
		}
		if _, err := of.Encode(of.Version(b[0]), m, 1); err != nil {
			t.Errorf("decoded %+v, which is not encoded: %v", m, err)
		}
	}
	for _, tc := range versioned() {
		for v := tc.from; v <= tc.to; v++ {
			b, err := of.Encode(v, tc.m, 7)
			if err != nil {
				t.Fatal(err)
			}
			for n := of.HeaderLen; n < len(b); n++ {
				short := append([]byte(nil), b[:n]...)
				binary.BigEndian.PutUint16(short[2:], uint16(n))
				try(short)
			}
			for at := of.HeaderLen; at+2 <= len(b); at += 2 {
				for _, bad := range []uint16{0, 1, 4, 7, 8, 12, 16, 0x7fff, 0xffff} {
					changed := append([]byte(nil), b...)
					binary.BigEndian.PutUint16(changed[at:], bad)
					try(changed)
				}
			}
		}
	}
}
