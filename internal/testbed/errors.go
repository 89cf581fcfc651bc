// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import "errors"

// ErrLost says that a capture was not read fast enough and has a gap.
var ErrLost = errors.New("capture lost frames")

// ErrClosed says that the station, or what was opened on it, has been closed.
var ErrClosed = errors.New("closed")
