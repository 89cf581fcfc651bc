// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import "hash/fnv"

// The parts of a cookie, from the top: 16 bits of owner, 8 of layout version, 40 of object.
const (
	ownerBits   = 16
	objectBits  = 40
	objectMask  = 1<<objectBits - 1
	ownerShift  = 64 - ownerBits
	ownerMask   = uint64(1<<ownerBits-1) << ownerShift
	layout      = 2 // changes with the meaning of the tables or registers
	layoutShift = objectBits
)

// ownerCookie is the owner's part of a cookie.
func ownerCookie(owner string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(owner))
	sum := h.Sum64()
	return (sum ^ sum>>16 ^ sum>>32 ^ sum>>48) << ownerShift
}

// objectCookie is the cookie of an object's flows, its owner's part left out.
func objectCookie(r ref) uint64 {
	h := fnv.New64a()
	h.Write([]byte{byte(r.kind)})
	h.Write([]byte(r.name))
	sum := h.Sum64()
	return layout<<layoutShift | (sum^sum>>objectBits)&objectMask
}
