// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package nodetest gives tests a node of their own.
package nodetest

import (
	"testing"

	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/internal/tier"
)

// prefix marks the nodes of tests.
const prefix = "test"

// New builds a node that is removed when the test ends. The test is skipped, or
// fails where it must not be, if the machine cannot have nodes. What
// tests that were killed left is removed first.
func New(t testing.TB) *node.Node {
	t.Helper()
	tier.Need(t, tier.System)
	if _, err := node.Collect(t.Context(), prefix); err != nil {
		t.Fatal(err)
	}
	n, err := node.New(t.Context(), node.Options{Prefix: prefix})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// Endpoint is [node.Node.Endpoint] for tests.
func Endpoint(t testing.TB, n *node.Node, name string) *netns.NS {
	t.Helper()
	ns, err := n.Endpoint(name)
	if err != nil {
		t.Fatal(err)
	}
	return ns
}
