// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package serverctl

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/ctlserver"
)

// replication is what the server is told about another one that it is to be the backup of: ovsdb-server(1), "Active-Backup
// Commands". It keeps that, but the fake is never the backup of another.
type replication struct {
	active   string // remote of the other server
	excluded string // tables that are not copied, as "DATABASE:TABLE,..."
}

func replicationCommands() []ctlserver.Command {
	r := &replication{}
	return []ctlserver.Command{
		{Name: "ovsdb-server/sync-status", Run: func([]string) (string, error) { return "state: active", nil }},
		{Name: "ovsdb-server/get-active-ovsdb-server", Run: func([]string) (string, error) { return r.active, nil }},
		{Name: "ovsdb-server/set-active-ovsdb-server", Min: 1, Max: 1, Run: func(args []string) (string, error) {
			r.active = args[0]
			return "", nil
		}},
		{Name: "ovsdb-server/connect-active-ovsdb-server", Run: func([]string) (string, error) {
			if r.active == "" {
				return "Unable to connect: active server is not specified.\n", nil
			}
			return "", errors.New("replication is not supported")
		}},
		{Name: "ovsdb-server/disconnect-active-ovsdb-server", Run: done},
		{Name: "ovsdb-server/set-active-ovsdb-server-probe-interval", Min: 1, Max: 1, Run: func(args []string) (string, error) {
			if _, err := strconv.ParseInt(args[0], 10, 32); err != nil {
				return "Invalid probe interval, integer value expected", nil
			}
			return "", nil
		}},
		{Name: "ovsdb-server/get-sync-exclude-tables", Run: func([]string) (string, error) { return r.excluded, nil }},
		{Name: "ovsdb-server/set-sync-exclude-tables", Max: 1, Run: r.exclude},
	}
}

// exclude notes the tables, none without an argument (at which ovsdb-server 3.1 crashes), in order and each once. A
// database alone stands for a table without a name.
func (r *replication) exclude(args []string) (string, error) {
	if len(args) == 0 {
		r.excluded = ""
		return "", nil
	}
	words := strings.FieldsFunc(args[0], func(c rune) bool { return c == ' ' || c == ',' })
	for i, word := range words {
		if !strings.Contains(word, ":") {
			words[i] = word + ":"
		}
	}
	slices.Sort(words)
	r.excluded = strings.Join(slices.Compact(words), ",")
	return "", nil
}
