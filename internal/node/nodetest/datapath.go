// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package nodetest

import (
	"cmp"
	"os"
)

// DatapathVariable is the environment variable with the type of datapath that tests
// on nodes are to have. Tests in a guest have it set, see package guest.
const DatapathVariable = "OVSKIT_TEST_DATAPATH"

// The types of datapath that nodes can have.
const (
	UserDatapath   = "netdev"
	KernelDatapath = "system"
)

// Datapath is the type of datapath for the bridges of nodes: the one in user space,
// which is the same everywhere, unless [DatapathVariable] has another.
func Datapath() string { return cmp.Or(os.Getenv(DatapathVariable), UserDatapath) }
