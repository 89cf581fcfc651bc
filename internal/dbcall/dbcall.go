// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package dbcall makes single transactions on an OVSDB server. It is for what the tests of package ovsdb stand on, which
// therefore cannot stand on package ovsdb.
package dbcall

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
)

// Transact runs operations in one transaction (RFC 7047, section 4.1.3) on a connection of its own to an endpoint such
// as "unix:PATH", and returns the result of each. It is an error if one of them fails.
func Transact(ctx context.Context, endpoint, database string, operations ...any) ([]json.RawMessage, error) {
	results, err := transact(ctx, endpoint, append([]any{database}, operations...))
	if err != nil {
		return nil, fmt.Errorf("transact on database %s at %s: %w", database, endpoint, err)
	}
	return results, nil
}

func transact(ctx context.Context, endpoint string, params []any) ([]json.RawMessage, error) {
	network, address, _ := strings.Cut(endpoint, ":")
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	results, err := exchange(conn, params)
	if err != nil && ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return results, err
}

// exchange sends the request and waits for its reply.
func exchange(conn net.Conn, params []any) ([]json.RawMessage, error) {
	const id = "transact"
	if err := json.NewEncoder(conn).Encode(map[string]any{"id": id, "method": "transact", "params": params}); err != nil {
		return nil, err
	}
	var reply struct {
		ID     any               `json:"id"`
		Result []json.RawMessage `json:"result"`
		Error  json.RawMessage   `json:"error"`
	}
	// An echo request of the server may come first.
	for replies := json.NewDecoder(conn); reply.ID != id; {
		if err := replies.Decode(&reply); err != nil {
			return nil, err
		}
	}
	if len(reply.Error) > 0 && string(reply.Error) != "null" {
		return nil, fmt.Errorf("%s", reply.Error)
	}
	for i, text := range reply.Result {
		var result struct{ Error, Details string }
		if err := json.Unmarshal(text, &result); err != nil {
			return nil, fmt.Errorf("result %d: %w", i, err)
		}
		if result.Error != "" {
			return nil, fmt.Errorf("operation %d: %s: %s", i, result.Error, result.Details)
		}
	}
	return reply.Result, nil
}
