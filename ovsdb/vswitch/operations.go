// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitch

import "github.com/ovskit/ovskit/ovsdb"

// Optional returns a pointer to a value, for the optional columns of rows.
func Optional[T any](value T) *T { return &value }

// AddBridges makes the operation that adds bridges to the switch. A bridge is
// given by its row's UUID or the name of a row inserted in the same
// transaction. A Bridge row that is not part of the switch is removed by the
// server when the transaction commits, and so on down to interfaces.
func AddBridges(bridges ...string) ovsdb.Operation {
	return ovsdb.Mutate(TableOpenVSwitch, change("bridges", ovsdb.InsertInto, bridges))
}

// RemoveBridges makes the operation that takes bridges out of the switch, and
// with them their ports.
func RemoveBridges(bridges ...string) ovsdb.Operation {
	return ovsdb.Mutate(TableOpenVSwitch, change("bridges", ovsdb.DeleteFrom, bridges))
}

// AddPorts makes the operation that adds ports to a bridge. All are given by
// their row's UUID or the name of a row inserted in the same transaction.
func AddPorts(bridge string, ports ...string) ovsdb.Operation {
	return ovsdb.Mutate(TableBridge, change("ports", ovsdb.InsertInto, ports), ovsdb.ByUUID(bridge))
}

// RemovePorts makes the operation that takes ports out of a bridge. The server
// removes their rows and those of their interfaces.
func RemovePorts(bridge string, ports ...string) ovsdb.Operation {
	return ovsdb.Mutate(TableBridge, change("ports", ovsdb.DeleteFrom, ports), ovsdb.ByUUID(bridge))
}

func change(column string, m ovsdb.Mutator, uuids []string) []ovsdb.Mutation {
	return []ovsdb.Mutation{ovsdb.Change(column, m, uuids)}
}
