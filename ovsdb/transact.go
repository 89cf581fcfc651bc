// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Transact runs the operations as one atomic transaction and returns a result
// for each, RFC 7047 section 4.1.3. Without a connection it waits for one.
//
// Errors are a [*SchemaError] when an operation does not fit the schema, an
// [*OperationError] when the server refuses one, a [*LockLostError] when a lock
// of the client was lost, and an [*OutcomeUnknownError] that wraps the reason
// when the connection or the context ended while the transaction was under way,
// or the answer makes no sense. When the context ends the server is asked to
// cancel. Any other error says that
// the transaction was not made.
func (c *Client) Transact(ctx context.Context, ops ...Operation) ([]Result, error) {
	encoded, err := c.schema.Load().encode("", ops)
	if err != nil {
		return nil, fmt.Errorf("transact: %w", err)
	}
	begun, err := c.owned()
	if err != nil {
		return nil, fmt.Errorf("transact: %w", err)
	}
	return c.transact(ctx, begun, ops, encoded)
}

// transact sends operations in one piece or in several of which each has its
// own names. The assertions of the client's locks go before them. Nothing is
// sent any more when one of the locks is lost that the client had when the
// transaction was begun, even if it has got it again since. The schema may have
// become another one when there is a connection: then they are encoded anew.
func (c *Client) transact(ctx context.Context, begun []*Lock, ops []Operation, pieces ...encoding) ([]Result, error) {
	sch, size := c.schema.Load(), 0
	for _, e := range pieces {
		size += len(e.text)
	}
	var locks []*Lock
	answer, err := c.callWith(ctx, "transact", func() error { return c.check(begun) }, func(s *session, k *call) (json.RawMessage, error) {
		owned, err := c.owned()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNotSent, err)
		}
		sch, locks = s.schema, owned
		k.check = func() error { return c.check(begun, owned) }
		params := make([]byte, 0, len(c.options.Database)+size+8+96*len(locks))
		params = appendString(append(params, '['), c.options.Database)
		params, err = sch.encodeOperations(params, "", assertions(locks))
		for _, e := range pieces {
			if err == nil && e.schema != sch {
				e, err = sch.encode(e.prefix, e.ops)
			}
			params = append(params, e.text...)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNotSent, err)
		}
		return append(params, ']'), nil
	})
	if err != nil {
		var refused *ServerError
		if errors.Is(err, ErrNotSent) || errors.Is(err, ErrLockLost) || errors.As(err, &refused) {
			return nil, err
		}
		return nil, &OutcomeUnknownError{Err: err}
	}
	results, err := c.parseResults(sch, answer, locks, ops)
	if errors.Is(err, ErrProtocol) {
		return nil, &OutcomeUnknownError{Err: fmt.Errorf("transact: %w", err)}
	}
	if err != nil {
		return nil, fmt.Errorf("transact: %w", err)
	}
	return results, nil
}

// parseResults reads the results of operations that follow the assertions of
// locks.
func (c *Client) parseResults(sch *schema, answer []byte, locks []*Lock, ops []Operation) ([]Result, error) {
	if len(locks) == 0 {
		return sch.parseResults(answer, ops)
	}
	asserts := assertions(locks)
	results, err := sch.parseResults(answer, slices.Concat(asserts, ops))
	var refused *OperationError
	switch {
	case errors.As(err, &refused) && refused.Index < len(asserts) && refused.Is(ErrNotOwner):
		return nil, c.refused(locks[refused.Index/assertionsPerLock])
	case refused != nil && refused.Index < len(asserts):
		return nil, fmt.Errorf("lock %q: %s", locks[refused.Index/assertionsPerLock].name, nameAndDetails(refused.Name, refused.Details))
	case refused != nil:
		refused.Index -= len(asserts)
		return nil, err
	case err != nil:
		return nil, err
	}
	return results[len(asserts):], nil
}
