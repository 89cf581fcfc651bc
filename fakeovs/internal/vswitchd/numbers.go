// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import "time"

const (
	// maxPort is the largest number of a port that is not reserved.
	maxPort = 0xfeff
	// maxAutomatic is the largest number that is given to a port that requests none.
	maxAutomatic = 32767
	// quarantine is how long the number of a deleted port is not given to another one if there are numbers that no
	// port ever had.
	quarantine = time.Hour
)

// portNumbers gives out the OpenFlow port numbers of a bridge.
type portNumbers struct {
	taken map[uint32]bool
	freed map[uint32]time.Time // when the numbers that ports had were given back
	last  uint32               // the number that was given last without a request for it
}

func newPortNumbers() portNumbers {
	return portNumbers{taken: map[uint32]bool{}, freed: map[uint32]time.Time{}}
}

// take takes the wished number if it is free, else the next one after the last that no port has had for a while, so
// that flows for a deleted port do not meet another one. It returns 0 if none is left.
func (n *portNumbers) take(wish uint32, now time.Time) uint32 {
	if wish < 1 || wish > maxPort || n.taken[wish] {
		wish = n.next(now)
	}
	if wish != 0 {
		n.taken[wish] = true
		delete(n.freed, wish)
	}
	return wish
}

func (n *portNumbers) next(now time.Time) uint32 {
	var oldest uint32
	for range maxAutomatic {
		n.last = n.last%maxAutomatic + 1
		freed, had := n.freed[n.last]
		switch {
		case n.taken[n.last]:
		case !had || now.Sub(freed) > quarantine:
			return n.last
		case oldest == 0 || freed.Before(n.freed[oldest]):
			oldest = n.last
		}
	}
	return oldest
}

// giveBack makes a number free.
func (n *portNumbers) giveBack(no uint32, now time.Time) {
	if n.taken[no] {
		delete(n.taken, no)
		n.freed[no] = now
	}
}
