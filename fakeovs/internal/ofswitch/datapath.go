// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
)

// Datapath is what the switches of one process share: what their bridges do, and the limits of bundles.
type Datapath struct {
	*pipeline.Datapath
	log *slog.Logger
	// bundleRoom is how many more bytes the messages in bundles may have.
	bundleRoom atomic.Int64

	mu sync.Mutex
	// idle is how long bundles stay without a message for them.
	idle time.Duration
}

// NewDatapath makes a datapath without bridges.
func NewDatapath(o pipeline.DatapathOptions) *Datapath {
	d := &Datapath{Datapath: pipeline.NewDatapath(o), log: o.Logger, idle: defaultBundleIdle}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	d.bundleRoom.Store(maxBundledBytes)
	return d
}

// SetBundleIdle sets how long a bundle stays without a message for it (ovs-vswitchd.conf.db(5), "bundle-idle-timeout").
// Less than a second is the usual ten.
func (d *Datapath) SetBundleIdle(idle time.Duration) {
	if idle < time.Second {
		idle = defaultBundleIdle
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.idle = idle
}

func (d *Datapath) bundleIdle() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.idle
}

// takeBundleRoom reports whether there was room for a message of that many bytes in the bundles.
func (d *Datapath) takeBundleRoom(size int) bool {
	if d.bundleRoom.Add(-int64(size)) < 0 {
		d.bundleRoom.Add(int64(size))
		return false
	}
	return true
}
