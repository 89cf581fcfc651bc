// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/mdlayher/packet"
	"golang.org/x/sys/unix"
)

// captureBuffer is what the kernel keeps of frames that were not read yet, in bytes.
const captureBuffer = 4 << 20

type kernelCapture struct {
	station string
	conn    *packet.Conn
}

// listen lets a packet socket that receives nothing yet receive all that arrives at the interface, and nothing that the
// station itself sends. The buffer is made before the first frame can fill it.
func listen(c *packet.Conn, ifindex int) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var serr error
	err = raw.Control(func(fd uintptr) {
		serr = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, captureBuffer)
		if serr == nil {
			serr = unix.SetsockoptInt(int(fd), unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1)
		}
		if serr == nil {
			all := binary.NativeEndian.Uint16([]byte{unix.ETH_P_ALL >> 8, unix.ETH_P_ALL & 0xff}) // in network order
			serr = unix.Bind(int(fd), &unix.SockaddrLinklayer{Protocol: all, Ifindex: ifindex})
		}
	})
	if err != nil {
		return err
	}
	return serr
}

// Next implements Capture.
func (c *kernelCapture) Next(ctx context.Context) ([]byte, error) {
	defer context.AfterFunc(ctx, func() { _ = c.conn.SetReadDeadline(time.Unix(1, 0)) })()
	buf := make([]byte, 1<<16)
	n, err := c.read(ctx, buf)
	if err != nil {
		return nil, c.failed(ctx, err)
	}
	stats, err := c.conn.Stats()
	if err != nil {
		return nil, c.failed(ctx, err)
	}
	if stats.Drops != 0 {
		return nil, fmt.Errorf("%q: %w: %d", c.station, ErrLost, stats.Drops)
	}
	return buf[:n], nil
}

// read reads a frame. The deadline that it meets may be of an earlier call, whose context ended late.
func (c *kernelCapture) read(ctx context.Context, buf []byte) (int, error) {
	for {
		n, _, err := c.conn.ReadFrom(buf)
		if !isTimeout(err) {
			return n, err
		}
		if ctx.Err() != nil {
			return c.poll(buf)
		}
		if err := c.conn.SetReadDeadline(time.Time{}); err != nil {
			return 0, err
		}
		if ctx.Err() != nil {
			return c.poll(buf)
		}
	}
}

// poll reads a frame if one is there, whatever the deadline.
func (c *kernelCapture) poll(buf []byte) (n int, err error) {
	raw, err := c.conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	cerr := raw.Control(func(fd uintptr) { n, _, err = unix.Recvfrom(int(fd), buf, unix.MSG_DONTWAIT) })
	if cerr != nil {
		return 0, cerr
	}
	return n, err
}

func (c *kernelCapture) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return fmt.Errorf("capture at %q: %w", c.station, err)
}

// Close implements Capture.
func (c *kernelCapture) Close() error { return c.conn.Close() }
