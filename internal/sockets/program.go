// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package sockets

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A Program is a process that has a socket.
type Program struct {
	PID  int
	Name string
}

// Programs finds the processes that have sockets, by inode. What one may not look at, or what ends meanwhile, is left out.
func Programs(socks []Socket) map[uint32][]Program {
	wanted := map[string]uint32{}
	for _, s := range socks {
		wanted[fmt.Sprintf("socket:[%d]", s.Inode)] = s.Inode
	}
	found := map[uint32][]Program{}
	if len(wanted) == 0 {
		return found
	}
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range processes {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		entries, _ := os.ReadDir(dir + "/fd")
		has := map[uint32]bool{}
		for _, e := range entries {
			link, _ := os.Readlink(dir + "/fd/" + e.Name())
			inode, ok := wanted[link]
			if !ok || has[inode] {
				continue
			}
			has[inode] = true
			name, _ := os.ReadFile(dir + "/comm")
			found[inode] = append(found[inode], Program{pid, strings.TrimSpace(string(name))})
		}
	}
	return found
}
