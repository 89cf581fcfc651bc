// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"fmt"
	"math"
	"time"
)

// probeXid is the transaction number of probes. No call has it.
const probeXid = math.MaxUint32

// probeLoop asks a switch that has been silent for a while for a sign of life, and ends the connection when none comes:
// a switch that was stopped, or a network that swallows packets, does not close it.
func (c *Conn) probeLoop() {
	defer c.wg.Done()
	probe := c.options.Probe
	timer := time.NewTimer(probe)
	defer timer.Stop()
	asked := time.Duration(-1) // when, -1 if not
	for {
		select {
		case <-timer.C:
		case <-c.done:
			return
		}
		now, heard := time.Since(c.began), time.Duration(c.heard.Load())
		switch {
		case now-heard < probe:
			timer.Reset(probe - (now - heard))
		case asked < heard:
			asked = now
			// A switch that does not even read gets no further request.
			if request, err := Encode(c.version, EchoRequest{}, probeXid); err == nil {
				c.out.putNow(request)
			}
			timer.Reset(probe)
		default:
			c.fail(fmt.Errorf("%w for %v", ErrInactive, (now - heard).Round(time.Millisecond)))
			return
		}
	}
}
