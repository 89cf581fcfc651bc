// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package clock is the time of a fake: what everything in it that ages, expires or repeats goes by.
//
// A Clock follows the machine's time or stands still, and is moved forward by hand in either case. What is set to run at
// a time runs in the order of times, one function after the other; when the clock is moved by hand it has run when that
// returns. A package that needs the time only takes Clock.Now as a func() time.Time.
package clock
