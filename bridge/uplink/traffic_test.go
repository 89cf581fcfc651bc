// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package uplink_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/ovskit/ovskit/bridge/uplink"
	"github.com/ovskit/ovskit/internal/netns"
)

// TestTrafficGoesOn has echo requests and two connections under way while the
// NIC is adopted and released, and counts what is lost.
func TestTrafficGoesOn(t *testing.T) {
	t.Parallel()
	l := newLab(t, "standalone", plain)
	v4 := newConversation(t, l, "192.0.2.1:80")
	v6 := newConversation(t, l, "[2001:db8:1::1]:80")
	for _, change := range []struct {
		name string
		do   func(*testing.T)
	}{
		{"adoption", func(t *testing.T) { l.adopt(t) }},
		{"release", l.release},
	} {
		pings := startPings(t, l.Host(), "203.0.113.1")
		for _, c := range []*conversation{v4, v6} {
			c.exchange(t, 20)
		}
		stop := make(chan struct{})
		gaps := make(chan time.Duration, 2)
		for _, c := range []*conversation{v4, v6} {
			go func() { gaps <- c.talk(stop) }()
		}
		start := time.Now()
		change.do(t)
		took := time.Since(start)
		close(stop)
		longest := max(<-gaps, <-gaps)
		for _, c := range []*conversation{v4, v6} {
			c.exchange(t, 20)
		}
		sent, received := pings.stop(t)
		t.Logf("%s took %v: longest silence in a connection %v, %d of %d echo requests every 5 ms answered",
			change.name, took, longest, received, sent)
		if sent-received > sent/2 {
			t.Errorf("%s: %d of %d echo requests answered, want most", change.name, received, sent)
		}
	}
}

// A conversation is a TCP connection from outside to the machine.
type conversation struct {
	conn net.Conn
	n    uint64
}

func newConversation(t *testing.T, l *lab, addr string) *conversation {
	t.Helper()
	var listener net.Listener
	if err := l.Host().Do(func() (err error) {
		listener, err = net.Listen("tcp", addr)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	served := make(chan struct{})
	go func() {
		defer close(served)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		io.Copy(conn, conn)
	}()
	c := &conversation{}
	if err := l.Outside().Do(func() (err error) {
		c.conn, err = net.DialTimeout("tcp", addr, 10*time.Second)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.conn.Close()
		<-served
	})
	return c
}

// say sends a number and waits until it comes back.
func (c *conversation) say() error {
	c.n++
	message := binary.BigEndian.AppendUint64(nil, c.n)
	c.conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := c.conn.Write(message); err != nil {
		return err
	}
	answer := make([]byte, len(message))
	if _, err := io.ReadFull(c.conn, answer); err != nil {
		return err
	}
	if !bytes.Equal(answer, message) {
		return fmt.Errorf("sent %x, got %x", message, answer)
	}
	return nil
}

func (c *conversation) exchange(t *testing.T, times int) {
	t.Helper()
	for range times {
		if err := c.say(); err != nil {
			t.Fatal(err)
		}
	}
}

// talk goes on until stop and returns the longest time that an answer took. A
// failure is found by the next exchange.
func (c *conversation) talk(stop <-chan struct{}) (longest time.Duration) {
	for {
		select {
		case <-stop:
			return longest
		default:
		}
		start := time.Now()
		if c.say() != nil {
			return longest
		}
		longest = max(longest, time.Since(start))
	}
}

// pings is a ping that runs.
type pings struct {
	cmd    *exec.Cmd
	cancel context.CancelFunc
	out    bytes.Buffer
}

func startPings(t *testing.T, from *netns.NS, to string) *pings {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := &pings{cmd: exec.CommandContext(ctx, "ping", "-i0.005", to), cancel: cancel}
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(os.Interrupt) }
	p.cmd.Stdout = &p.out
	if err := from.Do(p.cmd.Start); err != nil {
		t.Fatal(err)
	}
	return p
}

var pingSummary = regexp.MustCompile(`(\d+) packets transmitted, (\d+) received`)

// stop ends it and returns how many requests were sent and answered.
func (p *pings) stop(t *testing.T) (sent, received int) {
	t.Helper()
	p.cancel()
	p.cmd.Wait()
	found := pingSummary.FindSubmatch(p.out.Bytes())
	if found == nil {
		t.Fatalf("ping: %s", p.out.Bytes())
	}
	sent, _ = strconv.Atoi(string(found[1]))
	received, _ = strconv.Atoi(string(found[2]))
	return sent, received
}

// TestSecureBridge adopts into a bridge without flows: it is taken back, and
// works with a flow that is installed in time.
func TestSecureBridge(t *testing.T) {
	t.Parallel()
	l := newLab(t, "secure", plain)
	before := l.dump(t)
	patience := "-w1"
	c := l.config()
	c.Verify = func(ctx context.Context, u *uplink.Uplink) error {
		cmd := exec.CommandContext(ctx, "ping", "-c1", "-i0.1", patience, "192.0.2.254")
		if err := l.Host().Do(cmd.Start); err != nil {
			return err
		}
		if err := cmd.Wait(); err != nil {
			return errors.Join(errSilence, err)
		}
		return nil
	}
	if _, err := uplink.Adopt(testContext(t), l.db, c); !errors.Is(err, errSilence) {
		t.Fatalf("Adopt without flows: %v, want %v", err, errSilence)
	}
	l.expect(t, "taken back", before)
	l.expectConnected(t, "taken back")

	c.Connect = func(ctx context.Context, u *uplink.Uplink) error {
		if u.State != uplink.Adopting || u.OFPort == 0 {
			t.Errorf("Connect with %+v, want an uplink with a port number that is being adopted", u)
		}
		return exec.CommandContext(ctx, "ovs-ofctl", "add-flow", l.OVS().Management("br0"),
			"in_port="+strconv.Itoa(int(u.OFPort))+",actions=LOCAL").Run()
	}
	if _, err := uplink.Adopt(testContext(t), l.db, c); !errors.Is(err, errSilence) {
		t.Errorf("Adopt with a flow for one direction: %v, want %v", err, errSilence)
	}
	c.Connect = func(ctx context.Context, u *uplink.Uplink) error {
		return exec.CommandContext(ctx, "ovs-ofctl", "add-flow", l.OVS().Management("br0"), "actions=NORMAL").Run()
	}
	patience = "-w10"
	if _, err := uplink.Adopt(testContext(t), l.db, c); err != nil {
		t.Fatal(err)
	}
	l.expectConnected(t, "adopted")
}

var errSilence = errors.New("no answer")
