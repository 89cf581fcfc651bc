// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// FinTimeout shortens the timeouts of its own flow when the flow matches a TCP packet with FIN or RST (ovs-actions(7), "The
// fin_timeout action"). The flow has to match TCP.
type FinTimeout struct {
	// IdleTimeout and HardTimeout are the flow's new timeouts in seconds if they are shorter; 0 leaves a timeout alone.
	IdleTimeout, HardTimeout uint16
}

// String is the action in the words of ovs-actions(7).
func (a FinTimeout) String() string {
	var list args
	list.add(a.IdleTimeout != 0, "idle_timeout=%d", a.IdleTimeout)
	list.add(a.HardTimeout != 0, "hard_timeout=%d", a.HardTimeout)
	return list.of("fin_timeout")
}

func (a FinTimeout) appendTo(b []byte, _ Version) ([]byte, error) {
	b = be.AppendUint16(appendNicira(b, nxFinTimeout, 16), a.IdleTimeout)
	return pad(be.AppendUint16(b, a.HardTimeout), 2), nil
}
