// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package hostaddr

import (
	"context"
	"net/netip"

	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// EnsureHooked is Ensure with a function that is told of each step before it is
// taken and can fail it.
func EnsureHooked(ctx context.Context, db *vswitch.DB, c Config, h func(step string) error) error {
	return ensure(ctx, db, c, h)
}

// DeleteHooked is Delete with such a function.
func DeleteHooked(ctx context.Context, db *vswitch.DB, addr netip.Addr, h func(step string) error) error {
	return remove(ctx, db, addr, h)
}
