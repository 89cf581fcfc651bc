// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

const (
	eventRows    = 1000 // interfaces that a transaction changes, all of them
	eventUpdates = 200  // transactions in one run
	// slowness is how many times longer the consumer takes for an update than
	// the server for making it.
	slowness = 10
)

// watchedEvents takes over 200,000 changes of rows while a consumer of the
// events is ten times too slow, beside doing so without a consumer: above 0.9
// or so, the one does not hold up the other. A run fails if the consumer has
// missed anything without being told.
var watchedEvents = comparison{name: "ovsdb.events200k/unwatched", pairs: 3, setup: func(b *testing.B) (ours, peer side) {
	return eventSide(b, true), eventSide(b, false)
}}

func eventSide(b *testing.B, watched bool) side {
	ctx := context.Background()
	client := dialDatabase(b, startDatabase(b, eventRows))
	interfaces := ovsdb.NewTable[vswitch.Interface](vswitch.TableInterface, ovsdb.TableOptions{})
	m, err := client.Monitor(ctx, ovsdb.MonitorOptions{Tables: []ovsdb.Monitored{interfaces}})
	if err != nil {
		b.Fatal(err)
	}
	return side{clocked: func(n int) (time.Duration, error) {
		consumer := &slowConsumer{table: interfaces}
		if watched {
			consumer.start(m)
		}
		start := time.Now()
		for i := range eventUpdates {
			began := time.Now()
			// The value is another one in each run.
			_, err := client.Transact(ctx, ovsdb.Update(vswitch.TableInterface, ovsdb.Row{"link_speed": n*eventUpdates + i + 1}))
			if err != nil {
				return 0, err
			}
			consumer.pause.Store(int64(slowness * time.Since(began)))
		}
		took := time.Since(start)
		if watched {
			overflows, err := consumer.finish()
			if err != nil {
				return 0, err
			}
			b.ReportMetric(float64(overflows), "overflows")
			b.ReportMetric(mebibytes(heap()), "heap-MiB")
		}
		return took, nil
	}}
}

// heap returns the bytes in use on the heap.
func heap() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapInuse
}
