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

func (BundleControl) message() {}
func (BundleAdd) message()     {}
