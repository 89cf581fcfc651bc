// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// Version is a version of the protocol, as the header of a message numbers it.
type Version uint8

// The versions of which this package knows the messages. Its connections speak 1.3 and later; Encode and Decode are for the
// older ones too, in which a switch is asked by ovs-ofctl(8), unless told otherwise, and by old controllers.
const (
	Version10 Version = 1
	Version11 Version = 2
	Version12 Version = 3
	Version13 Version = 4
	Version14 Version = 5
	Version15 Version = 6
)

// String is the version's name in ovs-ofctl(8), such as "OpenFlow13".
func (v Version) String() string {
	if v < 1 || v > Version15 {
		return fmt.Sprintf("OpenFlow version %#x", uint8(v))
	}
	return fmt.Sprintf("OpenFlow1%d", v-1)
}

// newGroups reports whether groups have the form of OpenFlow 1.5, which Nicira's extension gives them in 1.0.
func (v Version) newGroups() bool { return v >= Version15 || v == Version10 }
