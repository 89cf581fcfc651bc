// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"log/slog"
	"sync"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
)

// Datapath is what the switches of one process share: what their bridges do, and what waits for controllers.
type Datapath struct {
	*pipeline.Datapath
	log *slog.Logger
	// backlog is what waits for the controllers; lists is held while a list for one of them is made.
	backlog backlog
	lists   sync.Mutex

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
	d.backlog.limit = usualBacklog
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
