// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"errors"
	"fmt"
	"io"
	"math/bits"
	"strings"

	"github.com/ovskit/ovskit/openflow"
)

// The versions of OpenFlow that there are.
const (
	minVersion openflow.Version = openflow.Version10
	maxVersion                  = openflow.Version15

	allVersions uint32 = 1<<(maxVersion+1) - 1<<minVersion
)

// SetVersions sets which versions new connections may speak: the bit 1<<v for each version v, or 0 for all that there
// are. Connections whose version is none of them are closed.
func (s *Switch) SetVersions(versions uint32) {
	if versions == 0 {
		versions = allVersions
	}
	s.connMu.Lock()
	defer s.connMu.Unlock()
	s.versions = versions & allVersions
	for c := range s.conns {
		c.mu.Lock()
		gone := c.version != 0 && s.versions>>c.version&1 == 0
		c.mu.Unlock()
		if gone {
			c.close()
		}
	}
}

var errNotHello = errors.New("the first message is not a hello")

// greet says hello and waits for that of the controller. It returns the buffer of it.
func (c *conn) greet(r io.Reader) ([]byte, error) {
	highest := openflow.Version(bits.Len32(c.allowed) - 1)
	c.replyIn(maxVersion, openflow.Hello{Version: highest, Bitmap: c.allowed}, 0)
	b, err := readMessage(r, nil)
	if err != nil {
		return nil, err
	}
	m, _, err := openflow.Decode(b)
	if err != nil {
		return nil, err
	}
	h, ok := m.(openflow.Hello)
	if !ok {
		return nil, errNotHello
	}
	spoken := h.Bitmap
	if spoken == 0 && h.Version < 32 {
		spoken = 2<<h.Version - 2
	}
	common := spoken & c.allowed
	if common == 0 {
		text := fmt.Sprintf("We support %s, you support %s, no common versions.", versionsText(c.allowed), versionsText(spoken))
		v := min(max(openflow.Version(bits.Len32(spoken)-1), minVersion), maxVersion)
		c.replyIn(v, openflow.Error{Code: openflow.ErrIncompatible, Data: []byte(text)}, 0)
		return nil, openflow.ErrIncompatible
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version = openflow.Version(bits.Len32(common) - 1)
	c.async = defaultAsync(c.version)
	return b, nil
}

// versionsText is a set of versions in the words of Open vSwitch.
func versionsText(set uint32) string {
	var names []string
	for v := range 32 {
		if set>>v&1 == 1 {
			names = append(names, fmt.Sprintf("0x%02x", v))
		}
	}
	switch {
	case len(names) == 0:
		return "no versions"
	case len(names) == 1:
		return "version " + names[0]
	case set>>1+1 == 1<<len(names):
		return "version " + names[len(names)-1] + " and earlier"
	}
	return "versions " + strings.Join(names, ", ")
}

// anyVersion reports whether a message of a type may be in any version: a greeting, an error or an echo.
func anyVersion(typ uint8) bool { return typ <= 3 }

// decode reads a message.
func decode(b []byte) (openflow.Message, uint32, error) { return openflow.Decode(b) }

// encode turns a message into bytes.
func encode(v openflow.Version, m openflow.Message, xid uint32) ([]byte, error) {
	return openflow.Encode(v, m, xid)
}

// forVersion is a message as it is told in a version: what the version has no words for is left out.
func forVersion(v openflow.Version, m openflow.Message) openflow.Message {
	if f, ok := m.(openflow.FlowRemoved); ok && v < openflow.Version14 {
		f.Stats.Importance = 0
		if f.Reason == openflow.FlowRemovedMeter {
			f.Reason = openflow.FlowRemovedDelete
		}
		return f
	}
	if in, ok := m.(openflow.PacketIn); ok {
		in.Reason = missReason(in.Reason, v)
		return in
	}
	return m
}
