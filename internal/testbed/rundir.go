// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"path/filepath"
	"strings"
)

// RunDir is the directory with the sockets of the switch, as OVS_RUNDIR names it.
func (t *Testbed) RunDir() string {
	return filepath.Dir(strings.TrimPrefix(t.site.database(), "unix:"))
}

// SwitchNetns is the path of the network namespace that the switch runs in; empty for the present one.
func (t *Testbed) SwitchNetns() string { return t.site.switchNetns() }
