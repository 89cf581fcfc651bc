// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package linkstate

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// Places in struct ndmsg.
const (
	ndmIndex = 4
	ndmState = 8
	ndmFlags = 10
)

// States of neighbours whose link-layer address the kernel has learnt.
const learnt = unix.NUD_REACHABLE | unix.NUD_STALE | unix.NUD_DELAY | unix.NUD_PROBE

func (o Object) isProxy() bool { return o.header[ndmFlags]&unix.NTF_PROXY != 0 }

func (o Object) neighbourState() uint16 { return binary.NativeEndian.Uint16(o.header[ndmState:]) }

// neighbourOf returns a listed neighbour in the form in which it is added; ok is
// false if it is not the device's or comes and goes by itself.
func neighbourOf(o Object, device int) (_ Object, ok bool) {
	if int(binary.NativeEndian.Uint32(o.header[ndmIndex:])) != device ||
		!o.isProxy() && o.neighbourState()&unix.NUD_PERMANENT == 0 {
		return Object{}, false
	}
	return o.with(unix.NDA_CACHEINFO, nil).with(unix.NDA_PROBES, nil).withHeader(func(h []byte) {
		h[ndmFlags] &= unix.NTF_PROXY | unix.NTF_ROUTER
	}), true
}

// learntOf returns a listed neighbour that the kernel has learnt on a device, as
// one of another device that is to be used and verified.
func learntOf(o Object, device, to int) (_ Object, ok bool) {
	if int(binary.NativeEndian.Uint32(o.header[ndmIndex:])) != device || o.neighbourState()&learnt == 0 ||
		len(o.get(unix.NDA_LLADDR)) == 0 {
		return Object{}, false
	}
	o.attrs = []attr{{unix.NDA_DST, o.get(unix.NDA_DST)}, {unix.NDA_LLADDR, o.get(unix.NDA_LLADDR)}}
	return o.withHeader(func(h []byte) {
		binary.NativeEndian.PutUint32(h[ndmIndex:], uint32(to))
		binary.NativeEndian.PutUint16(h[ndmState:], unix.NUD_STALE)
		h[ndmFlags] &= unix.NTF_ROUTER
	}), true
}
