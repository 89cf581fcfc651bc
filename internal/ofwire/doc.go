// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package ofwire encodes what a controller says to a switch in OpenFlow 1.3, by means of libOpenflow. It is the only
// package that knows libOpenflow, takes and gives plain values, and decodes nothing.
//
// libOpenflow's objects cache lengths and are written to when they are encoded, so none of them outlives a call here:
// each action is encoded by itself, and goes into what contains it as bytes. All functions may be called from any
// goroutine. What libOpenflow cannot express or gets wrong is put right here; each such place says so.
package ofwire
