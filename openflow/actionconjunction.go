// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// Conjunction says that the flow is one of several that a packet must match, one of each clause, to match the flow with a
// conj_id (ovs-fields(7), "Conjunctive Match Fields"; ovs-actions(7), "The conjunction action"). Beside it a flow can have
// only Note.
type Conjunction struct {
	// ID is the conj_id.
	ID uint32
	// Clause is the flow's clause, counted from 1, and Clauses how many there are: 2 to 64.
	Clause, Clauses uint8
}

// String is the action in the words of ovs-actions(7).
func (a Conjunction) String() string {
	return fmt.Sprintf("conjunction(%d,%d/%d)", a.ID, a.Clause, a.Clauses)
}

func (a Conjunction) valid() bool {
	return 2 <= a.Clauses && a.Clauses <= 64 && 1 <= a.Clause && a.Clause <= a.Clauses
}

func (a Conjunction) appendTo(b []byte, _ Version) ([]byte, error) {
	if !a.valid() {
		return b, fmt.Errorf("clause %d of %d does not exist", a.Clause, a.Clauses)
	}
	b = append(appendNicira(b, nxConjunction, 16), a.Clause-1, a.Clauses)
	return be.AppendUint32(b, a.ID), nil
}

func decodeConjunction(b []byte, r *reader) (Action, error) {
	a := Conjunction{Clause: r.u8() + 1, Clauses: r.u8(), ID: r.u32()}
	if !a.valid() {
		return nil, malformed(ErrBadConjunction, "%v", a)
	}
	return sized(b, 16, a)
}
