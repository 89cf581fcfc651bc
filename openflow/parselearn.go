// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "strings"

func (a *actionParser) learn(p piece) (Learn, error) {
	l := Learn{Table: 1, Priority: DefaultPriority}
	err := p.each(func(key, value piece) (bool, error) {
		switch key.s {
		case "table":
			var err error
			if l.Table, err = a.names.parseTable(value); err == nil && l.Table == AllTables {
				err = value.errorf("flows cannot be learned in table %d", l.Table)
			}
			return true, err
		case "priority":
			return true, num(value, &l.Priority)
		case "idle_timeout":
			return true, num(value, &l.IdleTimeout)
		case "hard_timeout":
			return true, num(value, &l.HardTimeout)
		case "fin_idle_timeout":
			return true, num(value, &l.FinIdleTimeout)
		case "fin_hard_timeout":
			return true, num(value, &l.FinHardTimeout)
		case "cookie":
			return true, num(value, &l.Cookie)
		case "send_flow_rem":
			l.SendRemoved = true
		case "delete_learned":
			l.DeleteLearned = true
		case "limit":
			return true, num(value, &l.Limit)
		case "result_dst":
			s, err := parseSubfield(value, true)
			if err == nil && (s.Bits != 1 || !s.Field.Writable()) {
				err = value.errorf("%q is not one bit that can be written", value)
			}
			l.Result = &s
			return true, err
		default:
			spec, err := a.learnSpec(key, value)
			l.Specs = append(l.Specs, spec)
			return true, err
		}
		return true, nil
	})
	return l, err
}

// learnSpec reads a condition or an action of the flow that is learned.
func (a *actionParser) learnSpec(key, value piece) (LearnSpec, error) {
	switch key.s {
	case "output":
		src, err := parseSubfield(value, true)
		return LearnOutput(src), err
	case "load":
		return a.learnLoad(value)
	}
	dst, err := parseSubfield(key, true)
	if err != nil {
		return LearnSpec{}, err
	}
	if value.empty() {
		return LearnMatch(dst, dst), nil
	}
	if src, err := parseSubfield(value, true); err == nil {
		if src.Bits != dst.Bits {
			return LearnSpec{}, value.errorf("%d bits do not fit into %d", src.Bits, dst.Bits)
		}
		return LearnMatch(dst, src), nil
	}
	spec := LearnSpec{To: LearnToMatch, Dst: dst}
	var number []byte
	if dst == Whole(dst.Field) {
		mf, err := dst.Field.parseValue(value, a.names)
		if err == nil && mf.Mask != nil {
			err = value.errorf("%q: a mask may not stand here", value)
		}
		if err != nil {
			return spec, err
		}
		number = mf.Value
	} else if number, err = value.bytes(dst.Field.Bytes()); err != nil {
		return spec, err
	}
	spec.Value, err = dst.immediate(value, number)
	return spec, err
}

func (a *actionParser) learnLoad(p piece) (LearnSpec, error) {
	from, to, ok := p.cut("->")
	if !ok {
		return LearnSpec{}, p.errorf("%q has no \"->\"", p)
	}
	dst, err := parseSubfield(to, true)
	if err != nil {
		return LearnSpec{}, err
	}
	if from.s != "" && strings.IndexByte("0123456789", from.s[0]) >= 0 {
		number, err := from.bytes(maxLearnValue)
		if err != nil {
			return LearnSpec{}, err
		}
		spec := LearnSpec{To: LearnToLoad, Dst: dst}
		spec.Value, err = dst.immediate(from, number)
		return spec, err
	}
	src, err := parseSubfield(from, true)
	if err == nil && src.Bits != dst.Bits {
		err = p.errorf("%d bits do not fit into %d", src.Bits, dst.Bits)
	}
	return LearnLoad(src, dst), err
}

// maxLearnValue is how many bytes a number may have that is loaded.
const maxLearnValue = 128

// immediate is a number in as many bytes as the bits of the subfield need.
func (s Subfield) immediate(p piece, number []byte) ([]byte, error) {
	n := (int(s.Bits) + 7) / 8
	number = append(make([]byte, max(0, n-len(number))), number...)
	cut := len(number) - n
	if !allZero(number[:cut]) || s.Bits%8 != 0 && number[cut]>>(s.Bits%8) != 0 {
		return nil, p.errorf("number %q does not fit into %d bits", p, s.Bits)
	}
	return number[cut:], nil
}
