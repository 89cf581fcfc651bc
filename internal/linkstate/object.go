// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package linkstate

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// A Kind is what an object is.
type Kind uint16

// The kinds, by the message that adds one.
const (
	Address   Kind = unix.RTM_NEWADDR
	Route     Kind = unix.RTM_NEWROUTE
	Neighbour Kind = unix.RTM_NEWNEIGH
	Rule      Kind = unix.RTM_NEWRULE
)

// headerSizes are the sizes of the fixed parts of the messages.
var headerSizes = map[Kind]int{
	Address:   unix.SizeofIfAddrmsg,
	Route:     unix.SizeofRtMsg,
	Neighbour: unix.SizeofNdMsg,
	Rule:      unix.SizeofRtMsg, // struct fib_rule_hdr
}

// A Device is a network device.
type Device struct {
	Index int
	Name  string
}

// An Object is an address, a route, a neighbour or a rule. It must not be
// modified.
type Object struct {
	Kind   Kind
	header []byte
	attrs  []attr
}

// attr is an attribute of a message.
type attr struct {
	kind  uint16
	value []byte
}

// nestedMask is the part of an attribute's type that says nothing of what it is.
const nestedMask = unix.NLA_F_NESTED | unix.NLA_F_NET_BYTEORDER

// parseObject takes a message apart that has its header first.
func parseObject(kind Kind, message []byte) (Object, error) {
	size := headerSizes[kind]
	if size == 0 || len(message) < size {
		return Object{}, fmt.Errorf("message of type %d with %d bytes: not valid", kind, len(message))
	}
	attrs, err := parseAttrs(message[size:])
	if err != nil {
		return Object{}, fmt.Errorf("message of type %d: %w", kind, err)
	}
	return Object{Kind: kind, header: message[:size], attrs: attrs}, nil
}

func parseAttrs(b []byte) (attrs []attr, err error) {
	for len(b) >= unix.SizeofRtAttr {
		size := int(binary.NativeEndian.Uint16(b))
		if size < unix.SizeofRtAttr || size > len(b) {
			return nil, errors.New("attribute beyond the end")
		}
		attrs = append(attrs, attr{binary.NativeEndian.Uint16(b[2:]) &^ nestedMask, b[unix.SizeofRtAttr:size]})
		b = b[min(align(size), len(b)):]
	}
	return attrs, nil
}

// message is the reverse of parseObject.
func (o Object) message() []byte {
	b := append([]byte(nil), o.header...)
	for _, a := range o.attrs {
		b = binary.NativeEndian.AppendUint16(b, uint16(unix.SizeofRtAttr+len(a.value)))
		b = binary.NativeEndian.AppendUint16(b, a.kind)
		b = append(b, a.value...)
		b = append(b, make([]byte, align(len(a.value))-len(a.value))...)
	}
	return b
}

// align rounds up to the alignment of netlink, NLA_ALIGN.
func align(n int) int { return (n + 3) &^ 3 }

// get returns an attribute's value, nil if it is not there.
func (o Object) get(kind uint16) []byte {
	for _, a := range o.attrs {
		if a.kind == kind {
			return a.value
		}
	}
	return nil
}

// uint32 returns an attribute of four bytes.
func (o Object) uint32(kind uint16) (uint32, bool) {
	v := o.get(kind)
	if len(v) != 4 {
		return 0, false
	}
	return binary.NativeEndian.Uint32(v), true
}

// with returns a copy that has the attribute with this value in place of
// another; nil takes it away.
func (o Object) with(kind uint16, value []byte) Object {
	found := false
	var attrs []attr
	for _, a := range o.attrs {
		if a.kind != kind {
			attrs = append(attrs, a)
		} else if value != nil && !found {
			attrs, found = append(attrs, attr{kind, value}), true
		}
	}
	if value != nil && !found {
		attrs = append(attrs, attr{kind, value})
	}
	o.attrs = attrs
	return o
}

// withHeader returns a copy whose header edit has changed.
func (o Object) withHeader(edit func(header []byte)) Object {
	o.header = append([]byte(nil), o.header...)
	edit(o.header)
	return o
}

func uint32Value(v uint32) []byte { return binary.NativeEndian.AppendUint32(nil, v) }

// Moved returns the object as that of another device.
func (o Object) Moved(from, to Device) Object {
	switch o.Kind {
	case Address:
		return movedAddress(o, from, to)
	case Neighbour:
		return o.withHeader(func(h []byte) { binary.NativeEndian.PutUint32(h[4:], uint32(to.Index)) })
	case Route:
		return movedRoute(o, from, to)
	}
	return movedRule(o, from, to)
}

// ID tells the objects of a device apart, whatever else their attributes are.
func (o Object) ID() string {
	var id strings.Builder
	fmt.Fprintf(&id, "%d %d ", o.Kind, o.header[0])
	switch o.Kind {
	case Address:
		fmt.Fprintf(&id, "%d %x %x", o.header[1], o.local(), o.get(unix.IFA_ADDRESS))
	case Neighbour:
		fmt.Fprintf(&id, "%t %x", o.isProxy(), o.get(unix.NDA_DST))
	default:
		id.Write(o.with(rtaExpires, nil).message())
	}
	return id.String()
}

// String names the object, for errors.
func (o Object) String() string {
	switch o.Kind {
	case Address:
		return fmt.Sprintf("address %s/%d", ip(o.local()), o.header[1])
	case Neighbour:
		return "neighbour " + ip(o.get(unix.NDA_DST))
	case Route:
		return routeString(o)
	}
	priority, _ := o.uint32(unix.FRA_PRIORITY)
	return fmt.Sprintf("policy rule of priority %d", priority)
}
