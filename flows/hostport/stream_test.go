// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package hostport_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"testing"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/flows/hostport"
)

// TestStream copies a stream whose directions end one after the other.
func TestStream(t *testing.T) {
	eachAddr(t, func(h *host, a netip.Addr) {
		for _, inside := range []netip.Addr{a, netip.MustParseAddr("127.0.0.1")} { // the families may differ
			p := h.open(h.ctx, hostport.Options{})
			l, to := h.endpoint(inside)
			at := h.free(flows.TCP, a)
			h.mustSet(p, "web", hostport.Mapping{Proto: flows.TCP, At: at, To: to})
			client, server := h.connect(at, l)
			question, answer := randomBytes(3<<20), randomBytes(2<<20)
			go func() {
				client.Write(question)
				client.CloseWrite()
			}()
			if got, err := io.ReadAll(server); err != nil || !bytes.Equal(got, question) {
				h.t.Fatalf("the endpoint gets %d bytes, %v, want the %d that were sent", len(got), err, len(question))
			}
			go func() {
				server.Write(answer)
				server.Close()
			}()
			if got, err := io.ReadAll(client); err != nil || !bytes.Equal(got, answer) {
				h.t.Fatalf("the client gets %d bytes, %v, want the %d that were sent", len(got), err, len(answer))
			}
			p.Close()
		}
	})
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	return b
}

// TestStreamReset passes on that a peer is gone, also one that had ended its direction before.
func TestStreamReset(t *testing.T) {
	eachAddr(t, func(h *host, a netip.Addr) {
		p := h.open(h.ctx, hostport.Options{})
		l, to := h.endpoint(a)
		at := h.free(flows.TCP, a)
		h.mustSet(p, "web", hostport.Mapping{Proto: flows.TCP, At: at, To: to})
		for _, halfClosed := range []bool{false, true} {
			for _, byClient := range []bool{false, true} {
				client, server := h.connect(at, l)
				h.say(client, server, "hello")
				h.say(server, client, "hello")
				gone, left := server, client
				if byClient {
					gone, left = client, server
				}
				if halfClosed {
					gone.CloseWrite()
					if n, err := left.Read(make([]byte, 1)); n != 0 || err != io.EOF {
						h.t.Fatalf("after the end of a direction: %d bytes, %v", n, err)
					}
				}
				gone.SetLinger(0)
				gone.Close()
				if !halfClosed {
					h.mustReset("who is left", left)
					continue
				}
				// There is nothing to read any more; the reset shows when something is written.
				for err := error(nil); err == nil; {
					if _, err = left.Write([]byte("x")); errors.Is(err, syscall.ETIMEDOUT) {
						h.t.Errorf("who is left is not told: %v", err)
					}
				}
			}
		}
	})
}

// TestStreamToNobody resets connections that the endpoint refuses.
func TestStreamToNobody(t *testing.T) {
	eachAddr(t, func(h *host, a netip.Addr) {
		p := h.open(h.ctx, hostport.Options{})
		at := h.free(flows.TCP, a)
		h.mustSet(p, "web", hostport.Mapping{Proto: flows.TCP, At: at, To: h.free(flows.TCP, a)})
		h.mustTurnAway("the client", at)
	})
}

// TestStreamLimit resets the connections beyond the limit, until others have ended.
func TestStreamLimit(t *testing.T) {
	h := newHost(t)
	a := netip.MustParseAddr("127.0.0.1")
	p := h.open(h.ctx, hostport.Options{Streams: 2})
	l, to := h.endpoint(a)
	at := h.free(flows.TCP, a)
	h.mustSet(p, "web", hostport.Mapping{Proto: flows.TCP, At: at, To: to})
	first, server := h.connect(at, l)
	h.connect(at, l)
	h.mustTurnAway("the third", at)
	h.say(first, server, "hello")
}

// TestLead changes where a port leads while a stream is under way.
func TestLead(t *testing.T) {
	eachAddr(t, func(h *host, a netip.Addr) {
		p := h.open(h.ctx, hostport.Options{})
		first, toFirst := h.endpoint(a)
		second, toSecond := h.endpoint(a)
		at, other := h.free(flows.TCP, a), h.free(flows.TCP, a)
		forward := func(to netip.AddrPort) hostport.Mapping {
			return hostport.Mapping{Proto: flows.TCP, At: at, To: to}
		}
		h.mustSet(p, "web", forward(toFirst))
		client, server := h.connect(at, first)
		// What stays is left alone.
		h.mustSet(p, "web", forward(toFirst), hostport.Mapping{Proto: flows.TCP, At: other, To: toSecond})
		h.mustSet(p, "web", forward(toFirst))
		h.say(client, server, "hello")

		h.mustSet(p, "web", forward(toSecond))
		h.mustReset("the client", client)
		h.mustReset("the endpoint", server)
		client, server = h.connect(at, second)
		h.say(server, client, "hello")

		h.mustSet(p, "web", forward(netip.AddrPort{}))
		h.mustReset("the client", client)
		if _, err := h.dial("tcp", at); !errors.Is(err, syscall.ECONNREFUSED) {
			h.t.Errorf("who connects to a port that is only reserved now gets %v", err)
		}
		if c, _, err := h.listen(flows.TCP, at); !errors.Is(err, syscall.EADDRINUSE) {
			h.t.Errorf("who takes a port that is only reserved now gets %v", err)
			if err == nil {
				c.Close()
			}
		}
		h.mustSet(p, "web", forward(toFirst))
		client, server = h.connect(at, first)
		h.say(client, server, "hello")
	})
}

// TestSetWhileUsed changes ports while programs use them.
func TestSetWhileUsed(t *testing.T) {
	h := newHost(t)
	a := netip.MustParseAddr("127.0.0.1")
	p := h.open(h.ctx, hostport.Options{})
	l, to := h.endpoint(a)
	u, toUDP := h.endpointUDP(a)
	at, atUDP := h.free(flows.TCP, a), h.free(flows.UDP, a)
	var endpoints sync.WaitGroup
	endpoints.Add(2)
	go func() {
		defer endpoints.Done()
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	go func() {
		defer endpoints.Done()
		buf := make([]byte, 10)
		for {
			n, from, err := u.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			u.WriteToUDPAddrPort(buf[:n], from)
		}
	}()
	var users sync.WaitGroup
	for i := range 4 {
		users.Add(1)
		go func() {
			defer users.Done()
			for range 30 {
				network, port := "tcp", at
				if i%2 == 0 {
					network, port = "udp", atUDP
				}
				var c net.Conn
				err := h.do(func() (err error) {
					c, err = new(net.Dialer).DialContext(h.ctx, network, port.String())
					return err
				})
				if err == nil { // else it is not forwarded just now
					c.Write([]byte("x"))
					c.Close()
				}
			}
		}()
	}
	done := make(chan struct{})
	go func() { users.Wait(); close(done) }()
	mappings := []hostport.Mapping{{Proto: flows.TCP, At: at, To: to}, {Proto: flows.UDP, At: atUDP, To: toUDP}}
	for used := true; used; {
		select {
		case <-done:
			used = false
		default:
		}
		h.mustSet(p, "web", mappings...)
		h.mustSet(p, "web", hostport.Mapping{Proto: flows.TCP, At: at}, hostport.Mapping{Proto: flows.UDP, At: atUDP})
	}
	p.Close()
	l.Close()
	u.Close()
	endpoints.Wait()
}
