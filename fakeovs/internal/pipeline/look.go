// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// look notes that a part of a field, which may be the option of a tunnel, is looked at.
func (x *translation) look(s openflow.Subfield) {
	for done := uint16(0); done < s.Bits; {
		n := min(64, s.Bits-done)
		x.options.SetBits(&x.wc, s.Field, s.Offset+done, n, ^uint64(0))
		done += n
	}
	if s.Field == openflow.FieldVLANPCP {
		x.wc.AddBits(openflow.FieldVLANTCI, packet.TCIPresent)
	}
}
