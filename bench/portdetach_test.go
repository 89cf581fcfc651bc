// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import "testing"

// portDetachCommands detaches 200 ports at the same time and waits until the switch has followed, beside the same by
// commands: one run of ovs-vsctl for all ports, which waits likewise, and one of ip, which takes all devices as one batch.
var portDetachCommands = comparison{name: "port.detach200/ovs-vsctl", pairs: 5, setup: func(b *testing.B) (ours, peer side) {
	return reversed(b, attachManySide(b)), reversed(b, attachCommandsSide(b))
}}

// portDetachMany is the same beside the same pairs taken from a bridge of the kernel by netlink. What is timed of ours
// ends with the last Detach: a bridge of the kernel has nothing that follows.
var portDetachMany = comparison{name: "port.detach200/bridge", pairs: 5, setup: func(b *testing.B) (ours, peer side) {
	many := newManyOfOurs(b)
	return reversed(b, side{run: many.attach, undo: many.detach}), reversed(b, attachBridgeManySide(b))
}}

// reversed times what undoes a side, and has the side itself put everything back.
func reversed(b *testing.B, s side) side {
	b.Helper()
	if err := s.run(0); err != nil {
		b.Fatal(err)
	}
	return side{run: s.undo, undo: s.run}
}
