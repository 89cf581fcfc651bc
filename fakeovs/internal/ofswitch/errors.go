// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import "github.com/ovskit/ovskit/openflow"

// Errors that package openflow has no names for (OpenFlow 1.3.5, 7.4.4).
var (
	errBadConfigFlags = openflow.MakeErrorCode(10, 0)

	errStaleRole = openflow.MakeErrorCode(11, 0)
	errBadRole   = openflow.MakeErrorCode(11, 2)
)
