// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"context"
	"fmt"

	of "github.com/ovskit/ovskit/openflow"
)

// Counters are what the flows of an object have seen since they were written: a restart of the program does not reset
// them, one of the switch does.
type Counters struct {
	Object Object
	// Matched is over all flows of the object; a packet counts in each that it meets on its way. The flow of a port that
	// endpoints share is of none of them.
	Matched Count
	// Sent is what an endpoint has sent, before it is known where to, and Received what was delivered to it. They are zero for other
	// objects.
	Sent, Received Count
}

// Count is packets and their bytes, from the Ethernet header on.
type Count struct{ Packets, Bytes uint64 }

// Counters asks the switch for the counters of objects, of which only the names count; those of one that the switch has no
// flows of are zero.
func (s *Switch) Counters(ctx context.Context, objects ...Object) ([]Counters, error) {
	conn, err := s.client.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("counters: %w", err)
	}
	all := make([]Counters, len(objects))
	for i, o := range objects {
		c := &all[i]
		c.Object = o
		if c.Matched, err = s.count(ctx, conn, o, nil); err == nil && o.ref().kind == kindEndpoint {
			classify, deliver := tableClassify, tableDeliver
			if c.Sent, err = s.count(ctx, conn, o, &classify); err == nil {
				c.Received, err = s.count(ctx, conn, o, &deliver)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("counters of %s: %w", o, err)
		}
	}
	return all, nil
}

// count sums up the flows of an object, in one table or in all.
func (s *Switch) count(ctx context.Context, conn *of.Conn, o Object, table *uint8) (Count, error) {
	sum, err := conn.Sum(ctx, of.FlowFilter{Table: table, Cookie: s.owner | objectCookie(o.ref()), CookieMask: ^uint64(0)})
	return Count{sum.Packets, sum.Bytes}, err
}
