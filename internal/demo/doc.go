// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package demo is the scenario of `ovskit demo`: two networks with three endpoints on one bridge, a way out, a published
// port, isolation; and the probes that tell with real traffic whether all of it works and nothing else does.
//
// The scenario is built with the same packages and the same calls that a network driver uses, on a [testbed] that is
// either real or fake. A probe says what it wants to see and what it saw. Where a probe wants something not to arrive
// it looks for it where it would arrive; silence at the sender alone is not enough.
package demo
