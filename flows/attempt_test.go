// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/ovskit/ovskit/flows/internal/oracle"
)

// try makes an attempt, from a source port that no other has had, and holds what becomes of it against the oracle: of the
// first packet, the reply, and the one after that. An attempt that does not come to the bridge is none.
func (a *arena) try(at oracle.Attempt) (want oracle.Verdict, err error) {
	if a.last++; a.last < 1024 {
		a.last = 1024
	}
	at.Src = netip.AddrPortFrom(at.Src.Addr(), a.last)
	ask := frame{proto: at.Proto, src: at.Src, dst: at.Dst}
	if at.Proto == "tcp" {
		ask.flags = "S"
	}
	if at.Proto == "ping" {
		ask.dst = netip.AddrPortFrom(at.Dst.Addr(), 0)
	}
	if at.Proto == "sctp" {
		// The userspace datapath tracks no ports of SCTP: one connection of two addresses lets all of theirs through.
		if err := a.forget(); err != nil {
			return want, err
		}
	}
	in, ask, ok := a.put(at.From, ask)
	if !ok {
		return want, nil
	}
	fail := func(format string, args ...any) (oracle.Verdict, error) {
		return want, fmt.Errorf("%s sends %s %s>%s: %s, want %+v", at.From, at.Proto, at.Src, at.Dst, fmt.Sprintf(format, args...), want)
	}
	got, err := a.carry(in, ask)
	if err != nil {
		return fail("%v", err)
	}
	if want, err = a.judge(at, got.to); err != nil {
		return fail("%v", err)
	}
	if got.to != want.To {
		return fail("got to %q\n%s", got.to, account(got.way))
	}
	if got.to == oracle.Nobody {
		return want, nil
	}
	if f := got.frame; f.dst != want.Dst || f.src.Addr() != want.Src.Addr() || f.src.Port() != want.Src.Port() && !want.Translated {
		return fail("got there as %s>%s\n%s", f.src, f.dst, account(got.way))
	}
	if got.to == oracle.TheHost && !a.isLocal(got.frame.dst.Addr()) {
		return want, nil // nobody that answers
	}

	answerer := got.to
	if answerer == oracle.Outside && (!a.world.HasUplink || isAside(got.frame.dst.Addr())) {
		answerer = oracle.Forwarded
	}
	reply := got.frame.reply()
	in, reply, ok = a.put(answerer, reply)
	if !ok {
		return want, nil
	}
	back, err := a.carry(in, reply)
	if err != nil {
		return fail("the reply: %v", err)
	}
	initiator := at.From
	if initiator == oracle.Forwarded {
		initiator = oracle.Outside
	}
	if back.to != initiator || back.frame.src != ask.dst || back.frame.dst != ask.src {
		return fail("the reply got to %q as %s>%s\n%s", back.to, back.frame.src, back.frame.dst, account(back.way))
	}

	if at.Proto == "tcp" {
		ask.flags = "A"
	}
	in, ask, _ = a.put(at.From, ask)
	again, err := a.carry(in, ask)
	if err != nil {
		return fail("established: %v", err)
	}
	if again.to != got.to || again.frame.src != got.frame.src || again.frame.dst != got.frame.dst {
		return fail("established, got to %q as %s>%s\n%s", again.to, again.frame.src, again.frame.dst, account(again.way))
	}
	return want, nil
}

// choice is who got a client's connection, of those that shared the port.
type choice struct {
	to    string
	among []string
}

// judge is what the oracle says of an attempt that a party got. If endpoints share the port, one of them may; by session
// affinity a client that has got to one before gets to it again, or to one that it could not have got to then.
func (a *arena) judge(at oracle.Attempt, got string) (want oracle.Verdict, err error) {
	sharers, by := a.world.Sharers(at)
	slices.Sort(sharers)
	want = a.world.Judge(at)
	for _, at.Chosen = range sharers {
		if want = a.world.Judge(at); want.To == got {
			break
		}
	}
	if len(sharers) > 1 && slices.Contains(sharers, got) {
		a.shared[by]++
	}
	if by == oracle.ByClient && slices.Contains(sharers, got) {
		last := a.affinity[at.Src.Addr()]
		if last.to != got && slices.Contains(sharers, last.to) && slices.Contains(last.among, got) {
			err = fmt.Errorf("got to %q, one of %q, by session affinity; to %q before, one of %q", got, sharers, last.to, last.among)
		}
		a.affinity[at.Src.Addr()] = choice{got, sharers}
	}
	if at.Proto == "ping" {
		want.Dst = netip.AddrPortFrom(want.Dst.Addr(), 0)
	}
	return want, err
}
