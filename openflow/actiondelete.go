// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// DeleteField takes an option of the tunnel off the packet (ovs-actions(7), "The delete_field action").
type DeleteField struct {
	// Field is one of the fields tun_metadata.
	Field Field
}

// String is the action in the words of ovs-actions(7).
func (a DeleteField) String() string { return "delete_field:" + a.Field.String() }

func (a DeleteField) appendTo(b []byte, _ Version) ([]byte, error) {
	start := len(b)
	b, err := appendNXMHeader(appendNicira(b, nxDeleteField, 24), a.Field)
	return pad(b, start+24-len(b)), err
}

func decodeDeleteField(b []byte, r *reader) (Action, error) {
	f := decodeHeader(r)
	if f == FieldUnknown {
		return RawAction{b}, nil
	}
	return sized(b, 24, DeleteField{f})
}
