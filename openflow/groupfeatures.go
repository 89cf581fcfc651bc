// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "context"

// GroupFeaturesRequest asks for a GroupFeaturesReply (OpenFlow 1.3.5, 7.3.5.10).
type GroupFeaturesRequest struct{}

// GroupFeaturesReply says what groups a switch can have.
type GroupFeaturesReply struct {
	// Types has the bit 1<<t for each type t of groups.
	Types        uint32
	Capabilities GroupCapabilities
	// MaxGroups is how many groups of each type there may be, and Actions has the bits of the OFPAT_ numbers of the actions
	// that they may have.
	MaxGroups, Actions [4]uint32
}

// GroupCapabilities are the OFPGFC_ flags of a switch.
type GroupCapabilities uint32

// The capabilities: weights and liveness of select groups, groups that output to groups, and refusal of their loops.
const (
	GroupCapSelectWeight GroupCapabilities = 1 << iota
	GroupCapSelectLiveness
	GroupCapChaining
	GroupCapChainingChecks
)

// GroupFeatures returns what groups the switch can have.
func (c *Conn) GroupFeatures(ctx context.Context) (GroupFeaturesReply, error) {
	return fetch[GroupFeaturesReply](ctx, c, GroupFeaturesRequest{})
}

func (GroupFeaturesRequest) describe() string { return "group features request" }
func (GroupFeaturesReply) describe() string   { return "group features reply" }

func (GroupFeaturesRequest) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	return appendMultipart(b, multipartGroupFeatures, false), typeMultipartRequest, nil
}

func (m GroupFeaturesReply) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	b = appendMultipart(b, multipartGroupFeatures, false)
	b = be.AppendUint32(be.AppendUint32(b, m.Types), uint32(m.Capabilities))
	for _, list := range [][4]uint32{m.MaxGroups, m.Actions} {
		for _, n := range list {
			b = be.AppendUint32(b, n)
		}
	}
	return b, typeMultipartReply, nil
}

func decodeGroupFeaturesReply(r *reader) (Message, error) {
	m := GroupFeaturesReply{Types: r.u32(), Capabilities: GroupCapabilities(r.u32())}
	for _, list := range []*[4]uint32{&m.MaxGroups, &m.Actions} {
		for i := range list {
			list[i] = r.u32()
		}
	}
	return ended(r, m)
}
