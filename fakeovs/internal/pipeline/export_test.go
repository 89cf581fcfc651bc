// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

// MaxTraced is how many translations a trace has.
const MaxTraced = maxTraced
