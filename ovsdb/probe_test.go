// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"errors"
	"testing"
	"time"
)

// A server that has nothing to say is asked for a sign of life, and kept as
// long as it gives one.
func TestProbe(t *testing.T) {
	answered := make(chan struct{})
	endpoint := listen(t, func(p *peer) {
		p.schema()
		for range 3 {
			p.answer(p.expect("echo"), `[]`)
		}
		close(answered)
		p.expect("echo")
		p.wait()
	})
	c, err := Dial(testContext(t), Options{Endpoint: endpoint, Database: "Test", NoReconnect: true, Probe: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	select {
	case <-answered:
	case <-c.Done():
		t.Fatalf("a server that answers was given up: %v", c.Err())
	}
	<-c.Done()
	if err := c.Err(); !errors.Is(err, ErrInactive) {
		t.Errorf("a server that answers no more: got error %v, want %v", err, ErrInactive)
	}
}
