// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"errors"
	"math"
)

// decimal is a number as ovsdb-server takes it apart: up to a sign, significand times ten to the power of exponent.
type decimal struct {
	rest        string // of the text
	negative    bool
	significand uint64
	exponent    int
	imprecise   bool // there were more digits than the significand can hold
}

// smallestNormal is the least positive real that has the full precision. Smaller ones are refused.
const smallestNormal = 0x1p-1022

func (d *decimal) accept(c byte) bool {
	if d.rest == "" || d.rest[0] != c {
		return false
	}
	d.rest = d.rest[1:]
	return true
}

func (d *decimal) digit() bool { return d.rest != "" && isDigit(d.rest[0]) }

// digits takes digits, and adds to the exponent what each means that the significand gets or does not get.
func (d *decimal) digits(taken, dropped int) {
	for ; d.digit(); d.rest = d.rest[1:] {
		if d.significand <= math.MaxUint64/10 {
			d.significand = d.significand*10 + uint64(d.rest[0]-'0')
			d.exponent += taken
			continue
		}
		d.exponent += dropped
		d.imprecise = d.imprecise || d.rest[0] != '0'
	}
}

func (d *decimal) parse() error {
	d.negative = d.accept('-')
	switch {
	case d.accept('0'):
		if d.digit() {
			return errors.New("leading zeros not allowed")
		}
	case d.digit():
		d.digits(0, 1)
	default:
		return errors.New("'-' must be followed by digit")
	}
	if d.accept('.') {
		if !d.digit() {
			return errors.New("decimal point must be followed by digit")
		}
		d.digits(-1, 0)
	}
	if d.accept('e') || d.accept('E') {
		if err := d.power(); err != nil {
			return err
		}
	}
	if d.rest != "" {
		return errors.New("syntax error in number")
	}
	return nil
}

func (d *decimal) power() error {
	negative := !d.accept('+') && d.accept('-')
	if !d.digit() {
		return errors.New("exponent must contain at least one digit")
	}
	n := 0
	for ; d.digit(); d.rest = d.rest[1:] {
		if n >= math.MaxInt32/10 {
			return errors.New("exponent outside valid range")
		}
		n = n*10 + int(d.rest[0]-'0')
	}
	if negative {
		n = -n
	}
	d.exponent += n
	return nil
}

// integer returns the value if it is an integer in range.
func (d *decimal) integer() (int64, bool) {
	if d.significand == 0 {
		return 0, true
	}
	n, exponent := d.significand, d.exponent
	for ; exponent > 0 && n < math.MaxUint64/10; exponent-- {
		n *= 10
	}
	for ; exponent < 0 && n%10 == 0; exponent++ {
		n /= 10
	}
	limit := uint64(math.MaxInt64)
	if d.negative {
		limit++
	}
	if d.imprecise || exponent != 0 || n > limit {
		return 0, false
	}
	if d.negative {
		return -int64(n), true
	}
	return int64(n), true
}

// shortInteger returns the value of an integer that is written as digits, of which there are not too many.
func shortInteger(text []byte) (n int64, ok bool) {
	if len(text) > 18 || text[0] == '0' && len(text) > 1 {
		return 0, false
	}
	for _, c := range text {
		if !isDigit(c) {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}
