// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ParseLimit reads an argument of dpctl/ct-set-limits, such as "zone=1,limit=100". The errors are in the words of Open
// vSwitch.
func ParseLimit(text string) (zone uint16, limit uint32, err error) {
	var haveZone, haveLimit bool
	for rest := text; ; {
		key, value, more := nextField(&rest)
		switch {
		case !more && haveZone && haveLimit:
			return zone, limit, nil
		case !more:
			return 0, 0, errors.New("failed to parse zone limit")
		case value == "":
			return 0, 0, fmt.Errorf("field %s missing value", key)
		case key == "zone":
			err = number(&zone, value)
			haveZone = true
		case key == "limit":
			var v uint64
			if v, err = strconv.ParseUint(value, 0, 64); strings.Contains(value, "_") {
				err = strconv.ErrSyntax
			}
			limit, haveLimit = uint32(v), true // of a greater number the low bits, as in Open vSwitch
		default:
			return 0, 0, fmt.Errorf("invalid zone limit field: %s", key)
		}
		if err != nil {
			return 0, 0, fmt.Errorf("failed to parse field %s", key)
		}
	}
}

// ParseZones reads the argument of dpctl/ct-get-limits and ct-del-limits, such as "zone=1,2,9". The errors are in the words
// of Open vSwitch.
func ParseZones(text string) ([]uint16, error) {
	list, ok := strings.CutPrefix(text, "zone=")
	if !ok {
		return nil, fmt.Errorf("invalid argument %s", text)
	}
	var zones []uint16
	for _, s := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' }) {
		zone, err := leadingNumber(s)
		if err != nil {
			return nil, errors.New("invalid zone")
		}
		zones = append(zones, zone)
	}
	if len(zones) == 0 {
		return nil, errors.New("invalid zone")
	}
	return zones, nil
}
