// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/ovn-org/libovsdb/ovsdb"
)

// DefaultMaxBatch is the size in bytes up to which a [Batcher] puts changes
// into one transaction when BatchOptions do not say otherwise: some 2,000
// changes that each add a port.
const DefaultMaxBatch = 1 << 20

// BatchOptions configure a [Batcher]. The zero value is good.
type BatchOptions struct {
	// MaxSize is the size in bytes up to which changes share a transaction;
	// 0 means [DefaultMaxBatch]. A larger change goes alone.
	MaxSize int
	// Epilogue is run once at the end of every transaction, whatever the
	// number of changes in it.
	Epilogue []Operation
}

// A Batcher merges the changes of callers that come at the same time into
// shared transactions: group commit. A change that comes alone goes at once;
// those that come while a transaction is under way share the next one.
//
// Each caller has the outcome that its change would have alone, and the changes
// that share transactions take effect in the order in which they came. When the server refuses a shared
// transaction, it is repeated in parts until the change that it refuses stands
// alone: that one fails and the others are made.
//
// The changes of one transaction see each other's effects. What the server does
// at commit it does once for all of them: it removes the rows that nothing
// refers to any more, and checks constraints, so that a change may make up for
// what another has violated. A change that makes the server wait or abort, or has
// [Raw] operations, goes by itself and does not wait for others. The names of
// inserted rows are each caller's own.
//
// A Batcher needs no end: it runs no goroutine while there is nothing to do.
type Batcher struct {
	client   *Client
	maxSize  int
	epilogue encoding // without a schema if it does not fit that of the beginning

	mu      sync.Mutex
	running bool
	queue   []*change
	names   uint64 // the changes that had names so far
}

// NewBatcher makes a batcher of a client's transactions.
func NewBatcher(c *Client, o BatchOptions) *Batcher {
	b := &Batcher{client: c, maxSize: o.MaxSize}
	if b.maxSize <= 0 {
		b.maxSize = DefaultMaxBatch
	}
	b.epilogue = encoding{prefix: "e_", ops: slices.Clone(o.Epilogue)}
	if e, err := c.schema.Load().encode(b.epilogue.prefix, b.epilogue.ops); err == nil {
		b.epilogue = e
	}
	return b
}

// Transact runs the operations atomically, like [Client.Transact], possibly in
// a transaction with those of others. It returns the results of ops, and those
// of the epilogue of the transaction that they were part of.
//
// Errors are those of [Client.Transact], with indexes that count ops alone. A
// refusal of the epilogue has an index that counts it behind ops; one at
// commit has the number of ops.
//
// If the context ends before the change is sent it is not made. If it ends
// afterwards the error is an [*OutcomeUnknownError]: a transaction is cancelled
// only when everybody in it has given up.
func (b *Batcher) Transact(ctx context.Context, ops ...Operation) (results, epilogue []Result, err error) {
	c, err := b.change(ops)
	if err == nil && ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", ErrNotSent, reason(ctx))
	}
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("transact: %w", err)
	case mergeable(ops):
		b.enqueue(c)
		b.wait(ctx, c)
	default:
		c.finish(b.commit(ctx, []*change{c}))
	}
	return c.results, c.epilogue, c.err
}

// change checks and encodes the operations of a caller.
func (b *Batcher) change(ops []Operation) (c *change, err error) {
	sch := b.client.schema.Load()
	if b.epilogue.schema != sch {
		if _, err := sch.encode(b.epilogue.prefix, b.epilogue.ops); err != nil {
			return nil, fmt.Errorf("epilogue: %w", err)
		}
	}
	c = &change{ended: make(chan struct{})}
	if c.locks, err = b.client.owned(); err == nil {
		c.encoding, err = sch.encode(b.prefix(ops), ops)
	}
	return c, err
}

// prefix returns what makes the names of a change its own.
func (b *Batcher) prefix(ops []Operation) string {
	if !slices.ContainsFunc(ops, func(o Operation) bool { return o.uuidName != "" }) {
		return ""
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.names++
	return "c" + strconv.FormatUint(b.names, 10) + "_"
}

// mergeable reports whether operations can share a transaction with others:
// whether they neither hold it up, nor are sure to end it, nor may do
// nobody knows what.
func mergeable(ops []Operation) bool {
	return !slices.ContainsFunc(ops, func(o Operation) bool {
		return o.op == ovsdb.OperationAbort || o.op == operationRaw || o.op == ovsdb.OperationWait && o.wait.Timeout != 0
	})
}
