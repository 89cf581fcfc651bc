// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// PushMPLS adds an MPLS label in front of others, with the TTL of what follows it (ovs-actions(7), "The push_mpls
// action").
type PushMPLS struct {
	// EthType is EthTypeMPLS or EthTypeMPLSMulticast; 0 is EthTypeMPLS.
	EthType uint16
}

func (a PushMPLS) ethType() uint16 {
	if a.EthType == 0 {
		return EthTypeMPLS
	}
	return a.EthType
}

// String is the action in the words of ovs-actions(7).
func (a PushMPLS) String() string { return fmt.Sprintf("push_mpls:0x%04x", a.ethType()) }

func (a PushMPLS) appendTo(b []byte, _ Version) ([]byte, error) {
	typ := a.ethType()
	if typ != EthTypeMPLS && typ != EthTypeMPLSMulticast {
		return b, fmt.Errorf("%#x is not the Ethernet type of an MPLS label", typ)
	}
	return appendEthType(b, actionPushMPLS, typ), nil
}

func decodePushMPLS(b []byte, r *reader) (Action, error) {
	a := PushMPLS{EthType: r.u16()}
	if a.EthType != EthTypeMPLS && a.EthType != EthTypeMPLSMulticast {
		return nil, malformed(ErrBadActionArgument, "%v", a)
	}
	return sized(b, 8, a)
}

// PopMPLS removes the outermost MPLS label (ovs-actions(7), "The pop_mpls action").
type PopMPLS struct {
	// EthType is what the packet is then: EthTypeMPLS if there are further labels.
	EthType uint16
}

// String is the action in the words of ovs-actions(7).
func (a PopMPLS) String() string { return fmt.Sprintf("pop_mpls:0x%04x", a.EthType) }

func (a PopMPLS) appendTo(b []byte, _ Version) ([]byte, error) {
	return appendEthType(b, actionPopMPLS, a.EthType), nil
}

// DecMPLSTTL decrements the TTL of the outermost MPLS label and stops with the packet where that makes it zero
// (ovs-actions(7), "The dec_mpls_ttl action").
type DecMPLSTTL struct{}

// String is the action in the words of ovs-actions(7).
func (DecMPLSTTL) String() string { return "dec_mpls_ttl" }

func (DecMPLSTTL) appendTo(b []byte, _ Version) ([]byte, error) {
	return pad(appendAction(b, actionDecMPLSTTL, 8), 4), nil
}
