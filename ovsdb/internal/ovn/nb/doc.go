// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package nb has the rows of OVN's database OVN_Northbound, for tests: a schema that
// is not Open vSwitch's own.
package nb

//go:generate go run ../../../rowgen -schema /usr/share/ovn/ovn-nb.ovsschema -package nb -header ../../../vswitch/header.txt -out rows.go
