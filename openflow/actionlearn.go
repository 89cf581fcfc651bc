// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"errors"
	"fmt"
)

// Learn adds a flow, made of the packet, or changes it if there is one with the same match and priority (ovs-actions(7),
// "The learn action").
type Learn struct {
	// Table is the new flow's table: 0 to 254.
	Table    uint8
	Priority uint16
	Cookie   uint64
	// IdleTimeout and HardTimeout are those of the new flow in seconds; 0 is none.
	IdleTimeout, HardTimeout uint16
	// FinIdleTimeout and FinHardTimeout, unless both are 0, give the new flow the action FinTimeout.
	FinIdleTimeout, FinHardTimeout uint16
	// SendRemoved has the switch say when the new flow is gone (FlowSendRemoved).
	SendRemoved bool
	// DeleteLearned deletes the flows of the same cookie and table when the last flow that learns them is gone.
	DeleteLearned bool
	// Limit is how many flows of the same cookie and table there may be; 0 is any number.
	Limit uint32
	// Result is a bit that says whether the flow was within the limit. Nil says it nowhere.
	Result *Subfield
	// Specs make the match and the actions of the new flow.
	Specs []LearnSpec
}

// String is the action in the words of ovs-actions(7).
func (a Learn) String() string { return a.text(nil) }

func (a Learn) text(names *Names) string {
	var list args
	list.add(true, "table=%s", names.table(a.Table))
	list.add(a.IdleTimeout != 0, "idle_timeout=%d", a.IdleTimeout)
	list.add(a.HardTimeout != 0, "hard_timeout=%d", a.HardTimeout)
	list.add(a.FinIdleTimeout != 0, "fin_idle_timeout=%d", a.FinIdleTimeout)
	list.add(a.FinHardTimeout != 0, "fin_hard_timeout=%d", a.FinHardTimeout)
	list.add(a.Priority != 0x8000, "priority=%d", a.Priority) // what ovs-ofctl takes where nothing is said
	list.add(a.SendRemoved, "send_flow_rem")
	list.add(a.DeleteLearned, "delete_learned")
	list.add(a.Cookie != 0, "cookie=%#x", a.Cookie)
	list.add(a.Limit != 0, "limit=%d", a.Limit)
	if a.Result != nil {
		list.add(true, "result_dst=%v", *a.Result)
	}
	for _, spec := range a.Specs {
		list = append(list, spec.text(names))
	}
	return list.of("learn")
}

// The flags of learn.
const (
	learnSendRemoved = 1 << iota
	learnDeleteLearned
	learnResult
)

func (a Learn) appendTo(b []byte, _ Version) ([]byte, error) {
	if a.Table == AllTables {
		return b, fmt.Errorf("flows cannot be learned in table %d", a.Table)
	}
	start, second, subtype := len(b), a.Limit != 0 || a.Result != nil, uint16(nxLearn)
	if second {
		subtype = nxLearn2
	}
	b = be.AppendUint16(appendNicira(b, subtype, 0), a.IdleTimeout)
	b = be.AppendUint16(b, a.HardTimeout)
	b = be.AppendUint16(b, a.Priority)
	b = be.AppendUint64(b, a.Cookie)
	b = be.AppendUint16(b, uint16(bits(a.SendRemoved, a.DeleteLearned, a.Result != nil)))
	b = append(b, a.Table, 0)
	b = be.AppendUint16(b, a.FinIdleTimeout)
	b = be.AppendUint16(b, a.FinHardTimeout)
	var err error
	if second {
		if b, err = appendLearnLimit(b, a.Limit, a.Result); err != nil {
			return b, fmt.Errorf("result: %w", err)
		}
	}
	for i, spec := range a.Specs {
		if b, err = spec.append(b); err != nil {
			return b, fmt.Errorf("spec %d: %w", i, err)
		}
	}
	return putLength(padded(b, start), start, 2)
}

// appendLearnLimit appends what the second form of the action has more than the first.
func appendLearnLimit(b []byte, limit uint32, result *Subfield) ([]byte, error) {
	b = be.AppendUint32(b, limit)
	if result == nil {
		return pad(b, 4), nil
	}
	if result.Bits != 1 {
		return b, errors.New("not one bit")
	}
	if err := result.check(); err != nil {
		return b, err
	}
	return appendNXMHeader(pad(be.AppendUint16(b, result.Offset), 2), result.Field)
}

// decodeLearn reads a learn action in one of its two forms; one with fields that have no name here stays raw.
func decodeLearn(b []byte, r *reader, second bool) (Action, error) {
	a := Learn{IdleTimeout: r.u16(), HardTimeout: r.u16(), Priority: r.u16(), Cookie: r.u64()}
	flags := r.u16()
	a.Table = r.u8()
	r.skip(1)
	a.FinIdleTimeout, a.FinHardTimeout = r.u16(), r.u16()
	known := uint16(learnSendRemoved | learnDeleteLearned)
	if second {
		known |= learnResult
		a.Limit = r.u32()
		result := Subfield{Offset: r.u16(), Bits: 1}
		r.skip(2)
		if flags&learnResult != 0 {
			result.Field = decodeHeader(r)
			a.Result = &result
		}
	}
	switch {
	case r.short:
		return nil, malformed(ErrBadActionLen, "learn action of %d bytes", len(b))
	case a.Table == AllTables:
		return nil, malformed(ErrBadActionArgument, "learn in table %d", a.Table)
	case flags&^known != 0 || a.Result != nil && a.Result.Field == FieldUnknown:
		return RawAction{b}, nil
	case a.Result != nil && !a.Result.fits():
		return nil, a.Result.misfit("learn's result")
	}
	a.SendRemoved, a.DeleteLearned = flags&learnSendRemoved != 0, flags&learnDeleteLearned != 0
	for len(r.b) >= 2 {
		header := r.u16()
		if header == 0 {
			break
		}
		spec, known, err := decodeLearnSpec(r, header)
		if err != nil {
			return nil, err
		}
		if !known {
			return RawAction{b}, nil
		}
		a.Specs = append(a.Specs, spec)
	}
	for _, x := range r.b {
		if x != 0 {
			return nil, malformed(ErrBadActionArgument, "learn action with bytes after its specs")
		}
	}
	if len(r.b) >= 8 {
		return RawAction{b}, nil // more padding than it needs
	}
	return a, nil
}
