// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"syscall"
	"time"

	"github.com/ovskit/ovskit/internal/testbed"
)

// datagramAgain is how long an answer to a datagram may take before the datagram is sent again.
const datagramAgain = 300 * time.Millisecond

// askTCP connects to a service, asks it one question and checks its answer.
func askTCP(ctx context.Context, from testbed.Station, local, to netip.AddrPort) (answer, error) {
	c, err := from.DialTCP(ctx, local, to)
	if err != nil {
		return answer{}, err
	}
	defer c.Close()
	return askOver(ctx, c)
}

// askOver asks one question over a connection.
func askOver(ctx context.Context, c net.Conn) (answer, error) {
	defer endWith(ctx, c)()
	q := question(tcpBody)
	if _, err := c.Write(appendMessage(nil, q)); err != nil {
		return answer{}, reason(ctx, err)
	}
	body, err := readMessage(c)
	if err != nil {
		return answer{}, reason(ctx, err)
	}
	return parseAnswer(body, q)
}

// askUDP asks a service one question by datagram, again and again until it is answered.
func askUDP(ctx context.Context, from testbed.Station, local, to netip.AddrPort) (answer, error) {
	c, err := from.DialUDP(ctx, local, to)
	if err != nil {
		return answer{}, err
	}
	defer c.Close()
	defer endWith(ctx, c)()
	q := question(udpBody)
	datagram, buf := appendMessage(nil, q), make([]byte, messageHeader+maxBody)
	for {
		if _, err := c.Write(datagram); err != nil {
			return answer{}, reason(ctx, err)
		}
		if err := c.SetReadDeadline(time.Now().Add(datagramAgain)); err != nil {
			return answer{}, reason(ctx, err)
		}
		n, err := c.Read(buf)
		switch {
		case err == nil:
			body, err := readMessage(bytes.NewReader(buf[:n]))
			if err != nil {
				return answer{}, err
			}
			return parseAnswer(body, q)
		case !isTimeout(err) || ctx.Err() != nil:
			return answer{}, reason(ctx, err)
		}
	}
}

// endWith makes what waits on c end when ctx does, until the function it returns is called.
func endWith(ctx context.Context, c net.Conn) (stop func() bool) {
	return context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
}

// reason prefers the context's reason over the error that its end has caused.
func reason(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fmt.Errorf("connection closed early: %w", err)
	}
	return err
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}

// verdict says in a probe's words what became of an attempt.
func verdict(err error) string {
	switch {
	case err == nil:
		return reply
	case isTimeout(err):
		return blocked
	case errors.Is(err, syscall.ECONNREFUSED):
		return refused
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return unreachable
	}
	return "error: " + err.Error()
}
