// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// Resubmit looks the packet up again in Table and goes on with the next action afterwards.
type Resubmit struct {
	// InPort replaces the packet's in_port for the look-up; PortInPort keeps it.
	InPort uint32
	// Table is the table; CurrentTable is the one that the action stands in.
	Table uint8
}

// CurrentTable is the table that a Resubmit stands in.
const CurrentTable uint8 = 0xff

// String is the action in the words of ovs-actions(7).
func (a Resubmit) String() string {
	var port, table string
	if a.InPort != PortInPort {
		port = portString(a.InPort)
	}
	if a.Table != CurrentTable {
		table = fmt.Sprint(a.Table)
	}
	return "resubmit(" + port + "," + table + ")"
}

func (a Resubmit) appendTo(b []byte, _ Version) ([]byte, error) {
	port, ok := port16(a.InPort)
	if !ok {
		return b, fmt.Errorf("port %d does not fit into 16 bits", a.InPort)
	}
	b = be.AppendUint16(appendNicira(b, nxResubmitTable, 16), port)
	return append(b, a.Table, 0, 0, 0), nil
}
