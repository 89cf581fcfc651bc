// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "strings"

func parseEncap(_ *actionParser, p piece) (e Encap, err error) {
	name, properties, _ := p.pair()
	known := false
	for typ, n := range packetTypeNames {
		if n == name.s {
			e.Type, known = typ, true
		}
	}
	switch {
	case !known:
		return e, name.errorf("no header %q", name)
	case e.Type != PacketNSH && !properties.empty():
		return e, properties.errorf("%q has no properties", name)
	}
	err = properties.each(func(key, value piece) (bool, error) {
		var property NSHProperty
		switch key.s {
		case "md_type":
			err := num(value, &property.MDType)
			if err == nil && (property.MDType < 1 || property.MDType > 2) {
				err = value.errorf("no type of metadata %q", value)
			}
			e.NSH = append(e.NSH, property)
			return true, err
		case "tlv":
			err := property.parseOption(value)
			e.NSH = append(e.NSH, property)
			return true, err
		}
		return false, nil
	})
	return e, err
}

// parseOption reads "class,type,value", where class and value are hexadecimal.
func (n *NSHProperty) parseOption(p piece) error {
	class, rest, _ := p.cut(",")
	typ, value, _ := rest.cut(",")
	if !strings.HasPrefix(class.s, "0x") || !strings.HasPrefix(value.s, "0x") {
		return p.errorf("%q is not a class and a value of hexadecimal digits", p)
	}
	if err := num(class, &n.Class); err != nil {
		return err
	}
	if err := num(typ, &n.Type); err != nil {
		return err
	}
	digits := value.from(2)
	if len(digits.s)%2 == 1 {
		digits.s = "0" + digits.s
	}
	var err error
	if n.Value, err = digits.hexBytes(); err == nil && len(n.Value) > maxNSHOption {
		err = value.errorf("option of %d bytes, more than %d", len(n.Value), maxNSHOption)
	}
	return err
}

func parseDecap(_ *actionParser, p piece) (d Decap, err error) {
	err = p.each(func(key, value piece) (bool, error) {
		if key.s != "packet_type" {
			return false, nil
		}
		var ns, typ uint16
		err := value.each(func(key, value piece) (bool, error) {
			switch key.s {
			case "ns":
				return true, num(value, &ns)
			case "type":
				return true, num(value, &typ)
			}
			return false, nil
		})
		t := PacketType(ns)<<16 | PacketType(typ)
		d.Type = &t
		return true, err
	})
	if d.Type != nil && *d.Type == packetNext {
		d.Type = nil
	}
	return d, err
}
