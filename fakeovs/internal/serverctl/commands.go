// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package serverctl has the commands of the fake's ovsdb-server: what ovs-appctl(8) asks of it by its control socket, with
// the answers of ovsdb-server 3.1 that serves databases of its own. There are no clusters.
package serverctl

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/ctlserver"
	"github.com/ovskit/ovskit/fakeovs/internal/vlogctl"
)

// Target is what the commands act on.
type Target struct {
	// Databases has the columns of the tables of each database, _Server included.
	Databases func() map[string]map[string][]string
	// Remotes are where clients are taken, as targets.
	Remotes func() []string
	// AddRemote takes clients at a target, or says why it cannot; one that there is already is no error.
	AddRemote func(target string) error
	// RemoveRemote takes clients there no longer; false if there is no such remote.
	RemoveRemote func(target string) bool
	// Reconnect cuts all clients.
	Reconnect func()
	// DisableMonitorCond cuts them too, and takes no monitors with conditions any more.
	DisableMonitorCond func()
	// AddDatabase adds the database in a file, or says in the words of ovsdb-server why it cannot. RemoveDatabase takes one
	// away by name.
	AddDatabase    func(file string) error
	RemoveDatabase func(name string) error
	// Usage is how many of what there are in memory.
	Usage func() map[string]int
	// Compact makes the file of a database as short as it can be.
	Compact func(database string) error
	// Backup makes the server the backup of another.
	Backup Backup
	// Exit ends the server. It is called when its caller has been answered.
	Exit func()
}

// Version is what the command version answers.
const Version = "ovsdb-server (Open vSwitch) 3.1.0"

// Commands returns the commands of a server. Each call has settings of its own.
func Commands(t Target) []ctlserver.Command {
	logged := &tableLog{t: t, on: map[string]bool{}}
	r := &replication{backup: t.Backup, probe: defaultProbe}
	commands := []ctlserver.Command{
		{
			Name: "exit", Run: done,
			After: func([]string) { t.Exit() },
		},
		{Name: "ovsdb-server/list-dbs", Run: func([]string) (string, error) {
			return list(slices.Collect(maps.Keys(t.Databases()))), nil
		}},
		{Name: "ovsdb-server/add-db", Usage: "DB", Min: 1, Max: 1, Run: func(args []string) (string, error) {
			defer r.restart() // to copy that one too
			return "", t.AddDatabase(args[0])
		}},
		{Name: "ovsdb-server/remove-db", Usage: "DB", Min: 1, Max: 1, Run: func(args []string) (string, error) {
			defer r.restart()
			return t.removeDatabase(args)
		}},
		{Name: "ovsdb-server/list-remotes", Run: func([]string) (string, error) { return list(t.Remotes()), nil }},
		{Name: "ovsdb-server/add-remote", Usage: "REMOTE", Min: 1, Max: 1, Run: t.addRemote},
		{Name: "ovsdb-server/remove-remote", Usage: "REMOTE", Min: 1, Max: 1, Run: func(args []string) (string, error) {
			if !t.RemoveRemote(args[0]) {
				return "", errors.New("no such remote")
			}
			return "", nil
		}},
		{Name: "ovsdb-server/reconnect", Run: done, After: func([]string) { t.Reconnect() }},
		{Name: "ovsdb-server/disable-monitor-cond", Run: done, After: func([]string) { t.DisableMonitorCond() }},
		{Name: "ovsdb-server/compact", Max: 1, Run: t.compact},
		{Name: "ovsdb-server/memory-trim-on-compaction", Usage: "on|off", Min: 1, Max: 1, Run: func(args []string) (string, error) {
			if args[0] != "on" && args[0] != "off" {
				return "", errors.New("invalid argument")
			}
			return "", nil
		}},
		{Name: "ovsdb-server/perf-counters-show", Run: func([]string) (string, error) {
			return "performance counter is not supported on this platform", nil
		}},
		{Name: "ovsdb-server/perf-counters-clear", Run: done},
		{Name: "ovsdb-server/get-db-storage-status", Usage: "DB", Min: 1, Max: 1, Run: t.storage},
		{Name: "ovsdb-server/tlog-set", Usage: "DB:TABLE on|off", Min: 2, Max: 2, Run: logged.set},
		{Name: "ovsdb-server/tlog-list", Run: logged.list},
		{Name: "memory/show", Run: t.memory},
		{Name: "coverage/show", Run: func([]string) (string, error) {
			return "Event coverage, avg rate over last: 5 seconds, last minute, last hour,  hash=00000000:\n0 events never hit\n", nil
		}},
		{Name: "coverage/read-counter", Usage: "COUNTER", Min: 1, Max: 1, Run: func([]string) (string, error) {
			return "", ctlserver.Refusal("No such counter")
		}},
	}
	commands = append(commands, r.commands()...)
	return append(commands, vlogctl.Commands(serverModules)...)
}

func done([]string) (string, error) { return "", nil }

// list is words by name, one on a line.
func list(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return strings.Join(slices.Sorted(slices.Values(words)), "\n") + "\n"
}

// addRemote adds a remote. One that names a column must name one that there is.
func (t Target) addRemote(args []string) (string, error) {
	if name, ok := strings.CutPrefix(args[0], "db:"); ok {
		words := strings.FieldsFunc(name, func(r rune) bool { return r == ',' })
		if len(words) < 3 {
			return "", fmt.Errorf("\"%s\": invalid syntax", args[0])
		}
		tables, ok := t.Databases()[words[0]]
		if !ok {
			return "", fmt.Errorf("\"%s\": no database named %s", args[0], words[0])
		}
		columns, ok := tables[words[1]]
		if !ok {
			return "", fmt.Errorf("\"%s\": no table named %s", args[0], words[1])
		}
		if !slices.Contains(columns, words[2]) {
			return "", fmt.Errorf("\"%s\": table \"%s\" has no column \"%s\"", args[0], words[1], words[2])
		}
	}
	return "", t.AddRemote(args[0])
}

// removeDatabase takes a database away unless it is the server's own.
func (t Target) removeDatabase(args []string) (string, error) {
	if _, ok := t.Databases()[args[0]]; !ok {
		return "", ctlserver.Refusal("Failed to find the database.")
	}
	if strings.HasPrefix(args[0], "_") {
		return "", ctlserver.Refusal("Cannot remove reserved database.")
	}
	return "", t.RemoveDatabase(args[0])
}

// compact compacts a database, or all.
func (t Target) compact(args []string) (string, error) {
	if len(args) > 0 && strings.HasPrefix(args[0], "_") {
		return "", errors.New("cannot compact built-in databases")
	}
	found := false
	for _, name := range slices.Sorted(maps.Keys(t.Databases())) {
		if strings.HasPrefix(name, "_") || len(args) > 0 && args[0] != name {
			continue
		}
		found = true
		if err := t.Compact(name); err != nil {
			return "", err
		}
	}
	if !found {
		return "", errors.New("no database by that name")
	}
	return "", nil
}

// memory prints the usage by name.
func (t Target) memory([]string) (string, error) {
	usage := t.Usage()
	var words []string
	for _, what := range slices.Sorted(maps.Keys(usage)) {
		words = append(words, fmt.Sprintf("%s:%d", what, usage[what]))
	}
	return strings.Join(words, " "), nil
}

func (t Target) storage(args []string) (string, error) {
	if _, ok := t.Databases()[args[0]]; !ok {
		return "", ctlserver.Refusal("Failed to find the database.")
	}
	return "status: ok", nil
}

// tableLog says whose changes are logged. The fake keeps it and tells it, but logs none of them.
type tableLog struct {
	t  Target
	on map[string]bool // by "DATABASE:TABLE"
}

func (l *tableLog) set(args []string) (string, error) {
	on := strings.EqualFold(args[1], "on")
	words := strings.FieldsFunc(args[0], func(r rune) bool { return r == ':' })
	switch {
	case !on && !strings.EqualFold(args[1], "off"):
		return "", errors.New("invalid command argument")
	case len(words) != 2:
		return "", errors.New("invalid DB:TABLE argument")
	}
	tables, ok := l.t.Databases()[words[0]]
	if !ok {
		return "", errors.New("no such database")
	}
	if _, ok := tables[words[1]]; !ok {
		return "", errors.New("no such table")
	}
	l.on[args[0]] = on
	return "", nil
}

func (l *tableLog) list([]string) (string, error) {
	var b strings.Builder
	b.WriteString("database        table                       logging\n--------        -----                       -------\n")
	databases := l.t.Databases()
	for _, db := range slices.Sorted(maps.Keys(databases)) {
		fmt.Fprintf(&b, "%-16s \n", db)
		for _, table := range slices.Sorted(maps.Keys(databases[db])) {
			state := "OFF"
			if l.on[db+":"+table] {
				state = "ON"
			}
			fmt.Fprintf(&b, "                %-27s %s\n", table, state)
		}
	}
	return b.String(), nil
}
