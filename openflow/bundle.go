// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// BundleControl opens, closes, commits or discards a bundle, or answers that (ONF extension 230 to OpenFlow 1.3;
// OpenFlow 1.4, 7.3.9).
type BundleControl struct {
	ID    uint32
	Type  BundleType
	Flags BundleFlags
}

// BundleType is what a BundleControl does. A reply's type is that of its request plus one.
type BundleType uint16

// The types of a BundleControl.
const (
	BundleOpenRequest BundleType = iota
	BundleOpenReply
	BundleCloseRequest
	BundleCloseReply
	BundleCommitRequest
	BundleCommitReply
	BundleDiscardRequest
	BundleDiscardReply
)

// String is the type in words, such as "commit request".
func (t BundleType) String() string {
	if int(t) >= len(bundleTypeNames) {
		return fmt.Sprintf("control type %d", uint16(t))
	}
	return bundleTypeNames[t]
}

var bundleTypeNames = []string{"open request", "open reply", "close request", "close reply", "commit request",
	"commit reply", "discard request", "discard reply"}

// BundleFlags are the flags of a bundle; all messages of a bundle carry the same.
type BundleFlags uint16

// The flags of a bundle: all or nothing, and in the order of the messages.
const (
	BundleAtomic BundleFlags = 1 << iota
	BundleOrdered
)

// BundleAdd puts a message into an open bundle. Both have the same transaction number.
type BundleAdd struct {
	ID    uint32
	Flags BundleFlags
	// Message is a FlowMod or another message that changes the switch, never a BundleControl or BundleAdd.
	Message Message
}

func (m BundleControl) describe() string { return fmt.Sprintf("%v of bundle %d", m.Type, m.ID) }
func (m BundleAdd) describe() string     { return "bundle-add of " + describe(m.Message) }

func (m BundleControl) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	typ := uint8(typeBundleControl)
	if v < Version14 {
		typ, b = typeExperimenter, appendExperimenter(b, experimenterONF, onfBundleControl)
	}
	b = be.AppendUint32(b, m.ID)
	b = be.AppendUint16(b, uint16(m.Type))
	return be.AppendUint16(b, uint16(m.Flags)), typ, nil
}

func (m BundleAdd) appendTo(b []byte, v Version, xid uint32) ([]byte, uint8, error) {
	typ := uint8(typeBundleAdd)
	if v < Version14 {
		typ, b = typeExperimenter, appendExperimenter(b, experimenterONF, onfBundleAdd)
	}
	b = pad(be.AppendUint32(b, m.ID), 2)
	b = be.AppendUint16(b, uint16(m.Flags))
	b, err := appendMessage(b, v, m.Message, xid)
	return b, typ, err
}

func decodeBundleMessage(r *reader, outer Version, add bool, xid uint32, inBundle bool) (Message, error) {
	if inBundle {
		return nil, malformed(ErrBundleMsgUnsupported, "bundle message in a bundle")
	}
	if !add {
		// Properties may follow; none is defined.
		return checked(r, BundleControl{ID: r.u32(), Type: BundleType(r.u16()), Flags: BundleFlags(r.u16())})
	}
	m := BundleAdd{ID: r.u32()}
	r.skip(2)
	m.Flags = BundleFlags(r.u16())
	if r.short || len(r.b) < HeaderLen {
		return nil, malformed(ErrBundleMsgLen, "bundle-add without a whole message")
	}
	v, typ, length := Version(r.b[0]), r.b[1], int(be.Uint16(r.b[2:]))
	if length < HeaderLen || length > len(r.b) {
		return nil, malformed(ErrBundleMsgLen, "message of %d bytes in a bundle-add with room for %d", length, len(r.b))
	}
	if v != outer {
		// Open vSwitch cannot say it in OpenFlow 1.3.
		code := ErrUnencodable
		if outer >= Version14 {
			code = ErrBundleMsgVersion
		}
		return nil, malformed(code, "message of %v in a bundle-add of %v", v, outer)
	}
	if innerXid := be.Uint32(r.b[4:]); innerXid != xid {
		return nil, malformed(ErrBundleMsgXid, "transaction %#x in a bundle-add of transaction %#x", innerXid, xid)
	}
	var err error
	if m.Message, err = decodeBody(v, typ, xid, r.b[HeaderLen:length:length], true); err != nil {
		return nil, err
	}
	return m, nil
}
