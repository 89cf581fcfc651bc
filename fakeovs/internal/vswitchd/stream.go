// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import "strings"

// stream is an end of the wires between dummies: those whose option "stream" names a Unix domain socket are wired to the one
// whose option "pstream" has it listen there. Here there is no socket, so that only dummies of one daemon are wired.
type stream struct {
	path    string
	listens bool
}

// streamOf is the end that a dummy has by its options, nil for none. One that could do both listens.
func streamOf(i *interfaceConfig) *stream {
	if s, ok := i.option("pstream"); ok {
		if path, ok := strings.CutPrefix(s, "punix:"); ok {
			return &stream{path, true}
		}
		return nil
	}
	if s, ok := i.option("stream"); ok {
		if path, ok := strings.CutPrefix(s, "unix:"); ok {
			return &stream{path, false}
		}
	}
	return nil
}

// wired are the names of the interfaces at the other end of a device's wires.
func (d *Daemon) wired(dev *device) []string {
	end := dev.stream.Load()
	if end == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var names []string
	for _, b := range d.sortedBridges() {
		for _, p := range b.sortedPorts() {
			if o := p.stream.Load(); o != nil && o.path == end.path && o.listens != end.listens {
				names = append(names, p.name)
			}
		}
	}
	return names
}

// Wire says whether a dummy is wired to one that listens, in the words of netdev-dummy/conn-state: what listens itself, and
// what is no dummy, is not known to be.
func (d *Daemon) Wire(name string) string {
	d.mu.Lock()
	_, p := d.find(name)
	d.mu.Unlock()
	if p == nil {
		return "unknown"
	}
	if end := p.stream.Load(); end == nil || end.listens {
		return "unknown"
	}
	if len(d.wired(p.device)) == 0 {
		return "disconnected"
	}
	return "connected"
}
