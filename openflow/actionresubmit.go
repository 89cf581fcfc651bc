// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// Resubmit looks the packet up again in Table and goes on with the next action afterwards (ovs-actions(7), "The resubmit
// action").
type Resubmit struct {
	// InPort replaces the packet's in_port for the look-up; PortInPort keeps it.
	InPort uint32
	// Table is the table; CurrentTable is the one that the action stands in.
	Table uint8
	// CT looks the packet up with the addresses and ports of its connection's first packet in place of its own. It asks
	// that the flow match a ct_state with a known connection.
	CT bool
}

// CurrentTable is the table that a Resubmit stands in.
const CurrentTable uint8 = 0xff

// String is the action in the words of ovs-actions(7).
func (a Resubmit) String() string { return a.text(nil) }

func (a Resubmit) text(names *Names) string {
	if a.InPort != PortInPort && a.Table == CurrentTable && !a.CT {
		return "resubmit:" + names.port(a.InPort)
	}
	var port, table, ct string
	if a.InPort != PortInPort {
		port = names.port(a.InPort)
	}
	if a.Table != CurrentTable {
		table = names.table(a.Table)
	}
	if a.CT {
		ct = ",ct"
	}
	return "resubmit(" + port + "," + table + ct + ")"
}

func (a Resubmit) appendTo(b []byte, _ Version) ([]byte, error) {
	port, ok := port16(a.InPort)
	if !ok {
		return b, errPort16(a.InPort)
	}
	subtype := uint16(nxResubmitTable)
	if a.CT {
		subtype = nxResubmitTableCT
	}
	b = be.AppendUint16(appendNicira(b, subtype, 16), port)
	return append(b, a.Table, 0, 0, 0), nil
}
