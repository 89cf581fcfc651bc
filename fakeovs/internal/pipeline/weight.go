// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"reflect"
	"unsafe"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// What things take in memory, in bytes, beside what they list: with what tables and maps keep of each.
const (
	flowWeight   = int64(unsafe.Sizeof(Flow{})) + 224
	maskWeight   = 2*int64(unsafe.Sizeof(packet.Key{})) + 1024
	groupWeight  = int64(unsafe.Sizeof(group{})) + 224
	bucketWeight = int64(unsafe.Sizeof(bucket{})) + 32
	meterWeight  = int64(unsafe.Sizeof(meter{})) + 192
	bandWeight   = int64(unsafe.Sizeof(band{})+unsafe.Sizeof(openflow.MeterBand{})) + 8
	memberWeight = 128
	actionWeight = 4 * wordSize
	wordSize     = int64(unsafe.Sizeof(uintptr(0)))
)

// matchWeight is what a match takes.
func matchWeight(m openflow.Match) int64 {
	n := int64(len(m)) * int64(unsafe.Sizeof(openflow.MatchField{}))
	for i := range m {
		n += int64(len(m[i].Value) + len(m[i].Mask))
	}
	return n
}

// instructionsWeight is what instructions take.
func instructionsWeight(in *openflow.Instructions) int64 {
	return actionsWeight(in.Apply) + actionsWeight(in.Write) + int64(len(in.Unknown))
}

// actionsWeight is what actions take, with what is kept elsewhere for their sake.
func actionsWeight(list []openflow.Action) int64 {
	n := int64(0)
	for _, a := range list {
		n += actionWeight
		switch a := a.(type) {
		case openflow.Output, openflow.Resubmit, openflow.Meter, openflow.SetQueue:
			n += 2 * wordSize
		case openflow.OutputGroup:
			n += memberWeight
		case openflow.SetField:
			n += int64(unsafe.Sizeof(a)) + int64(len(a.Value)+len(a.Mask))
		case openflow.CT:
			n += int64(unsafe.Sizeof(a)) + actionsWeight(a.Exec)
			if a.NAT != nil {
				n += int64(unsafe.Sizeof(*a.NAT))
			}
			if a.ZoneFrom != nil {
				n += int64(unsafe.Sizeof(*a.ZoneFrom))
			}
		case openflow.Clone:
			n += int64(unsafe.Sizeof(a)) + actionsWeight(a.Actions)
		case openflow.Conjunction:
			n += 4 * wordSize
		default:
			n += weight(reflect.ValueOf(a))
		}
	}
	return n
}

// weight is what a value takes, with all that it points to.
func weight(v reflect.Value) int64 { return int64(v.Type().Size()) + beyond(v) }

// weight is what the instructions take.
func (w *wireForm) weight() int64 {
	if w == nil {
		return 0
	}
	return int64(unsafe.Sizeof(*w)) + int64(len(w.bytes))
}

// Weight is about how many bytes a value takes, with all that it points to.
func Weight(v any) int64 { return weight(reflect.ValueOf(v)) }

// beyond is what a value points to.
func beyond(v reflect.Value) int64 {
	n := int64(0)
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			n = weight(v.Elem())
		}
	case reflect.String:
		n = int64(v.Len())
	case reflect.Slice:
		n = int64(v.Cap()) * int64(v.Type().Elem().Size())
		if v.Type().Elem().Kind() == reflect.Uint8 {
			break
		}
		for i := range v.Len() {
			n += beyond(v.Index(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			n += beyond(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			n += beyond(v.Field(i))
		}
	}
	return n
}
