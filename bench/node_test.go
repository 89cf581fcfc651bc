// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// testNode is a machine with a switch, and a connection to its database.
type testNode struct {
	*node.Node
	db *vswitch.DB
}

func newNode(b *testing.B) testNode {
	b.Helper()
	n := nodetest.New(b)
	db, err := vswitch.Dial(context.Background(), ovsdb.Options{Endpoint: n.OVS().DatabaseEndpoint()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	return testNode{n, db}
}

// newNamespace makes a network namespace that is gone after the benchmark.
func newNamespace(b *testing.B, name string) *netns.NS {
	b.Helper()
	ns, err := netns.New(fmt.Sprintf("ovskit-bench-%d-%s", os.Getpid(), name))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := ns.Delete(); err != nil {
			b.Error(err)
		}
	})
	return ns
}
