// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package flowcheck says what messages about flows and packets may contain: it refuses, with the error that Open vSwitch
// gives, what Open vSwitch refuses whatever flows, groups and meters there are, and with an [UnsupportedError] what the fake
// cannot do. It also has the few questions about matches and actions that those ask who keep flows and who follow packets.
//
// All of it are functions of their arguments.
package flowcheck
