// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// pingAgain is how long an echo may take before the next one is sent.
const pingAgain = 200 * time.Millisecond

// echo is what ICMP has for a ping in a version of IP.
type echo struct {
	protocol       int
	request, reply icmp.Type
}

var (
	echo4 = echo{1, ipv4.ICMPTypeEcho, ipv4.ICMPTypeEchoReply}
	echo6 = echo{58, ipv6.ICMPTypeEchoRequest, ipv6.ICMPTypeEchoReply}
)

// echoConn is a connection of pings over one whose messages begin with the ICMP header. The stack behind it may set the
// identifier, and sets the checksum of ICMPv6.
type echoConn struct {
	net.Conn
	how echo
	id  int
	seq int
	buf []byte
}

func newEchoConn(conn net.Conn, dst netip.Addr, id uint16) *echoConn {
	how := echo6
	if dst.Is4() {
		how = echo4
	}
	return &echoConn{Conn: conn, how: how, id: int(id), buf: make([]byte, 1500)}
}

// Write sends an echo request.
func (c *echoConn) Write(data []byte) (int, error) {
	c.seq++
	message := icmp.Message{Type: c.how.request, Body: &icmp.Echo{ID: c.id, Seq: c.seq, Data: data}}
	request, err := message.Marshal(nil)
	if err != nil {
		return 0, err
	}
	if _, err := c.Conn.Write(request); err != nil {
		return 0, err
	}
	return len(data), nil
}

// Read reads what the next reply carries.
func (c *echoConn) Read(data []byte) (int, error) {
	for {
		n, err := c.Conn.Read(c.buf)
		if err != nil {
			return 0, err
		}
		m, err := icmp.ParseMessage(c.how.protocol, c.buf[:n])
		if err != nil {
			continue
		}
		if reply, ok := m.Body.(*icmp.Echo); ok && m.Type == c.how.reply {
			return copy(data, reply.Data), nil
		}
	}
}

// pingOver sends echo requests through conn until one is answered or ctx ends, and closes conn.
func pingOver(ctx context.Context, conn net.Conn) error {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()

	payload := fmt.Appendf(nil, "ovskit %016x", rand.Uint64())
	buf := make([]byte, len(payload))
	for {
		if _, err := conn.Write(payload); err != nil {
			return pingError(ctx, err)
		}
		if err := conn.SetReadDeadline(time.Now().Add(pingAgain)); err != nil {
			return pingError(ctx, err)
		}
		for {
			n, err := conn.Read(buf)
			if isTimeout(err) && ctx.Err() == nil {
				break
			}
			if err != nil {
				return pingError(ctx, err)
			}
			if bytes.Equal(buf[:n], payload) {
				return nil
			}
		}
	}
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &t) && t.Timeout()
}

// pingError prefers the context's reason over the error that its end has caused.
func pingError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func pingFailed(station string, dst netip.Addr, err error) error {
	return fmt.Errorf("%q: ping %s: %w", station, dst, err)
}
