// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package serverctl

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/ctlserver"
)

// Backup is what makes the server the backup of another one.
type Backup interface {
	// Start makes the databases copies of those of the active server at a remote, but for tables "DATABASE:TABLE", and
	// probes that after a time of silence. A copy that there is under way ends.
	Start(active string, excluded []string, probe time.Duration)
	// Stop makes the server an active one.
	Stop()
	// SetProbe changes the time after which the active server is probed; 0: never.
	SetProbe(after time.Duration)
	// Status says how far the copy is; false if the server is an active one.
	Status() (string, bool)
}

// replication is what the server is told about another one that it is to be the backup of: ovsdb-server(1), "Active-Backup
// Commands".
type replication struct {
	backup   Backup
	active   string   // remote of the other server
	excluded []string // tables that are not copied, as "DATABASE:TABLE"
	probe    time.Duration
}

// defaultProbe is that of an active server.
const defaultProbe = time.Minute

func (r *replication) commands() []ctlserver.Command {
	return []ctlserver.Command{
		{Name: "ovsdb-server/sync-status", Run: func([]string) (string, error) {
			status, ok := r.backup.Status()
			if !ok {
				return "state: active\n", nil
			}
			return "state: backup\n" + status, nil
		}},
		{Name: "ovsdb-server/get-active-ovsdb-server", Run: func([]string) (string, error) { return r.active, nil }},
		{Name: "ovsdb-server/set-active-ovsdb-server", Min: 1, Max: 1, Run: func(args []string) (string, error) {
			r.active = args[0]
			return "", nil
		}},
		{Name: "ovsdb-server/connect-active-ovsdb-server", Run: func([]string) (string, error) {
			if r.active == "" {
				return "Unable to connect: active server is not specified.\n", nil
			}
			r.start()
			return "", nil
		}},
		{Name: "ovsdb-server/disconnect-active-ovsdb-server", Run: func([]string) (string, error) {
			r.backup.Stop()
			return "", nil
		}},
		{Name: "ovsdb-server/set-active-ovsdb-server-probe-interval", Min: 1, Max: 1, Run: func(args []string) (string, error) {
			ms, err := strconv.ParseInt(args[0], 10, 32)
			if err != nil {
				return "Invalid probe interval, integer value expected", nil
			}
			r.probe = max(0, time.Duration(ms)*time.Millisecond)
			r.backup.SetProbe(r.probe)
			return "", nil
		}},
		{Name: "ovsdb-server/get-sync-exclude-tables", Run: func([]string) (string, error) {
			return strings.Join(r.excluded, ","), nil
		}},
		{Name: "ovsdb-server/set-sync-exclude-tables", Max: 1, Run: r.exclude},
	}
}

func (r *replication) start() { r.backup.Start(r.active, r.excluded, r.probe) }

// restart begins anew if the server is a backup.
func (r *replication) restart() {
	if _, ok := r.backup.Status(); ok {
		r.start()
	}
}

// exclude notes the tables, none without an argument (at which ovsdb-server 3.1 crashes), in order and each once. A
// database alone stands for a table without a name.
func (r *replication) exclude(args []string) (string, error) {
	r.excluded = nil
	if len(args) > 0 {
		words := strings.FieldsFunc(args[0], func(c rune) bool { return c == ' ' || c == ',' })
		for i, word := range words {
			if !strings.Contains(word, ":") {
				words[i] = word + ":"
			}
		}
		slices.Sort(words)
		r.excluded = slices.Compact(words)
	}
	r.restart()
	return "", nil
}
