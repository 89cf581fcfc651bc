// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/ovskit/ovskit/flows/internal/oracle"
)

// exchange is an attempt on a scene, which is made with sockets: a connection, or two datagrams or echo requests one after
// another, that carry the attempt's number, are answered and answered again.
type exchange struct {
	at     oracle.Attempt
	want   []oracle.Verdict // any of them, one for each endpoint that shares the port
	number []byte
	wait   func(context.Context) (net.Conn, error) // of TCP
	conn   net.Conn
	err    error
}

// perTurn is how many attempts a machine makes at once: few enough for the queues of network devices.
const perTurn = 32

// The ports that attempts are made from: none that anybody listens at.
const firstPort, lastPort = 10000, 60000

// try makes attempts, each machine some at once, and holds what becomes of them against the oracle. It returns how many were
// delivered.
func (s *scene) try(attempts []oracle.Attempt) (delivered int, err error) {
	for len(attempts) > 0 {
		var now []*exchange
		count := map[string]int{}
		var rest []oracle.Attempt
		for _, at := range attempts {
			if who := whose(at.From); count[who] < perTurn {
				count[who]++
				now = append(now, s.exchange(at))
			} else {
				rest = append(rest, at)
			}
		}
		attempts = rest
		if err := s.exchangeAll(now); err != nil {
			return delivered, err
		}
		for _, x := range now {
			if x.delivered() {
				delivered++
			}
		}
	}
	return delivered, nil
}

// exchange is an attempt that is to be made, from a port that no other has had for long.
func (s *scene) exchange(at oracle.Attempt) *exchange {
	if s.last++; s.last > lastPort {
		s.last = firstPort
		s.note(func() { s.due, s.accepted = map[passage]bool{}, map[uint64]acceptance{} })
	}
	at.Src = netip.AddrPortFrom(at.Src.Addr(), uint16(s.last))
	return &exchange{at: at, want: s.verdicts(at), number: binary.BigEndian.AppendUint64(nil, uint64(s.last))}
}

// verdicts are what may become of an attempt: one, or one for each of the endpoints that share the port.
func (s *scene) verdicts(at oracle.Attempt) (all []oracle.Verdict) {
	sharers, _ := s.world.Sharers(at)
	for _, at.Chosen = range sharers {
		all = append(all, s.world.Judge(at))
	}
	if len(all) == 0 {
		all = append(all, s.world.Judge(at))
	}
	return all
}

// delivered reports whether an attempt is to be delivered, to whomever.
func (x *exchange) delivered() bool { return x.want[0].To != oracle.Nobody }

// there are the packets of an attempt that may arrive, one for each verdict.
func (x *exchange) there() (all []passage) {
	for _, v := range x.want {
		all = append(all, passage{whose(v.To), x.at.Proto, v.Src, v.Dst})
	}
	return all
}

// back is the answer.
func (x *exchange) back() passage {
	return passage{whose(x.at.From), x.at.Proto, x.at.Dst, x.at.Src}
}

// patience is how long a batch of attempts may take that works, on the slowest of machines.
const patience = 20 * time.Second

// exchangeAll makes attempts at once.
func (s *scene) exchangeAll(all []*exchange) error {
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	s.note(func() {
		for _, x := range all {
			if x.delivered() {
				for _, p := range append(x.there(), x.back()) {
					s.due[p] = false
				}
			}
		}
	})
	byMaker := map[string][]*exchange{}
	for _, x := range all {
		byMaker[whose(x.at.From)] = append(byMaker[whose(x.at.From)], x)
	}
	var wg sync.WaitGroup
	for who, theirs := range byMaker {
		goIn(&wg, func() {
			for _, x := range theirs {
				x.err = x.begin(ctx, s.machines[who])
			}
		})
	}
	wg.Wait()
	for _, x := range all {
		if x.err == nil && x.delivered() {
			goIn(&wg, func() { x.err = x.finish(ctx) })
		}
	}
	wg.Wait()
	settled := s.settle(s.ctx)
	errs := []error{settled}
	for _, x := range all {
		errs = append(errs, s.check(x), x.close())
	}
	s.note(func() {
		for _, f := range s.strange {
			errs = append(errs, errors.New(f))
		}
		s.strange = nil
	})
	if settled == nil {
		errs = append(errs, s.settle(s.ctx))
	}
	return errors.Join(errs...)
}

// begin sends an attempt's first packet.
func (x *exchange) begin(ctx context.Context, m *machine) (err error) {
	switch x.at.Proto {
	case "tcp":
		x.wait, err = m.BeginTCP(x.at.Src, x.at.Dst)
		return err
	case "udp":
		x.conn, err = m.DialUDP(ctx, x.at.Src, x.at.Dst)
	default:
		x.conn, err = m.DialPing(ctx, x.at.Src, x.at.Dst.Addr())
	}
	if err != nil {
		return err
	}
	_, err = x.conn.Write(x.number)
	return err
}

// finish waits until an attempt that is to be delivered has been answered, and its connection has ended.
func (x *exchange) finish(ctx context.Context) (err error) {
	if x.at.Proto == "tcp" {
		x.conn, err = x.wait(ctx)
		x.wait = nil
		if err != nil {
			return err
		}
	}
	defer context.AfterFunc(ctx, func() { _ = x.conn.SetDeadline(time.Unix(1, 0)) })()
	if x.at.Proto == "tcp" {
		if _, err := x.conn.Write(x.number); err != nil {
			return err
		}
		answer, err := io.ReadAll(x.conn)
		if err == nil && !bytes.Equal(answer, x.number) {
			err = fmt.Errorf("answered %x, want %x", answer, x.number)
		}
		return err
	}
	if err := x.read(); err != nil {
		return fmt.Errorf("first answer: %w", err)
	}
	if _, err := x.conn.Write(x.number); err != nil {
		return err
	}
	if err := x.read(); err != nil {
		return fmt.Errorf("second answer: %w", err)
	}
	return nil
}

// read waits for the attempt's answer. A socket for pings reads the answers to others as well.
func (x *exchange) read() error {
	b := make([]byte, 64)
	for {
		n, err := x.conn.Read(b)
		if err != nil || bytes.Equal(b[:n], x.number) {
			return err
		}
		if x.at.Proto != "ping" {
			return fmt.Errorf("answered %x, want %x", b[:n], x.number)
		}
	}
}

// check holds what became of an attempt against what the oracle says.
func (s *scene) check(x *exchange) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	got, accepted := s.accepted[binary.BigEndian.Uint64(x.number)]
	arrived := slices.DeleteFunc(x.there(), func(p passage) bool { return !s.due[p] })
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%s sends %s %s>%s: %w; accepted by %q as %s>%s, arrived %v, want %+v", x.at.From, x.at.Proto, x.at.Src, x.at.Dst,
			fmt.Errorf(format, args...), got.party, got.src, got.dst, arrived, x.want)
	}
	switch {
	case x.err != nil:
		return fail("%w", x.err)
	case !x.delivered():
		if accepted {
			return fail("delivered")
		}
	case len(arrived) != 1:
		return fail("arrived %d times", len(arrived))
	case !s.due[x.back()]:
		return fail("no answer arrived")
	case x.at.Proto != "ping" && got != acceptance{arrived[0].party, arrived[0].src, arrived[0].dst}:
		return fail("accepted by somebody else than where it arrived")
	}
	return nil
}

// close ends an attempt.
func (x *exchange) close() error {
	if x.wait != nil {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		if c, err := x.wait(ended); err == nil {
			c.Close()
		}
	}
	if x.conn != nil {
		return x.conn.Close()
	}
	return nil
}
