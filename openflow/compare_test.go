// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"net/netip"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// cmpOptions compares messages: empty lists are as good as nil ones.
var cmpOptions = cmp.Options{
	cmpopts.EquateEmpty(),
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
}
