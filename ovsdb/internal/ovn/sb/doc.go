// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package sb has the rows of OVN's database OVN_Southbound, for tests: a schema that
// is not Open vSwitch's own.
package sb

//go:generate go run ../../../rowgen -schema /usr/share/ovn/ovn-sb.ovsschema -package sb -header ../../../vswitch/header.txt -out rows.go
