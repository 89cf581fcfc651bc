// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// property is an element of the lists that many structures end with since OpenFlow 1.4 (OpenFlow 1.4.1, 7.2.1.2), and
// table features since OpenFlow 1.3.
type property struct {
	typ uint16
	// experimenter and expType say more if typ is propertyExperimenter.
	experimenter, expType uint32
	// body is what follows the header, without padding.
	body []byte
}

const propertyExperimenter = 0xffff

// The experimenters that have properties alone.
const (
	experimenterNetronome       = 0x0000154d
	experimenterNetronomeCompat = 0x00001540 // what Open vSwitch 2.4 took for it
	experimenterIntel           = 0x0000aa01
)

// decodeProperties hands each property of a list that fills b to a function.
func decodeProperties(b []byte, v Version, each func(property) error) error {
	for len(b) > 0 {
		p, n := property{}, 0
		if len(b) >= 4 {
			p.typ, n = be.Uint16(b), int(be.Uint16(b[2:]))
		}
		header := 4
		if p.typ == propertyExperimenter {
			header = 12
		}
		whole := (n + 7) &^ 7
		if n < header || whole > len(b) {
			return malformed(propertyError(v, ErrBadPropertyLen), "property of %d bytes in a list with room for %d", n, len(b))
		}
		if p.typ == propertyExperimenter {
			p.experimenter, p.expType = be.Uint32(b[4:]), be.Uint32(b[8:])
			if p.experimenter == 0 {
				return malformed(propertyError(v, ErrBadPropertyExperimenter), "property of experimenter 0")
			}
		}
		p.body = b[header:n:n]
		if err := each(p); err != nil {
			return err
		}
		b = b[whole:]
	}
	return nil
}

// unknown is the error of a property that has no meaning where it stands.
func (p property) unknown(v Version, where string) error {
	if p.typ == propertyExperimenter {
		return malformed(propertyError(v, ErrBadPropertyExperimenterType), "%s with property %d of experimenter %#x",
			where, p.expType, p.experimenter)
	}
	return malformed(propertyError(v, ErrBadPropertyType), "%s with property %d", where, p.typ)
}

// badLen is the error of a property whose length is wrong.
func (p property) badLen(v Version, where string) error {
	return malformed(propertyError(v, ErrBadPropertyLen), "%s with property %d of %d bytes", where, p.typ, len(p.body))
}

// u16 is the value of a property that holds a 16-bit number, which may have any padding.
func (p property) u16(v Version, where string) (uint16, error) {
	if len(p.body) < 2 {
		return 0, p.badLen(v, where)
	}
	return be.Uint16(p.body), nil
}

// u32 is the value of a property that holds a 32-bit number.
func (p property) u32(v Version, where string) (uint32, error) {
	if len(p.body) != 4 {
		return 0, p.badLen(v, where)
	}
	return be.Uint32(p.body), nil
}

// propertyError is the code of an error in a property: the same in all versions.
func propertyError(_ Version, code ErrorCode) ErrorCode { return code }

// appendProperty appends the header of a property, whose length endProperty writes.
func appendProperty(b []byte, typ uint16) []byte { return be.AppendUint32(b, uint32(typ)<<16) }

// appendExperimenterProperty appends the header of an experimenter's property, whose length endProperty writes.
func appendExperimenterProperty(b []byte, experimenter, expType uint32) []byte {
	return be.AppendUint32(be.AppendUint32(appendProperty(b, propertyExperimenter), experimenter), expType)
}

// endProperty writes the length of the property that begins at start, and pads it.
func endProperty(b []byte, start int) ([]byte, error) {
	b, err := putLength(b, start, 2)
	return padded(b, start), err
}

// appendPropertyBytes appends a property that holds bytes.
func appendPropertyBytes(b []byte, typ uint16, value ...byte) ([]byte, error) {
	start := len(b)
	return endProperty(append(appendProperty(b, typ), value...), start)
}

// appendProperty16 appends a property that holds a 16-bit number. The standard counts the padding behind it.
func appendProperty16(b []byte, typ, value uint16) []byte {
	return pad(be.AppendUint16(be.AppendUint32(b, uint32(typ)<<16|8), value), 2)
}

// appendProperty32 appends a property that holds a 32-bit number.
func appendProperty32(b []byte, typ uint16, value uint32) []byte {
	return be.AppendUint32(be.AppendUint32(b, uint32(typ)<<16|8), value)
}
