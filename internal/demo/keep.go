// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/ovskit/ovskit/flows"
)

// IntentsFile is the name of the file of intents in the directory of a switch.
const IntentsFile = "ovskit-intents.json"

// record writes what is declared into the directory of the switch, where "ovskit trace" and "ovskit check" read it.
func (s *scenario) record(ctx context.Context) error {
	objects, err := s.flows.Declared(ctx)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(flows.Intents{Bridge: s.tb.Bridge().Name, Owner: owner, Objects: objects}, "", "  ")
	if err != nil {
		return fmt.Errorf("keep the intents: %w", err)
	}
	if err := os.WriteFile(filepath.Join(s.tb.RunDir(), IntentsFile), append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("keep the intents: %w", err)
	}
	return nil
}

// hints tell how to look at what was kept, and how to remove it.
func (s *scenario) hints() []string {
	dir := s.tb.RunDir()
	v := s.views[0]
	web0 := strings.TrimSuffix(filepath.Base(s.tb.SwitchNetns()), "host") + v.web0.Name()
	return []string{
		fmt.Sprintf("  as an endpoint:  ip netns exec %s ping -c 1 %s", web0, v.web1.addr),
		"  what it does:    ovskit trace --rundir " + dir + ` "web0 -> outside tcp/443"`,
		"  whether it does: ovskit check --rundir " + dir,
		"  what it counted: ovskit counters --rundir " + dir,
		"Remove it with: ovskit demo --cleanup",
	}
}
