// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package models has the rows of four tables of Open_vSwitch as libovsdb's
// modelgen makes them with -extended, which makes its cache faster. It was given
// the schema without its other tables.
package models

import "github.com/ovn-org/libovsdb/model"

// Database is the model of the tables.
func Database() (model.ClientDBModel, error) {
	return model.NewClientDBModel("Open_vSwitch", map[string]model.Model{
		BridgeTable:      &Bridge{},
		InterfaceTable:   &Interface{},
		OpenvSwitchTable: &OpenvSwitch{},
		PortTable:        &Port{},
	})
}
