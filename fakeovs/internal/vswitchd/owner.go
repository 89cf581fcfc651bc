// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

// lockName is the lock whose owner is the switch of a database.
const lockName = "ovs_vswitchd"

// claim asks for the lock. d.working is held.
func (d *Daemon) claim() {
	if d.lock == nil {
		d.lock = d.o.Database.Lock(lockName, d.devices)
	}
}

// release gives the lock up. d.working is held.
func (d *Daemon) release() {
	if d.lock != nil {
		d.lock.Release()
		d.lock = nil
	}
}

// owns reports whether this is the switch of the database. If another one is, there are no bridges here, until that goes
// away. d.working is held.
func (d *Daemon) owns() bool {
	if d.lock == nil {
		return false
	}
	if d.lock.Owned() {
		d.disabled = false
		return true
	}
	if !d.disabled {
		d.disabled = true
		d.log.Error("another ovs-vswitchd process is running, disabling this process until it goes away")
	}
	for _, b := range d.sortedBridges() {
		d.deleteBridge(b)
	}
	d.config = nil
	return false
}
