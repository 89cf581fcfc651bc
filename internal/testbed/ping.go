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

// pingOver sends echo requests through conn until one is answered or ctx ends, and closes conn. A message that is
// written to conn, or read from it, begins with the ICMP header; the stack behind it may set the identifier, and sets the
// checksum of ICMPv6.
func pingOver(ctx context.Context, conn net.Conn, dst netip.Addr) error {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()

	how := echo6
	if dst.Is4() {
		how = echo4
	}
	payload := fmt.Appendf(nil, "ovskit %016x", rand.Uint64())
	buf := make([]byte, 1500)
	for seq := 1; ; seq++ {
		message := icmp.Message{Type: how.request, Body: &icmp.Echo{ID: rand.IntN(1 << 16), Seq: seq, Data: payload}}
		request, err := message.Marshal(nil)
		if err != nil {
			return err
		}
		if _, err := conn.Write(request); err != nil {
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
			m, err := icmp.ParseMessage(how.protocol, buf[:n])
			if err != nil {
				continue
			}
			if reply, ok := m.Body.(*icmp.Echo); ok && m.Type == how.reply && bytes.Equal(reply.Data, payload) {
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
