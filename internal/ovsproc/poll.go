// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsproc

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// errEnded is returned by poll when what it waits for cannot happen any more.
var errEnded = errors.New("ended")

// poll returns when try succeeds, ended is closed or the context ends, of which
// the last has the last error of try. It is for moments that nothing
// announces: try is called again and again, ever less often.
func poll(ctx context.Context, ended <-chan struct{}, try func() error) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	last := errors.New("not tried")
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (%v)", context.Cause(ctx), last)
		case <-ended:
			return errEnded
		case <-timer.C:
		}
		err := try()
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			last = err
		}
		timer.Reset(pause)
	}
}
