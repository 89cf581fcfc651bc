// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package linkstate

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// settlePause is the time between two looks at what the kernel does in the
// background, and settlePatience how long that is waited for.
const (
	settlePause    = time.Millisecond
	settlePatience = 200 * time.Millisecond
)

// Settle waits until the addresses of IPv6 among objects that have been added
// receive packets. The kernel makes the local route of such an address in the
// background, without which its packets are lost. That it takes too long, or
// that an address is gone, is no error.
func (c *Conn) Settle(ctx context.Context, d Device, objects []Object) error {
	ctx, cancel := context.WithTimeout(ctx, settlePatience)
	defer cancel()
	for {
		missing := map[string]bool{}
		for _, o := range objects {
			if o.Kind == Address && !o.isV4() {
				missing[string(o.local())] = true
			}
		}
		if len(missing) == 0 {
			return nil
		}
		err := c.each(Route, 0, func(o Object) error {
			oif, _ := o.uint32(unix.RTA_OIF)
			if o.header[rtmType] == unix.RTN_LOCAL && int(oif) == d.Index {
				delete(missing, string(o.get(unix.RTA_DST)))
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("list routes through device %q: %w", d.Name, err)
		}
		if len(missing) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(settlePause):
		}
	}
}
