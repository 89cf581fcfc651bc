// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"slices"
	"strings"
)

// choice reads one of several names in letters of either case.
func choice[N ~uint16](p piece, names []string, to *N) error {
	i := slices.IndexFunc(names, func(name string) bool { return strings.EqualFold(name, p.s) })
	if i < 0 {
		return p.errorf("no choice %q", p)
	}
	*to = N(i)
	return nil
}

func parseMultipath(_ *actionParser, p piece) (m Multipath, err error) {
	rest := p
	for _, read := range []func(piece) error{
		func(p piece) error { return choice(p, hashFieldsNames[:], &m.Fields) },
		func(p piece) error { return num(p, &m.Basis) },
		func(p piece) error { return choice(p, multipathNames[:], &m.Algorithm) },
		func(p piece) error { return num(p, &m.Links) },
		func(p piece) error { return num(p, &m.Arg) },
		func(p piece) error { m.Dst, err = parseSubfield(p, true); return err },
	} {
		if err := read(rest.token(", ")); err != nil {
			return m, err
		}
	}
	if err := m.check(); err != nil {
		return m, p.errorf("%v", err)
	}
	return m, nil
}

func parseBundle(a *actionParser, p piece) (Members, error) { return a.members(p, false) }

func parseBundleLoad(a *actionParser, p piece) (Members, error) { return a.members(p, true) }

func (a *actionParser) members(p piece, load bool) (m Members, err error) {
	rest := p
	reads := []func(piece) error{
		func(p piece) error { return choice(p, hashFieldsNames[:], &m.Fields) },
		func(p piece) error { return num(p, &m.Basis) },
		func(p piece) error { return choice(p, membersNames[:], &m.Algorithm) },
		func(p piece) error { var only uint16; return choice(p, []string{"ofport"}, &only) },
	}
	if load {
		reads = append(reads, func(p piece) error {
			s, err := parseSubfield(p, true)
			m.Load = &s
			return err
		})
	}
	for _, read := range reads {
		if err := read(rest.token(", ")); err != nil {
			return m, err
		}
	}
	if word := rest.token(":, "); !strings.EqualFold(word.s, "members") && !strings.EqualFold(word.s, "slaves") {
		return m, word.errorf("%q is not \"members\"", word)
	}
	for {
		port := rest.token(":, []")
		if port.empty() {
			break
		}
		n, err := a.names.parsePort(port)
		if err != nil {
			return m, err
		}
		m.Ports = append(m.Ports, n)
	}
	if err := m.check(); err != nil {
		return m, p.errorf("%v", err)
	}
	return m, nil
}
