// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import "errors"

// SetBundleRoom sets how many bytes the messages in all bundles may have.
func (d *Datapath) SetBundleRoom(n int64) { d.bundleRoom.Store(n) }

// BundleRoom is how many more there may be.
func (d *Datapath) BundleRoom() int64 { return d.bundleRoom.Load() }

// MaxTraced is how many translations a trace has.
const MaxTraced = maxTraced

// LacksSupport reports whether an error refuses what Open vSwitch can do.
func LacksSupport(err error) bool {
	var lack *unsupportedError
	return errors.As(err, &lack)
}
