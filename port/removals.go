// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/ovskit/ovskit/internal/netns"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// maxLists is how many times devices are listed that others make and delete meanwhile.
const maxLists = 5

// removals deletes devices of a namespace. The kernel waits about 20 ms for each
// device that it deletes, until no processor can still be at it, but only once for all
// of a group: devices that are to go while others are being deleted go together, in a
// group that is made for them.
type removals struct {
	ns *netns.Shared
	// step is [Manager.step].
	step func(name string) error

	mu      sync.Mutex
	running bool
	queue   []*removal
}

// A removal is a device that is to go.
type removal struct {
	index int
	ended chan struct{} // closed when err is the outcome
	err   error
}

// remove deletes a device, and with it the peer of a veth device. It goes by the
// device's index: one that has got its name meanwhile is safe. One that is gone is no
// error.
func (r *removals) remove(index int) error {
	one := &removal{index: index, ended: make(chan struct{})}
	r.mu.Lock()
	r.queue = append(r.queue, one)
	if !r.running {
		r.running = true
		go r.run()
	}
	r.mu.Unlock()
	<-one.ended
	return one.err
}

// run deletes what is in the queue until it is empty.
func (r *removals) run() {
	for {
		r.mu.Lock()
		batch := r.queue
		r.queue = nil
		if len(batch) == 0 {
			r.running = false
			r.mu.Unlock()
			return
		}
		r.mu.Unlock()
		r.settle(batch)
		for _, one := range batch {
			close(one.ended)
		}
	}
}

// settle deletes devices together, and those for which that fails one by one.
func (r *removals) settle(batch []*removal) {
	if len(batch) > 1 && r.removeTogether(batch) == nil {
		return
	}
	for _, one := range batch {
		one.err = deleteLink(r.ns, one.index)
	}
}

// removeTogether deletes devices as a group. When it fails, some of them may have a
// group that they have not been made with, but are there otherwise as before.
func (r *removals) removeTogether(batch []*removal) error {
	h, err := r.ns.Netlink()
	if err != nil {
		return err
	}
	group := randomGroup()
	for _, one := range batch {
		if err := r.step("gather a device"); err != nil {
			return err
		}
		if err := h.LinkSetGroup(linkOf(one.index), group); err != nil && !errors.Is(err, unix.ENODEV) {
			return err
		}
	}
	if err := expectGroup(h, group, batch); err != nil {
		return err
	}
	if err := r.step("remove the gathered devices"); err != nil {
		return err
	}
	return deleteGroup(r.ns, group)
}

// randomGroup is the number of a group that nobody is likely to use: one of a thousand
// million large ones.
func randomGroup() int {
	var number [4]byte
	rand.Read(number[:])
	return int(binary.NativeEndian.Uint32(number[:])>>2 | 1<<30)
}

// expectGroup fails unless only devices of the batch are in a group.
func expectGroup(h *netlink.Handle, group int, batch []*removal) error {
	links, err := h.LinkList()
	// A list that others have made changes to meanwhile may lack some devices.
	for attempt := 1; attempt < maxLists && errors.Is(err, netlink.ErrDumpInterrupted); attempt++ {
		links, err = h.LinkList()
	}
	if err != nil {
		return err
	}
	for _, link := range links {
		attrs := link.Attrs()
		if int(attrs.Group) == group && !slices.ContainsFunc(batch, func(one *removal) bool { return one.index == attrs.Index }) {
			return fmt.Errorf("device %q is in group %d", attrs.Name, group)
		}
	}
	return nil
}

// deleteGroup deletes all devices of a group. That there is none is no error.
func deleteGroup(ns *netns.Shared, group int) error {
	err := ns.Do(func() error {
		req := nl.NewNetlinkRequest(unix.RTM_DELLINK, unix.NLM_F_ACK)
		req.AddData(nl.NewIfInfomsg(unix.AF_UNSPEC))
		req.AddData(nl.NewRtAttr(unix.IFLA_GROUP, nl.Uint32Attr(uint32(group))))
		_, err := req.Execute(unix.NETLINK_ROUTE, 0)
		return err
	})
	if errors.Is(err, unix.ENODEV) {
		return nil
	}
	return err
}

// deleteLink deletes the device with an index. One that is gone is no error.
func deleteLink(ns *netns.Shared, index int) error {
	h, err := ns.Netlink()
	if err != nil {
		return err
	}
	if err := h.LinkDel(linkOf(index)); err != nil && !errors.Is(err, unix.ENODEV) {
		return fmt.Errorf("remove: %w", err)
	}
	return nil
}

// linkOf is a device of which only the index is known.
func linkOf(index int) netlink.Link {
	return &netlink.Device{LinkAttrs: netlink.LinkAttrs{Index: index}}
}
