// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/ovskit/ovskit/internal/endpoint"
	of "github.com/ovskit/ovskit/openflow"
)

// commitXid is the transaction of the last message of a blob.
const commitXid = 0x7fffffff

// bundleBlob is a bundle of modifications.
func bundleBlob(b *testing.B, mods ...of.Modification) []byte {
	const id, flags = 1, of.BundleAtomic | of.BundleOrdered
	var blob []byte
	add := func(m of.Message, xid uint32) {
		var err error
		if blob, err = of.AppendMessage(blob, of.Version13, m, xid); err != nil {
			b.Fatal(err)
		}
	}
	add(of.BundleControl{ID: id, Type: of.BundleOpenRequest, Flags: flags}, 1)
	for i, m := range mods {
		add(of.BundleAdd{ID: id, Flags: flags, Message: m}, uint32(i+2))
	}
	add(of.BundleControl{ID: id, Type: of.BundleCloseRequest, Flags: flags}, commitXid-1)
	add(of.BundleControl{ID: id, Type: of.BundleCommitRequest, Flags: flags}, commitXid)
	return blob
}

// rawFlow is a socket to a switch that has greeted.
type rawFlow struct {
	conn net.Conn
	r    *bufio.Reader
}

func dialRawFlow(b *testing.B, target string) *rawFlow {
	b.Helper()
	e, err := endpoint.Parse(target, 0)
	if err != nil {
		b.Fatal(err)
	}
	conn, err := e.Dial(context.Background(), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	hello, err := of.Encode(of.Version13, of.Hello{Version: of.Version13, Bitmap: 1 << of.Version13}, 0)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := conn.Write(hello); err != nil {
		b.Fatal(err)
	}
	return &rawFlow{conn, bufio.NewReader(conn)}
}

// write sends a blob and returns when its last message is answered.
func (r *rawFlow) write(blob []byte) error {
	sent := make(chan error, 1)
	go func() {
		_, err := r.conn.Write(blob)
		sent <- err
	}()
	for {
		header, err := r.r.Peek(of.HeaderLen)
		if err != nil {
			return err
		}
		xid := binary.BigEndian.Uint32(header[4:])
		message := make([]byte, binary.BigEndian.Uint16(header[2:]))
		if _, err := io.ReadFull(r.r, message); err != nil {
			return err
		}
		m, _, err := of.Decode(message)
		if refused, ok := m.(of.Error); ok {
			return refused
		}
		if err != nil {
			return fmt.Errorf("transaction %d: %w", xid, err)
		}
		if xid == commitXid {
			return <-sent
		}
	}
}
