// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package unixctl asks the daemons of Open vSwitch by their control sockets, as
// ovs-appctl(8) does. An exchange is one JSON-RPC request with a method and
// parameters that are strings, and one reply with a string: a result or an
// error.
package unixctl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"unicode/utf8"

	"github.com/ovskit/ovskit/internal/endpoint"
)

// maxReply is the longest reply that is read, in bytes.
const maxReply = 64 << 20

// A RefusedError is the answer of a daemon that did not do what it was asked.
type RefusedError struct {
	// Method is what it was asked.
	Method string
	// Reason is its text, without the line's end.
	Reason string
}

func (e *RefusedError) Error() string { return e.Reason }

// Call has the daemon behind a control socket run a method and returns the
// result, which is empty or ends with a newline. It is a [*RefusedError] if the
// daemon refuses; the error of the context, wrapped, if that ends first.
// Arguments are text in UTF-8 without zero bytes.
func Call(ctx context.Context, socket, method string, args ...string) (string, error) {
	text, err := call(ctx, socket, method, args)
	if err != nil {
		return "", fmt.Errorf("%s by control socket %s: %w", method, socket, err)
	}
	return text, nil
}

func call(ctx context.Context, socket, method string, args []string) (string, error) {
	for i, arg := range append([]string{method}, args...) {
		if !utf8.ValidString(arg) || strings.ContainsRune(arg, 0) {
			return "", fmt.Errorf("argument %d is not text: %q", i, arg)
		}
	}
	e, err := endpoint.Parse(endpoint.Unix+":"+socket, 0)
	if err != nil {
		return "", err
	}
	conn, err := e.Dial(ctx, nil)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		conn.Close()
		close(closed)
	})
	defer func() {
		if !stop() {
			<-closed
		}
	}()
	text, err := exchange(conn, method, args)
	var refused *RefusedError
	if err != nil && !errors.As(err, &refused) && ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	return text, err
}

// requestID is the id of the only request of a connection.
const requestID = 1

// exchange sends the request and reads its reply.
func exchange(conn net.Conn, method string, args []string) (string, error) {
	if args == nil {
		args = []string{}
	}
	request := map[string]any{"id": requestID, "method": method, "params": args}
	if err := json.NewEncoder(conn).Encode(request); err != nil {
		return "", err
	}
	return readReply(conn, method, maxReply)
}

// readReply reads one reply of at most so many bytes.
func readReply(r io.Reader, method string, most int64) (string, error) {
	limited := &io.LimitedReader{R: r, N: most}
	var reply struct {
		ID            int
		Result, Error *string
	}
	err := json.NewDecoder(limited).Decode(&reply)
	switch {
	case errors.Is(err, io.EOF):
		return "", fmt.Errorf("the daemon closed the connection and gave no reply: %w", err)
	case err != nil && limited.N == 0:
		return "", fmt.Errorf("the reply is longer than %d bytes", most)
	case err != nil:
		return "", fmt.Errorf("read the reply: %w", err)
	case reply.ID != requestID:
		return "", fmt.Errorf("the reply is to request %d, want %d", reply.ID, requestID)
	case reply.Error != nil:
		return "", &RefusedError{Method: method, Reason: strings.TrimSuffix(*reply.Error, "\n")}
	case reply.Result == nil:
		return "", errors.New("the reply has neither result nor error")
	}
	return *reply.Result, nil
}
