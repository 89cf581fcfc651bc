// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

func parseConjunction(_ *actionParser, p piece) (c Conjunction, err error) {
	id, clauses, _ := p.cut(",")
	clause, n, _ := clauses.cut("/")
	for _, part := range []struct {
		text piece
		read func(piece) error
	}{
		{id, func(p piece) error { return num(p, &c.ID) }},
		{clause, func(p piece) error { return num(p, &c.Clause) }},
		{n, func(p piece) error { return num(p, &c.Clauses) }},
	} {
		if err := part.read(part.text.trim()); err != nil {
			return c, err
		}
	}
	if !c.valid() {
		return c, p.errorf("clause %d of %d does not exist", c.Clause, c.Clauses)
	}
	return c, nil
}

func parseFinTimeout(_ *actionParser, p piece) (t FinTimeout, err error) {
	err = p.each(func(key, value piece) (bool, error) {
		switch key.s {
		case "idle_timeout":
			return true, num(value, &t.IdleTimeout)
		case "hard_timeout":
			return true, num(value, &t.HardTimeout)
		}
		return false, nil
	})
	return t, err
}

func parseDecTTL(_ *actionParser, p piece) (d DecTTL, err error) {
	for {
		id := p.token(", ")
		if id.empty() {
			return d, nil
		}
		var n uint16
		if err := num(id, &n); err != nil {
			return d, err
		}
		d.Controllers = append(d.Controllers, n)
	}
}

func parseNote(_ *actionParser, p piece) (Note, error) {
	data, err := p.hexBytes()
	if err != nil {
		return Note{}, err
	}
	n := Note{Data: data}
	n.Data = pad(n.Data, n.zeros())
	return n, nil
}

func parsePushVLAN(_ *actionParser, p piece) (v PushVLAN, err error) {
	err = num(p, &v.EthType)
	if err == nil && v.EthType != EthTypeVLAN && v.EthType != EthTypeServiceVLAN {
		err = p.errorf("%q is not the Ethernet type of a VLAN tag", p)
	}
	return v, err
}

func parsePushMPLS(_ *actionParser, p piece) (m PushMPLS, err error) {
	err = num(p, &m.EthType)
	if err == nil && m.EthType != EthTypeMPLS && m.EthType != EthTypeMPLSMulticast {
		err = p.errorf("%q is not the Ethernet type of an MPLS label", p)
	}
	return m, err
}

func parsePopMPLS(_ *actionParser, p piece) (m PopMPLS, err error) {
	err = num(p, &m.EthType)
	return m, err
}

// parseCheckPacketLarger reads "length)->bit", as the words of an action leave it.
func parseCheckPacketLarger(_ *actionParser, p piece) (c CheckPacketLarger, err error) {
	length, dst, ok := p.cut(")->")
	if !ok {
		return c, p.errorf("check_pkt_larger has no \"->\"")
	}
	if err = num(length, &c.Length); err != nil {
		return c, err
	}
	if c.Dst, err = parseSubfield(dst, true); err == nil && c.Dst.Bits != 1 {
		err = dst.errorf("%q is not one bit", dst)
	}
	return c, err
}
