// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// The properties of table features (OpenFlow 1.3.5, 7.3.5.5.2). Each of FlowAbilities has a number of its own for misses,
// which is one more.
const (
	featureInstructions = 0
	featureNextTables   = 2
	featureWrite        = 4
	featureApply        = 6
	featureMatch        = 8
	featureWildcards    = 10
	featureWriteSet     = 12
	featureApplySet     = 14

	// featuresRequired has the bits of those that must not be missing.
	featuresRequired = 1<<featureInstructions | 1<<featureNextTables | 1<<featureWrite | 1<<featureApply |
		1<<featureMatch | 1<<featureWildcards | 1<<featureWriteSet | 1<<featureApplySet
)

func (a *TableAbilities) append(b []byte) ([]byte, error) {
	var err error
	for miss, f := range []FlowAbilities{a.Hit, a.Miss} {
		if b, err = f.append(b, uint16(miss)); err != nil {
			return b, err
		}
	}
	if b, err = appendFieldHeaders(b, featureMatch, a.Match); err != nil {
		return b, err
	}
	return appendFieldHeaders(b, featureWildcards, a.Wildcards)
}

// append appends the properties of flows, or of the flow for misses where miss is 1.
func (f FlowAbilities) append(b []byte, miss uint16) ([]byte, error) {
	b, err := appendTypeNumbers(b, featureInstructions+miss, f.Instructions)
	if err != nil {
		return b, err
	}
	start := len(b)
	if b, err = endProperty(append(appendProperty(b, featureNextTables+miss), f.Next...), start); err != nil {
		return b, err
	}
	for _, part := range []struct {
		types     []TypeNumber
		actions   uint16
		fields    []FieldHeader
		setFields uint16
	}{{f.Write, featureWrite, f.WriteSet, featureWriteSet}, {f.Apply, featureApply, f.ApplySet, featureApplySet}} {
		if b, err = appendTypeNumbers(b, part.actions+miss, part.types); err != nil {
			return b, err
		}
		if b, err = appendFieldHeaders(b, part.setFields+miss, part.fields); err != nil {
			return b, err
		}
	}
	return b, nil
}

func appendTypeNumbers(b []byte, typ uint16, list []TypeNumber) ([]byte, error) {
	start := len(b)
	b = appendProperty(b, typ)
	for _, t := range list {
		at := len(b)
		b = append(be.AppendUint32(b, uint32(t.Type)<<16), t.Data...)
		var err error
		if b, err = putLength(b, at, 2); err != nil {
			return b, err
		}
	}
	return endProperty(b, start)
}

// decodeTableAbilities reads the properties of table features, which fill b. What is not said of the flow for misses is the
// same as of the others.
func decodeTableAbilities(b []byte, v Version, loose bool) (*TableAbilities, error) {
	var a TableAbilities
	var seen uint32
	err := decodeProperties(b, v, func(p property) (err error) {
		if p.typ > featureApplySet+1 || p.typ == featureMatch+1 || p.typ == featureWildcards+1 {
			if loose {
				return nil
			}
			return p.unknown(v, "table features")
		}
		if seen>>p.typ&1 == 1 {
			return malformed(ErrBadTableFeatures, "table features with property %d twice", p.typ)
		}
		seen |= 1 << p.typ
		switch p.typ {
		case featureMatch:
			a.Match, err = decodeFieldHeaders(p.body, true)
		case featureWildcards:
			a.Wildcards, err = decodeFieldHeaders(p.body, false)
		default:
			if p.typ&1 == 0 {
				err = a.Hit.set(p, v)
			} else {
				err = a.Miss.set(p, v)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if missing := featuresRequired &^ seen; missing != 0 {
		return nil, malformed(ErrBadTableFeatures, "table features without the properties %#b", missing)
	}
	a.Miss.complete(a.Hit, seen>>1)
	return &a, nil
}

// set takes one property of flows.
func (f *FlowAbilities) set(p property, v Version) (err error) {
	switch p.typ &^ 1 {
	case featureInstructions:
		f.Instructions, err = decodeTypeNumbers(p, v)
	case featureNextTables:
		f.Next = p.body
		for _, table := range f.Next {
			if table == AllTables {
				err = malformed(propertyError(v, ErrBadPropertyValue), "table features with next table %d", table)
			}
		}
	case featureWrite:
		f.Write, err = decodeTypeNumbers(p, v)
	case featureApply:
		f.Apply, err = decodeTypeNumbers(p, v)
	case featureWriteSet:
		f.WriteSet, err = decodeFieldHeaders(p.body, false)
	case featureApplySet:
		f.ApplySet, err = decodeFieldHeaders(p.body, false)
	}
	return err
}

// complete takes from other what was not seen, by the bits of the properties' numbers.
func (f *FlowAbilities) complete(other FlowAbilities, seen uint32) {
	missing := func(typ uint16) bool { return seen>>typ&1 == 0 }
	if missing(featureInstructions) {
		f.Instructions = other.Instructions
	}
	if missing(featureNextTables) {
		f.Next = other.Next
	}
	if missing(featureWrite) {
		f.Write = other.Write
	}
	if missing(featureApply) {
		f.Apply = other.Apply
	}
	if missing(featureWriteSet) {
		f.WriteSet = other.WriteSet
	}
	if missing(featureApplySet) {
		f.ApplySet = other.ApplySet
	}
}

func decodeTypeNumbers(p property, v Version) ([]TypeNumber, error) {
	var list []TypeNumber
	for r := (&reader{b: p.body}); len(r.b) > 0; {
		e, err := entry(r, 2, 4, "")
		if err != nil {
			return nil, p.badLen(v, "table features")
		}
		t := TypeNumber{Type: e.u16()}
		e.skip(2)
		t.Data = e.rest()
		list = append(list, t)
	}
	return list, nil
}
