// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"slices"
	"time"

	"github.com/ovskit/ovskit/openflow"
)

const (
	// bundleIdle is how long a bundle stays without a message for it.
	bundleIdle = 10 * time.Second
	// maxBundles and maxBundled bound the bundles of a connection and the messages in them.
	maxBundles = 1024
	maxBundled = 2_000_000
)

// bundle is messages that wait to be carried out together (ONF extension 230).
type bundle struct {
	flags   openflow.BundleFlags
	closed  bool
	used    time.Time
	opener  []byte
	entries []bundled
}

// bundled is one message of a bundle: a flow mod or a packet-out.
type bundled struct {
	mod *flowMod
	out *packetOut
	// message is the beginning of the message that brought it.
	message []byte
}

func (c *conn) bundleControl(m openflow.BundleControl, xid uint32, raw []byte) error {
	if err := c.mayChange(); err != nil {
		return err
	}
	var err error
	switch m.Type {
	case openflow.BundleOpenRequest:
		err = c.openBundle(m, raw)
	case openflow.BundleCloseRequest:
		err = c.closeBundle(m)
	case openflow.BundleCommitRequest:
		err = c.commitBundle(m)
	case openflow.BundleDiscardRequest:
		if c.bundles[m.ID] == nil {
			return openflow.ErrBadBundle
		}
		c.dropBundle(m.ID)
	default:
		return openflow.ErrBadBundleType
	}
	if err != nil {
		return err
	}
	c.reply(openflow.BundleControl{ID: m.ID, Type: m.Type + 1}, xid)
	return nil
}

func (c *conn) openBundle(m openflow.BundleControl, raw []byte) error {
	if c.bundles[m.ID] != nil {
		c.dropBundle(m.ID)
		return openflow.ErrBadBundle
	}
	return c.newBundle(m.ID, m.Flags, raw)
}

func (c *conn) newBundle(id uint32, flags openflow.BundleFlags, raw []byte) error {
	if len(c.bundles) >= maxBundles {
		return openflow.ErrOutOfBundles
	}
	c.bundles[id] = &bundle{flags: flags, used: c.s.dp.now(), opener: beginning(raw)}
	return nil
}

// beginning is as much of a message as an error about it repeats.
func beginning(raw []byte) []byte { return slices.Clone(raw[:min(len(raw), errorData)]) }

func (c *conn) dropBundle(id uint32) {
	c.bundled -= len(c.bundles[id].entries)
	delete(c.bundles, id)
}

// usableBundle returns an open bundle with the right flags. What is wrong with it is its end.
func (c *conn) usableBundle(id uint32, flags openflow.BundleFlags) (*bundle, error) {
	b := c.bundles[id]
	switch {
	case b.closed:
		c.dropBundle(id)
		return nil, openflow.ErrBundleClosed
	case b.flags != flags:
		c.dropBundle(id)
		return nil, openflow.ErrBadBundleFlags
	}
	b.used = c.s.dp.now()
	return b, nil
}

func (c *conn) closeBundle(m openflow.BundleControl) error {
	if c.bundles[m.ID] == nil {
		return openflow.ErrBadBundle
	}
	b, err := c.usableBundle(m.ID, m.Flags)
	if err != nil {
		return err
	}
	b.closed = true
	return nil
}

// bundleAdd checks a message and puts it into its bundle, which it opens if need be.
func (c *conn) bundleAdd(m openflow.BundleAdd, xid uint32, raw []byte) error {
	if err := c.mayChange(); err != nil {
		return err
	}
	e := bundled{message: beginning(raw)}
	switch inner := m.Message.(type) {
	case openflow.FlowMod:
		mod, err := prepare(inner)
		if err != nil {
			return err
		}
		e.mod = mod
	case openflow.PacketOut:
		out, err := preparePacketOut(&inner)
		if err != nil {
			return err
		}
		e.out = out
	default:
		return openflow.ErrBundleMsgUnsupported
	}
	if c.bundles[m.ID] == nil {
		if err := c.newBundle(m.ID, m.Flags, raw); err != nil {
			return err
		}
	}
	b, err := c.usableBundle(m.ID, m.Flags)
	if err != nil {
		return err
	}
	if c.bundled >= maxBundled {
		return openflow.ErrBundleTooMany
	}
	b.entries = append(b.entries, e)
	c.bundled++
	return nil
}

// commitBundle carries a bundle out, whole or not at all. It is gone afterwards in any case; only of one whose flags
// disagree nothing is tried.
func (c *conn) commitBundle(m openflow.BundleControl) error {
	b := c.bundles[m.ID]
	if b == nil {
		return openflow.ErrBadBundle
	}
	c.dropBundle(m.ID)
	if b.flags != m.Flags {
		return openflow.ErrBadBundleFlags
	}
	if failed, err := c.s.commit(b.entries); err != nil {
		c.refuse(err, failed.message)
		return openflow.ErrBundleMsgFailed
	}
	for i := range b.entries {
		if out := b.entries[i].out; out != nil {
			c.s.output(out)
		}
	}
	return nil
}

// commit carries flow mods out in one step. If one fails it takes back those before it, and returns it.
func (s *Switch) commit(entries []bundled) (failed *bundled, err error) {
	s.begin()
	defer s.end()
	var changes []change
	for i := range entries {
		if entries[i].mod == nil {
			continue
		}
		done, err := s.flows.apply(entries[i].mod, s.now)
		if err != nil {
			s.flows.revert(changes)
			return &entries[i], err
		}
		changes = append(changes, done...)
	}
	s.finished(changes)
	return nil, nil
}

// expireBundles drops the bundles that nothing was heard of for long.
func (c *conn) expireBundles() {
	if len(c.bundles) == 0 {
		return
	}
	now := c.s.dp.now()
	for id, b := range c.bundles {
		if now.Sub(b.used) >= bundleIdle {
			c.dropBundle(id)
			c.refuse(openflow.ErrBundleTimeout, b.opener)
		}
	}
}
