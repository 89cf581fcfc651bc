// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"context"
	"net"
	"testing"
	"time"

	of "github.com/ovskit/ovskit/openflow"
)

// FuzzConn has a switch say anything after the features, with a dump and a bundle under way. Both end, and so does the
// connection.
func FuzzConn(f *testing.F) {
	var answers []byte
	for i, m := range messages() {
		b, err := of.Encode(of.Version13, m, uint32(i%6))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		answers = append(answers, b...)
	}
	f.Add(answers)
	f.Fuzz(func(t *testing.T, b []byte) {
		ours, theirs := net.Pipe()
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer theirs.Close()
			drained := make(chan struct{})
			p := &peer{t: t, nc: theirs}
			p.greet()
			go func() {
				defer close(drained)
				p.drain()
			}()
			theirs.Write(b)
			theirs.Close()
			<-drained
		}()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		c, err := of.NewConn(ctx, ours, of.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Flows(ctx, of.FlowFilter{}); ctx.Err() != nil {
			t.Errorf("Flows does not end: %v", err)
		}
		if err := c.Bundle(ctx, of.Add(numbered(1))); ctx.Err() != nil {
			t.Errorf("Bundle does not end: %v", err)
		}
		c.Close()
		<-done
	})
}
