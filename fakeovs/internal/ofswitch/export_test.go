// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

// SetBundleRoom sets how many bytes the messages in all bundles may have.
func (d *Datapath) SetBundleRoom(n int64) { d.bundleRoom.Store(n) }

// BundleRoom is how many more there may be.
func (d *Datapath) BundleRoom() int64 { return d.bundleRoom.Load() }
