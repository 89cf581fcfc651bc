// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// Members chooses one of several ports that are up (ovs-actions(7), "The bundle and bundle_load actions"): it sends the
// packet out of that port or writes the port's number to a field. The chosen is PortAny, which is none, if all are down.
type Members struct {
	Fields HashFields
	// Basis makes for other choices with the same fields.
	Basis     uint16
	Algorithm MembersAlgorithm
	Ports     []uint32
	// Load is where the number is written: at least 16 and at most 64 bits. Nil sends the packet.
	Load *Subfield
}

// MembersAlgorithm is how Members chooses.
type MembersAlgorithm uint16

// The algorithms, as ovs-actions(7) names them.
const (
	// MembersActiveBackup (active_backup) is the first port that is up, whatever the packet is.
	MembersActiveBackup MembersAlgorithm = iota
	// MembersHRW (hrw) is by a hash of the packet, so that few packets change the port when one goes up or down.
	MembersHRW
)

var membersNames = [...]string{"active_backup", "hrw"}

// String is the algorithm's name in ovs-actions(7).
func (a MembersAlgorithm) String() string { return nameOf(membersNames[:], uint16(a)) }

// String is the action in the words of ovs-actions(7).
func (a Members) String() string { return a.text(nil) }

func (a Members) text(names *Names) string {
	name, ports := "bundle", ""
	list := args{a.Fields.String(), fmt.Sprint(a.Basis), a.Algorithm.String(), "ofport"}
	if a.Load != nil {
		name, list = "bundle_load", append(list, a.Load.String())
	}
	for i, port := range a.Ports {
		if i > 0 {
			ports += ","
		}
		ports += names.port(port)
	}
	return append(list, "members:"+ports).of(name)
}

// maxMembers is how many ports a switch takes.
const maxMembers = 2048

func (a Members) check() error {
	switch {
	case int(a.Fields) >= len(hashFieldsNames):
		return fmt.Errorf("hash of fields %d does not exist", uint16(a.Fields))
	case int(a.Algorithm) >= len(membersNames):
		return fmt.Errorf("algorithm %d does not exist", uint16(a.Algorithm))
	case len(a.Ports) > maxMembers:
		return fmt.Errorf("%d members are more than %d", len(a.Ports), maxMembers)
	case a.Load != nil && a.Load.Bits < 16:
		return fmt.Errorf("%v has not the 16 bits of a port", *a.Load)
	case a.Load != nil:
		return a.Load.check()
	}
	return nil
}

func (a Members) appendTo(b []byte, _ Version) ([]byte, error) {
	if err := a.check(); err != nil {
		return b, err
	}
	start, subtype := len(b), uint16(nxBundle)
	if a.Load != nil {
		subtype = nxBundleLoad
	}
	b = be.AppendUint16(appendNicira(b, subtype, 0), uint16(a.Algorithm))
	b = be.AppendUint16(b, uint16(a.Fields))
	b = be.AppendUint16(b, a.Basis)
	b = be.AppendUint32(b, headerNXMInPort)
	b = be.AppendUint16(b, uint16(len(a.Ports)))
	if a.Load != nil {
		var err error
		if b, err = a.Load.appendRange(b); err == nil {
			b, err = appendNXM32(b, a.Load.Field)
		}
		if err != nil {
			return b, err
		}
	}
	b = pad(b, start+32-len(b))
	for _, port := range a.Ports {
		n, ok := port16(port)
		if !ok {
			return b, errPort16(port)
		}
		b = be.AppendUint16(b, n)
	}
	return putLength(padded(b, start), start, 2)
}

func decodeMembers(b []byte, r *reader, load bool) (Action, error) {
	a := Members{Algorithm: MembersAlgorithm(r.u16()), Fields: HashFields(r.u16()), Basis: r.u16()}
	typ, n := r.u32(), int(r.u16())
	dst := decodeRange(r)
	dst.Field = decodeHeader(r)
	r.skip(4)
	ports := &reader{b: r.bytes(2 * n)}
	if r.short {
		return nil, malformed(ErrBadActionLen, "bundle action of %d bytes for %d members", len(b), n)
	}
	if load {
		a.Load = &dst
	}
	if typ != headerNXMInPort || load && dst.Field == FieldUnknown {
		return RawAction{b}, nil
	}
	if n > 0 {
		a.Ports = make([]uint32, n)
		for i := range a.Ports {
			a.Ports[i] = port32(ports.u16())
		}
	}
	if err := a.check(); err != nil {
		return nil, malformed(ErrBadActionArgument, "bundle action: %v", err)
	}
	return filled(b, r, a)
}
