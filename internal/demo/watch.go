// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ovskit/ovskit/internal/testbed"
)

// watch looks at something for as long as the probes run.
type watch struct {
	name, want string
	end        func() (got string)
}

// watchOutside wants no frame to reach the outside that shows an endpoint's address.
func (s *scenario) watchOutside(ctx context.Context) (watch, error) {
	capture, err := s.tb.Outside().Capture(ctx)
	if err != nil {
		return watch{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	shown := make(chan string, 1)
	go func() {
		got := none
		err := find(ctx, capture, func(frame []byte) bool {
			src, ok := source(frame)
			inside := func(v *view) bool { return v.in.web.Contains(src.addr) || v.in.db.Contains(src.addr) }
			if ok && slices.ContainsFunc(s.views, inside) {
				got = src.what + " of " + src.addr.String()
			}
			return got != none
		})
		if err != nil && !errors.Is(err, context.Canceled) {
			got = verdict(err)
		}
		shown <- got
	}()
	return watch{"endpoint addresses seen outside", none, func() string {
		cancel()
		defer capture.Close()
		return <-shown
	}}, nil
}

// watchFilters wants no rule of iptables or nftables on the host at any time.
func watchFilters(tb *testbed.Testbed) watch {
	before := filters(tb)
	return watch{"iptables and nftables rules on the host", none, func() string {
		if before != none {
			return before
		}
		return filters(tb)
	}}
}

func filters(tb *testbed.Testbed) string {
	tables, err := tb.FilterTables()
	switch {
	case err != nil:
		return fmt.Sprintf("error: %v", err)
	case len(tables) != 0:
		return strings.Join(tables, ", ")
	}
	return none
}
