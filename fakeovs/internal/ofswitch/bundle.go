// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"slices"
	"time"
	"unsafe"

	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/openflow"
)

const (
	// defaultBundleIdle is how long a bundle stays without a message for it.
	defaultBundleIdle = 10 * time.Second
	// maxBundles and maxBundled bound the bundles of a connection and the messages in them.
	maxBundles = 1024
	maxBundled = 2_000_000
	// maxMade bounds the actions that a bundle's packet-outs come to.
	maxMade = 1 << 20
)

// bundle is messages that wait to be carried out together (ONF extension 230).
type bundle struct {
	flags   openflow.BundleFlags
	closed  bool
	used    time.Time
	opener  []byte
	entries []bundled
	// beginnings is room for those of messages, mods for flow mods.
	beginnings []byte
	mods       []pipeline.FlowMod
	// weight is what the bundle takes of the datapath's memory.
	weight int64
}

// keep is as much of a message as an error about it repeats, kept as long as the bundle.
func (b *bundle) keep(raw []byte) []byte {
	const room = 16 << 10
	raw = raw[:min(len(raw), errorData)]
	if len(raw) > cap(b.beginnings)-len(b.beginnings) {
		b.beginnings = make([]byte, 0, max(room, len(raw)))
	}
	n := len(b.beginnings)
	b.beginnings = append(b.beginnings, raw...)
	return b.beginnings[n:len(b.beginnings):len(b.beginnings)]
}

// place keeps a flow mod as long as the bundle.
func (b *bundle) place(m pipeline.FlowMod) *pipeline.FlowMod {
	const together = 64
	if len(b.mods) == cap(b.mods) {
		b.mods = make([]pipeline.FlowMod, 0, min(len(b.entries)+1, together))
	}
	b.mods = append(b.mods, m)
	return &b.mods[len(b.mods)-1]
}

// bundled is one message of a bundle: a flow mod, a group mod, a port mod or a packet-out.
type bundled struct {
	mod   *pipeline.FlowMod
	group *pipeline.GroupMod
	port  *openflow.PortMod
	out   *pipeline.PacketOut
	// message is the beginning of the message that brought it, and xid its transaction number.
	message []byte
	xid     uint32
}

// weight is what the message takes in memory, but for its bytes and its flow mod.
func (e *bundled) weight() int64 {
	n := 2 * int64(unsafe.Sizeof(*e))
	switch {
	case e.group != nil:
		n += e.group.Weight()
	case e.port != nil:
		n += pipeline.Weight(*e.port)
	case e.out != nil:
		n += e.out.Weight()
	}
	return n
}

func (c *conn) bundleControl(m openflow.BundleControl, xid uint32, raw []byte) error {
	if err := c.mayChange(); err != nil {
		return err
	}
	c.bundleMu.Lock()
	defer c.bundleMu.Unlock()
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
	weight := int64(unsafe.Sizeof(bundle{})) + 32 + int64(len(raw))
	switch {
	case len(c.bundles) >= maxBundles:
		return openflow.ErrOutOfBundles
	case !c.s.dp.Memory().Take(weight):
		return c.s.dp.Memory().Full(openflow.ErrOutOfBundles)
	}
	c.bundles[id] = &bundle{flags: flags, used: c.s.dp.Now(), opener: beginning(raw), weight: weight}
	return nil
}

// beginning is as much of a message as an error about it repeats.
func beginning(raw []byte) []byte { return slices.Clone(raw[:min(len(raw), errorData)]) }

func (c *conn) dropBundle(id uint32) {
	b := c.bundles[id]
	c.bundled -= len(b.entries)
	c.s.dp.Memory().GiveBack(b.weight)
	delete(c.bundles, id)
}

// dropBundles drops all bundles, at the end of the connection.
func (c *conn) dropBundles() {
	c.bundleMu.Lock()
	defer c.bundleMu.Unlock()
	for id := range c.bundles {
		c.dropBundle(id)
	}
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
	b.used = c.s.dp.Now()
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
	c.bundleMu.Lock()
	defer c.bundleMu.Unlock()
	e := bundled{xid: xid}
	var mod pipeline.FlowMod
	switch inner := m.Message.(type) {
	case openflow.FlowMod:
		var err error
		if mod, err = c.prepare(inner, raw[bundledAt(c.version):]); err != nil {
			return err
		}
	case openflow.GroupMod:
		e.group = c.s.PrepareGroup(inner, c.version, raw[bundledAt(c.version):])
	case openflow.PortMod:
		e.port = &inner
	case openflow.PacketOut:
		out, err := c.s.PreparePacketOut(&inner)
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
	_, isMod := m.Message.(openflow.FlowMod)
	weight := e.weight() + int64(len(raw))
	if isMod {
		weight += mod.Weight()
	}
	switch {
	case c.bundled >= maxBundled:
		return openflow.ErrBundleTooMany
	case !c.s.dp.Memory().Take(weight):
		return c.s.dp.Memory().Full(openflow.ErrBundleTooMany)
	}
	if isMod {
		e.mod = b.place(mod)
	}
	e.message = b.keep(raw)
	if n := len(b.entries); n == cap(b.entries) {
		b.entries = slices.Grow(b.entries, max(n, 16))
	}
	b.entries = append(b.entries, e)
	b.weight += weight
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
	if failed, err := c.commit(b); err != nil {
		c.refuse(err, failed.message)
		return openflow.ErrBundleMsgFailed
	}
	for i := range b.entries {
		switch e := &b.entries[i]; {
		case e.port != nil:
			c.configurePort(e.port)
		case e.out != nil:
			c.s.Send(e.out)
		}
	}
	return nil
}

// commit changes flows and groups in one step. If a message fails it takes back what those before it have done, and
// returns it.
func (c *conn) commit(b *bundle) (failed *bundled, err error) {
	s := c.s
	s.Begin()
	defer s.End()
	changes := make([][]pipeline.Change, len(b.entries))
	s.BeginMany(len(b.entries))
	defer s.EndMany()
	made := 0
	for i := range b.entries {
		e := &b.entries[i]
		switch {
		case e.mod != nil:
			changes[i], err = s.Apply(e.mod)
		case e.group != nil:
			changes[i], err = s.ApplyGroup(e.group)
		case e.port != nil && b.flags&openflow.BundleAtomic != 0:
			err = openflow.ErrBundleMsgFailed
		case e.port != nil:
			err = s.CheckPortMod(e.port)
		case e.out != nil:
			if err = s.CheckPacketOut(e.out); err == nil {
				s.Translate(e.out)
				if made += e.out.Made(); made > maxMade {
					err = openflow.ErrBundleMsgFailed
				}
			}
		}
		if err != nil {
			for i--; i >= 0; i-- {
				s.Revert(changes[i])
			}
			return e, err
		}
	}
	// What monitors say of a bundle comes in one message.
	s.holdMonitors(true)
	for i := range b.entries {
		e := &b.entries[i]
		s.finished(changes[i], c, e.xid)
		if e.group != nil {
			c.forwardGroup(e.group.GroupMod, pipeline.ReplacesGroup(changes[i]), e.xid)
		}
	}
	s.holdMonitors(false)
	return nil, nil
}

// expireBundles drops the bundles that nothing was heard of for long. If one of them is being carried out, it does
// nothing. A controller that does not read is not told: the clock would wait for it.
func (c *conn) expireBundles(now time.Time) {
	if !c.bundleMu.TryLock() {
		return
	}
	defer c.bundleMu.Unlock()
	idle := c.s.dp.bundleIdle()
	var expired []uint32
	for id, b := range c.bundles {
		if now.Sub(b.used) >= idle {
			expired = append(expired, id)
		}
	}
	slices.Sort(expired)
	for _, id := range expired {
		b := c.bundles[id]
		c.dropBundle(id)
		if c.hasRoom() {
			c.refuse(openflow.ErrBundleTimeout, b.opener)
		}
	}
}
