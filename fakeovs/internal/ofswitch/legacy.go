// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"bytes"
	"encoding/binary"

	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/openflow"
)

// adapt makes a flow mod of the connection's version what the switch does with it: the versions differ in tables, cookies
// and counters. Raw is the message, or begins with it.
func (c *conn) adapt(m openflow.FlowMod, raw []byte) (openflow.FlowMod, pipeline.Cookies, error) {
	deletes := m.Command == openflow.FlowDelete || m.Command == openflow.FlowDeleteStrict
	if c.version < openflow.Version12 && m.Command == openflow.FlowAdd {
		m.Flags |= openflow.FlowResetCounts
	}
	if c.version > openflow.Version10 {
		if m.Table == openflow.AllTables && !deletes {
			return m, pipeline.Cookies{}, openflow.ErrBadFlowTable
		}
		k := pipeline.UsualCookies(&m)
		if c.version == openflow.Version11 && !deletes && m.CookieMask == 0 {
			// In this version alone a modify that does not ask for cookies adds the flow that it does not find.
			k = pipeline.Cookies{Fresh: m.Cookie, Adds: m.Cookie != pipeline.KeepCookie}
		}
		return m, k, nil
	}
	if !c.tableIDs {
		if m.Table != 0 {
			return m, pipeline.Cookies{}, openflow.ErrBadCommand // its high byte
		}
		m.Table = openflow.AllTables
	}
	k := pipeline.Cookies{Fresh: m.Cookie, Modify: m.Cookie != pipeline.KeepCookie, Adds: m.Cookie != pipeline.KeepCookie, Lax: true}
	if m.CookieMask != 0 {
		k = pipeline.Cookies{Fresh: pipeline.KeepCookie, Lax: true}
		if raw[1] == typeVendor {
			// Nicira's flow mod has the cookie to look for in its match, beside the fresh one.
			k.Fresh = binary.BigEndian.Uint64(raw[openflow.HeaderLen+8:])
			k.Modify = k.Fresh != pipeline.KeepCookie
		}
	}
	return m, k, nil
}

// prepare checks a flow mod that came as the bytes of a message, in the connection's version.
func (c *conn) prepare(m openflow.FlowMod, raw []byte) (pipeline.FlowMod, error) {
	m, k, err := c.adapt(m, raw)
	if err != nil {
		return pipeline.FlowMod{}, err
	}
	sent := pipeline.Sent{Version: c.version}
	if at := instructionsAt(c.version, raw); at <= len(raw) {
		sent.Instructions, sent.Told = raw[at:], toldAsSent(c.version, raw)
	}
	return c.s.PrepareSent(m, k, sent)
}

// handleLegacy carries out what only old versions have.
func (c *conn) handleLegacy(m openflow.Message, _ uint32) (known bool, err error) {
	switch m := m.(type) {
	case openflow.SetFlowFormat:
	case openflow.FlowModTableID:
		c.tableIDs = m.Set
	default:
		return false, nil
	}
	return true, nil
}

// loadBytes are those of an action of Nicira's that loads a register (NXAST_REG_LOAD), behind its length, and ttlBytes
// those of OpenFlow's set_nw_ttl.
var (
	loadBytes = []byte{0, 0, 0x23, 0x20, 0, 7}
	ttlBytes  = []byte{0, 23, 0, 8}
)

// toldAsSent reports whether a flow mod has an action that a switch tells of as it came: a load is told as a load, not as the
// set_field that is the same.
func toldAsSent(v openflow.Version, message []byte) bool {
	return bytes.Contains(message, loadBytes) || v != openflow.Version10 && bytes.Contains(message, ttlBytes)
}

// instructionsAt is where the instructions, or the actions of OpenFlow 1.0, begin in a flow mod that has been decoded.
func instructionsAt(v openflow.Version, message []byte) int {
	const header, fixed = openflow.HeaderLen, 40
	padded := func(n uint16) int { return (int(n) + 7) / 8 * 8 }
	if v > openflow.Version10 {
		return header + fixed + padded(binary.BigEndian.Uint16(message[header+fixed+2:]))
	}
	if message[1] == typeVendor {
		return header + 8 + 32 + padded(binary.BigEndian.Uint16(message[header+8+24:]))
	}
	return header + 40 + 24
}

const typeVendor = 4

// bundledAt is where the message begins that a message adds to a bundle.
func bundledAt(v openflow.Version) int {
	if v < openflow.Version14 {
		return openflow.HeaderLen + 16
	}
	return openflow.HeaderLen + 8
}
