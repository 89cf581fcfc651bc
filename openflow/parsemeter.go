// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "strings"

// ParseMeter reads a meter in the syntax of ovs-ofctl(8), such as "meter=1 kbps burst band=type=drop rate=100
// burst_size=10", for a command. A delete has the meter alone. Errors are of type *SyntaxError.
func ParseMeter(command MeterCommand, text string) (MeterMod, error) {
	p, err := whole(text)
	if err != nil {
		return MeterMod{}, err
	}
	m := MeterMod{Command: command}
	err = m.parse(p)
	return m, within(text, err)
}

func (m *MeterMod) parse(p piece) error {
	if m.Command > MeterDelete {
		return p.errorf("%v does not exist", m.Command)
	}
	head, bands := p, p.from(len(p.s))
	if i := strings.Index(p.s, "band"); i >= 0 && m.Command != MeterDelete {
		var ok bool
		if _, bands, ok = p.from(i).cut("="); !ok {
			return p.from(i).errorf("no \"=\" behind %q", p.from(i))
		}
		head = p.to(i)
	}
	for {
		word := head.token("=" + separators)
		if word.empty() {
			break
		}
		if err := m.word(word, &head); err != nil {
			return err
		}
	}
	if m.ID == 0 {
		return p.errorf("no meter has the number 0")
	}
	if m.Command == MeterDelete {
		return nil
	}
	if m.Flags == 0 {
		return p.errorf("meter has neither kbps nor pktps")
	}
	for {
		key := bands.token("=" + separators)
		if key.empty() {
			break
		}
		if err := m.bandWord(key, bands.token("="+separators)); err != nil {
			return err
		}
	}
	return m.checkBands(p)
}

var meterFlagNames = []string{"kbps", "pktps", "burst", "stats"}

func (m *MeterMod) word(word piece, rest *piece) error {
	for i, name := range meterFlagNames {
		if word.s == name && m.Command != MeterDelete {
			m.Flags |= 1 << i
			return nil
		}
	}
	if word.s != "meter" {
		return word.errorf("unknown word %q", word)
	}
	id := rest.token("=" + separators)
	for _, named := range []uint32{MeterAll, MeterController, MeterSlowpath} {
		if id.s == meterName(named) {
			m.ID = named
			return nil
		}
	}
	err := num(id, &m.ID)
	if err == nil && (m.ID == 0 || m.ID > MeterMax) {
		err = id.errorf("meter %q is out of range", id)
	}
	return err
}

func (m *MeterMod) bandWord(key, value piece) error {
	if key.s == "type" {
		band := MeterBand{Type: BandDrop}
		switch value.s {
		case "drop":
		case "dscp_remark":
			band.Type = BandDSCPRemark
		default:
			return value.errorf("no type of band %q", value)
		}
		m.Bands = append(m.Bands, band)
		return nil
	}
	if len(m.Bands) == 0 {
		return key.errorf("band begins without type")
	}
	band := &m.Bands[len(m.Bands)-1]
	switch key.s {
	case "rate":
		return num(value, &band.Rate)
	case "burst_size":
		return num(value, &band.BurstSize)
	case "prec_level":
		return num(value, &band.PrecLevel)
	}
	return key.errorf("unknown word %q", key)
}

func (m *MeterMod) checkBands(p piece) error {
	if len(m.Bands) == 0 {
		return p.errorf("meter has no bands")
	}
	for _, band := range m.Bands {
		switch {
		case band.Rate == 0:
			return p.errorf("band has no rate")
		case (band.Type == BandDSCPRemark) != (band.PrecLevel != 0):
			return p.errorf("prec_level is for bands of type dscp_remark, which need it")
		case (m.Flags&MeterBurst != 0) != (band.BurstSize != 0):
			return p.errorf("burst_size is for meters with burst, which need it")
		}
	}
	return nil
}
