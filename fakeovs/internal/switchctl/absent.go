// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package switchctl

import (
	"errors"

	"github.com/ovskit/ovskit/fakeovs/internal/ctlserver"
)

// absentCommands are about what no port and no bridge of the fake has: they answer as a switch on which nobody has
// configured it.
func (t Target) absentCommands() []ctlserver.Command {
	none := func(refusal string) func([]string) (string, error) {
		return func(args []string) (string, error) {
			if len(args) > 0 {
				return "", errors.New(refusal)
			}
			return "", nil
		}
	}
	return []ctlserver.Command{
		{Name: "bfd/show", Usage: "[interface]", Max: 1, Run: none("no such bfd object")},
		{Name: "cfm/show", Usage: "[interface]", Max: 1, Run: none("no such CFM object")},
		{Name: "lacp/show", Usage: "[port]", Max: 1, Run: none("no such lacp object")},
	}
}
