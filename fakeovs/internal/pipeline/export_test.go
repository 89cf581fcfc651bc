// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

// MaxTraced is how many translations a trace has.
const MaxTraced = maxTraced

// MaxCacheActions is how many actions the flows in the cache may have.
const MaxCacheActions = maxCacheActions

// CachedActions is how many they have.
func (d *Datapath) CachedActions() int {
	d.tables.Lock()
	defer d.tables.Unlock()
	return d.cache.actions
}
