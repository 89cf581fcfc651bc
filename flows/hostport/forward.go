// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package hostport

import (
	"context"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/ovskit/ovskit/internal/retry"
)

// forward is a port that is forwarded.
type forward struct {
	ports  *Ports
	key    portKey
	to     netip.AddrPort
	ctx    context.Context
	cancel context.CancelFunc
	socket io.Closer // what serve reads
	wg     sync.WaitGroup
}

func newForward(p *Ports, key portKey, to netip.AddrPort) *forward {
	f := &forward{ports: p, key: key, to: to}
	f.ctx, f.cancel = context.WithCancel(p.ctx)
	return f
}

// serve runs loop, which reads a socket until that is closed, on a goroutine.
func (f *forward) serve(socket io.Closer, loop func()) {
	f.socket = socket
	f.run(loop)
}

// run runs fn on a goroutine that stop waits for.
func (f *forward) run(fn func()) {
	f.wg.Add(1)
	go func() {
		defer f.wg.Done()
		fn()
	}()
}

// stop ends all that is forwarded and waits for it.
func (f *forward) stop() {
	f.cancel()
	f.socket.Close()
	f.wg.Wait()
}

// serves reports whether somebody is a program of the host. At a loopback address nobody else arrives.
func (f *forward) serves(from netip.Addr) bool {
	at := f.key.at.Addr()
	return at.IsLoopback() || from == at || from.IsLoopback()
}

// dial connects to the endpoint. In a namespace that is not the process's it takes a thread.
func (f *forward) dial(network string) (c net.Conn, err error) {
	ctx, cancel := context.WithTimeout(f.ctx, f.ports.o.DialTimeout)
	defer cancel()
	err = f.ports.inside(func() (err error) {
		c, err = new(net.Dialer).DialContext(ctx, network, f.to.String())
		return err
	})
	return c, err
}

// The pause after a failure that others of its kind may follow, such as want of file descriptors.
const pauseAfterFailure = 100 * time.Millisecond

// failed deals with an error of the socket that is served; it reports false when that is closed.
func (f *forward) failed(err error) bool {
	if f.ctx.Err() != nil {
		return false
	}
	f.log("cannot be read", err)
	return retry.Pause(f.ctx, pauseAfterFailure) == nil
}

func (f *forward) log(what string, err error) {
	f.ports.o.Logger.Debug("forwarded port "+what, "proto", f.key.proto, "at", f.key.at, "to", f.to, "err", err)
}
