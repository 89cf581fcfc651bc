// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package linkstate

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ovskit/ovskit/internal/netns"
	"github.com/vishvananda/netlink/nl"
	nsfile "github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// dumpAttempts is how often a list is asked for that changes while it is read.
const dumpAttempts = 10

// A Conn changes the network of a namespace. It is for one goroutine at a time.
type Conn struct {
	socket *nl.SocketHandle
}

// Open makes a Conn that works until it is closed, whatever becomes of ns.
func Open(ns *netns.NS) (*Conn, error) {
	c := &Conn{}
	err := ns.Do(func() error {
		s, err := nl.GetNetlinkSocketAt(nsfile.None(), nsfile.None(), unix.NETLINK_ROUTE)
		if err != nil {
			return err
		}
		c.socket = &nl.SocketHandle{Socket: s}
		return s.SetExtAck(true)
	})
	if err != nil {
		if c.socket != nil {
			c.Close()
		}
		return nil, fmt.Errorf("netlink in network namespace %q: %w", ns.Name(), err)
	}
	return c, nil
}

// Close ends it.
func (c *Conn) Close() { c.socket.Close() }

// request sends a message to the kernel and returns what it lists.
func (c *Conn) request(kind, flags int, message []byte, want uint16) ([][]byte, error) {
	r := nl.NewNetlinkRequest(kind, flags)
	r.Sockets = map[int]*nl.SocketHandle{unix.NETLINK_ROUTE: c.socket}
	r.AddRawData(message)
	return r.Execute(unix.NETLINK_ROUTE, want)
}

// change sends a message that changes something.
func (c *Conn) change(kind int, flags int, o Object) error {
	_, err := c.request(kind, flags|unix.NLM_F_ACK, o.message(), 0)
	return err
}

// dump lists all objects of a kind.
func (c *Conn) dump(kind Kind, header []byte) ([]Object, error) {
	get := int(kind) + unix.RTM_GETADDR - unix.RTM_NEWADDR
	var messages [][]byte
	for attempt := 1; ; attempt++ {
		var err error
		messages, err = c.request(get, unix.NLM_F_DUMP, header, uint16(kind))
		if err == nil {
			break
		}
		if !errors.Is(err, nl.ErrDumpInterrupted) || attempt == dumpAttempts {
			return nil, err
		}
	}
	var objects []Object
	for _, m := range messages {
		o, err := parseObject(kind, m)
		if err != nil {
			return nil, err
		}
		objects = append(objects, o)
	}
	return objects, nil
}

// each calls do with all objects of a kind of IPv4 and then of IPv6. A kernel
// without IPv6 has none.
func (c *Conn) each(kind Kind, flags byte, do func(Object) error) error {
	for _, family := range []byte{unix.AF_INET, unix.AF_INET6} {
		header := make([]byte, headerSizes[kind])
		header[0] = family
		if kind == Neighbour {
			header[ndmFlags] = flags
		}
		objects, err := c.dump(kind, header)
		if err != nil && (family == unix.AF_INET || !errors.Is(err, unix.EOPNOTSUPP)) {
			return err
		}
		for _, o := range objects {
			if o.header[0] != family {
				continue // what a kernel without the family lists in its place
			}
			if err := do(o); err != nil {
				return err
			}
		}
	}
	return nil
}

// List returns what hangs on a device, in an order in which it can be added:
// addresses, neighbours that are permanent or that the machine answers for,
// routes of all tables, and rules of policy routing that name the device. It
// leaves out what the kernel adds by itself. An address that was found to be
// another machine's is left out as well.
func (c *Conn) List(d Device) ([]Object, error) {
	all, err := c.addresses(d)
	if err != nil {
		return nil, fmt.Errorf("list addresses of device %q: %w", d.Name, err)
	}
	objects := slices.DeleteFunc(slices.Clone(all), func(a Object) bool { return a.flags()&unix.IFA_F_DADFAILED != 0 })
	neighbours := func(o Object) error {
		if n, ok := neighbourOf(o, d.Index); ok {
			objects = append(objects, n)
		}
		return nil
	}
	if err := errors.Join(c.each(Neighbour, 0, neighbours), c.each(Neighbour, unix.NTF_PROXY, neighbours)); err != nil {
		return nil, fmt.Errorf("list neighbours of device %q: %w", d.Name, err)
	}
	err = c.each(Route, 0, func(o Object) error {
		routes, err := routesThrough(o, d.Index, all)
		objects = append(objects, routes...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list routes through device %q: %w", d.Name, err)
	}
	err = c.each(Rule, 0, func(o Object) error {
		if r, ok := ruleOf(o, d.Name); ok {
			objects = append(objects, r)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list policy rules of device %q: %w", d.Name, err)
	}
	return objects, nil
}

// addresses lists those of a device. The kernel puts a new address of IPv4
// behind the others and one of IPv6 before them: they are in the order that
// gives the same list again.
func (c *Conn) addresses(d Device) (addrs []Object, err error) {
	var v6 []Object
	err = c.each(Address, 0, func(o Object) error {
		switch {
		case o.addressIndex() != d.Index:
		case o.isV4():
			addrs = append(addrs, o)
		default:
			v6 = append(v6, o)
		}
		return nil
	})
	slices.Reverse(v6)
	return append(addrs, v6...), err
}

// Learn makes a device know the neighbours that another one has learnt, for
// the machine not to have to ask for them again. What is not accepted is asked
// for when it is needed.
func (c *Conn) Learn(from, to Device) error {
	var found []Object
	err := c.each(Neighbour, 0, func(o Object) error {
		if n, ok := learntOf(o, from.Index, to.Index); ok {
			found = append(found, n)
		}
		return nil
	})
	for _, n := range found {
		c.change(unix.RTM_NEWNEIGH, unix.NLM_F_CREATE|unix.NLM_F_EXCL, n)
	}
	return err
}

// Add gives a device its objects that were listed age ago. What has lived out
// its life since is left out. Each is announced to step, whose error ends it.
func (c *Conn) Add(objects []Object, age time.Duration, step func(Object) error) error {
	// A route can need another one, by which its next hop is reached.
	for {
		var failed []Object
		var errs []error
		for _, o := range objects {
			if err := step(o); err != nil {
				return err
			}
			err := c.add(o, age)
			switch {
			case err == nil:
			case o.Kind == Route && (errors.Is(err, unix.ENETUNREACH) || errors.Is(err, unix.EHOSTUNREACH) || errors.Is(err, unix.EINVAL)):
				failed = append(failed, o)
				errs = append(errs, fmt.Errorf("add %s: %w", o, err))
			default:
				return fmt.Errorf("add %s: %w", o, err)
			}
		}
		if len(failed) == 0 || len(failed) == len(objects) {
			return errors.Join(errs...)
		}
		objects = failed
	}
}

func (c *Conn) add(o Object, age time.Duration) error {
	seconds := uint32(min(max(age, 0)/time.Second, forever-1))
	var err error
	switch o.Kind {
	case Address:
		aged, ok := agedAddress(o, seconds)
		if !ok {
			return nil
		}
		return c.addAddress(aged)
	case Neighbour:
		return c.change(unix.RTM_NEWNEIGH, unix.NLM_F_CREATE|unix.NLM_F_REPLACE, o)
	case Route:
		aged, ok := agedRoute(o, seconds)
		if !ok {
			return nil
		}
		// Behind one to the same destination through another device.
		err = c.change(unix.RTM_NEWROUTE, unix.NLM_F_CREATE|unix.NLM_F_APPEND, aged)
	case Rule:
		err = c.change(unix.RTM_NEWRULE, unix.NLM_F_CREATE|unix.NLM_F_EXCL, o)
	}
	if errors.Is(err, unix.EEXIST) {
		return nil
	}
	return err
}

// addAddress adds an address, or gives the one that is there its flags and
// lifetimes.
func (c *Conn) addAddress(o Object) error {
	if o.isV4() {
		return c.change(unix.RTM_NEWADDR, unix.NLM_F_CREATE|unix.NLM_F_REPLACE, o.withFlags(o.flags()&settableV4))
	}
	flags := o.flags() & settableV6
	// The address is the machine's already: nobody needs to be asked, and until
	// the answers are awaited it could not be used.
	known := o.withFlags(flags | unix.IFA_F_NODAD)
	err := c.change(unix.RTM_NEWADDR, unix.NLM_F_CREATE|unix.NLM_F_EXCL, known)
	if errors.Is(err, unix.EEXIST) {
		// The kernel adds the address of the link by itself, and asks.
		if there, findErr := c.find(o); findErr != nil {
			return findErr
		} else if there.Kind == Address && there.flags()&unix.IFA_F_TENTATIVE != 0 && there.flags()&unix.IFA_F_STABLE_PRIVACY == 0 {
			if err := c.Remove(o); err != nil {
				return err
			}
			err = c.change(unix.RTM_NEWADDR, unix.NLM_F_CREATE|unix.NLM_F_EXCL, known)
		}
	}
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return err
	}
	return c.change(unix.RTM_NEWADDR, unix.NLM_F_REPLACE, o.withFlags(flags))
}

// find returns the address that is there in place of one.
func (c *Conn) find(o Object) (found Object, err error) {
	err = c.each(Address, 0, func(there Object) error {
		if there.addressIndex() == o.addressIndex() && string(there.local()) == string(o.local()) {
			found = there
		}
		return nil
	})
	return found, err
}

// Remove takes an object from its device.
func (c *Conn) Remove(o Object) error {
	switch o.Kind {
	case Address:
		o = o.with(unix.IFA_CACHEINFO, nil).with(unix.IFA_LABEL, nil)
	case Route:
		o = o.with(rtaExpires, nil)
	}
	err := c.change(int(o.Kind)+1, 0, o) // RTM_DEL... follows RTM_NEW...
	for _, gone := range []error{unix.ESRCH, unix.ENOENT, unix.EADDRNOTAVAIL, unix.ENODEV} {
		if errors.Is(err, gone) {
			return nil
		}
	}
	if err != nil {
		return fmt.Errorf("remove %s: %w", o, err)
	}
	return nil
}
