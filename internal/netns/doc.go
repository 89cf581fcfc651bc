// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package netns makes, opens and enters network namespaces.
//
// Named namespaces are those of ip-netns(8): a file in [Dir] on which the
// namespace is bind-mounted, so that "ip netns exec NAME" works on what this
// package made and [Open] works on what ip made.
//
// A namespace is a property of a thread, not of a goroutine. [NS.Do] therefore
// runs a function on a thread of its own, which goes back to the Go runtime
// only when it has left the namespace again.
package netns
