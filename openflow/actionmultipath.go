// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// HashFields are the fields of a packet that a choice among several ways depends on.
type HashFields uint16

// The fields to choose by, as ovs-actions(7) names them. The symmetric ones choose the same for both directions.
const (
	HashEthSrc           HashFields = iota // eth_src
	HashSymmetricL4                        // symmetric_l4
	HashSymmetricL3L4                      // symmetric_l3l4
	HashSymmetricL3L4UDP                   // symmetric_l3l4+udp
	HashIPSrc                              // nw_src
	HashIPDst                              // nw_dst
	HashSymmetricL3                        // symmetric_l3
)

var hashFieldsNames = [...]string{
	"eth_src", "symmetric_l4", "symmetric_l3l4", "symmetric_l3l4+udp", "nw_src", "nw_dst", "symmetric_l3",
}

// String is the fields' name in ovs-actions(7).
func (f HashFields) String() string { return nameOf(hashFieldsNames[:], uint16(f)) }

// nameOf is the name of a number, if it has one.
func nameOf(names []string, n uint16) string {
	if int(n) < len(names) {
		return names[n]
	}
	return fmt.Sprintf("<unknown %d>", n)
}

// Multipath chooses one of Links numbers by a hash of the packet and writes it to a field (ovs-actions(7), "The multipath
// action").
type Multipath struct {
	Fields HashFields
	// Basis makes for other choices with the same fields.
	Basis     uint16
	Algorithm MultipathAlgorithm
	// Links is how many numbers there are, from 0 on: 1 to 65536.
	Links uint32
	// Arg is for MultipathIterHash alone.
	Arg uint32
	// Dst holds all of the numbers; at most 64 bits.
	Dst Subfield
}

// MultipathAlgorithm is how a Multipath chooses (RFC 2992).
type MultipathAlgorithm uint16

// The algorithms, as ovs-actions(7) names them.
const (
	MultipathModuloN       MultipathAlgorithm = iota // modulo_n
	MultipathHashThreshold                           // hash_threshold
	MultipathHRW                                     // hrw
	MultipathIterHash                                // iter_hash
)

var multipathNames = [...]string{"modulo_n", "hash_threshold", "hrw", "iter_hash"}

// String is the algorithm's name in ovs-actions(7).
func (a MultipathAlgorithm) String() string { return nameOf(multipathNames[:], uint16(a)) }

// String is the action in the words of ovs-actions(7).
func (a Multipath) String() string {
	return fmt.Sprintf("multipath(%v,%d,%v,%d,%d,%v)", a.Fields, a.Basis, a.Algorithm, a.Links, a.Arg, a.Dst)
}

// check returns what a switch would refuse.
func (a Multipath) check() error {
	switch {
	case int(a.Fields) >= len(hashFieldsNames):
		return fmt.Errorf("hash of fields %d does not exist", uint16(a.Fields))
	case int(a.Algorithm) >= len(multipathNames):
		return fmt.Errorf("algorithm %d does not exist", uint16(a.Algorithm))
	case a.Links == 0 || a.Links > 1<<16:
		return fmt.Errorf("%d links are not 1 to 65536", a.Links)
	case a.Dst.Bits < 16 && (a.Links-1)>>a.Dst.Bits != 0:
		return fmt.Errorf("%d links do not fit into %d bits", a.Links, a.Dst.Bits)
	}
	return a.Dst.check()
}

func (a Multipath) appendTo(b []byte, _ Version) ([]byte, error) {
	if err := a.check(); err != nil {
		return b, err
	}
	b = be.AppendUint16(appendNicira(b, nxMultipath, 32), uint16(a.Fields))
	b = pad(be.AppendUint16(b, a.Basis), 2)
	b = be.AppendUint16(b, uint16(a.Algorithm))
	b = be.AppendUint16(b, uint16(a.Links-1))
	b = pad(be.AppendUint32(b, a.Arg), 2)
	b, err := a.Dst.appendRange(b)
	if err != nil {
		return b, err
	}
	return appendNXM32(b, a.Dst.Field)
}

func decodeMultipath(b []byte, r *reader) (Action, error) {
	a := Multipath{Fields: HashFields(r.u16()), Basis: r.u16()}
	r.skip(2)
	a.Algorithm, a.Links, a.Arg = MultipathAlgorithm(r.u16()), uint32(r.u16())+1, r.u32()
	r.skip(2)
	a.Dst = decodeRange(r)
	if a.Dst.Field = decodeHeader(r); a.Dst.Field == FieldUnknown {
		return RawAction{b}, nil
	}
	if err := a.check(); err != nil {
		return nil, malformed(ErrBadActionArgument, "multipath action: %v", err)
	}
	return sized(b, 32, a)
}
