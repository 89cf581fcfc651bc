// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package vlogctl has the commands about logging that the control socket of each daemon of Open vSwitch has
// (ovs-appctl(8), "vlog/set"). They keep what they are told, and tell it; the fake logs to its logger all the same.
package vlogctl

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/ctlserver"
)

// The levels and the destinations of messages, by their numbers.
var (
	levels       = []string{"OFF", "EMER", "ERR", "WARN", "INFO", "DBG"}
	destinations = []string{"syslog", "console", "file"}
)

const (
	console = 1
	info    = 4
	debug   = 5
)

// facilities are those of syslog.
var facilities = strings.Fields(`kern user mail daemon auth syslog lpr news uucp clock ftp ntp audit alert clock2
	local0 local1 local2 local3 local4 local5 local6 local7`)

// module is a part of a daemon.
type module struct {
	levels    [3]uint8
	unlimited bool
}

// log is the settings of a daemon.
type log struct {
	names    []string
	modules  []module // in the order of names
	patterns [3]string
}

// Commands returns the commands for a daemon with modules of these names, in which nothing is logged to the console, and
// everything else that is not for debugging, as in a daemon that was started with --detach.
func Commands(modules []string) []ctlserver.Command {
	l := &log{names: modules, modules: make([]module, len(modules)), patterns: [3]string{
		"ovs|%05N|%c%T|%p|%m", "%D{%Y-%m-%dT%H:%M:%SZ}|%05N|%c%T|%p|%m", "%D{%Y-%m-%dT%H:%M:%S.###Z}|%05N|%c%T|%p|%m",
	}}
	for i := range l.modules {
		l.modules[i].levels = [3]uint8{info, info, info}
		l.modules[i].levels[console] = 0
	}
	done := func([]string) (string, error) { return "", nil }
	return []ctlserver.Command{
		{Name: "vlog/set", Usage: "{spec | PATTERN:destination:pattern}", Max: ctlserver.Any, Run: l.set},
		{Name: "vlog/list", Run: l.list},
		{Name: "vlog/list-pattern", Run: l.listPatterns},
		{Name: "vlog/enable-rate-limit", Usage: "[module]...", Max: ctlserver.Any, Run: l.limit(false)},
		{Name: "vlog/disable-rate-limit", Usage: "[module]...", Max: ctlserver.Any, Run: l.limit(true)},
		{Name: "vlog/reopen", Run: done},
		{Name: "vlog/close", Run: done},
	}
}

// index is where a list has a word, in whatever letters; -1 if it has not.
func index(list []string, word string) int {
	return slices.IndexFunc(list, func(s string) bool { return strings.EqualFold(s, word) })
}

func (l *log) set(args []string) (string, error) {
	if len(args) == 0 {
		args = []string{""}
	}
	for _, spec := range args {
		if err := l.setOne(spec); err != nil {
			return "", err
		}
	}
	return "", nil
}

// next takes the next word off a specification.
func next(s string) (word, rest string) {
	const separators = " ,:\t"
	s = strings.TrimLeft(s, separators)
	end := strings.IndexAny(s, separators)
	if end < 0 {
		return s, ""
	}
	return s[:end], s[end+1:]
}

func (l *log) setOne(spec string) error {
	word, rest := next(spec)
	switch {
	case strings.EqualFold(word, "PATTERN"):
		return l.setPattern(rest)
	case strings.EqualFold(word, "FACILITY"):
		if index(facilities, rest) < 0 {
			return errors.New("invalid facility")
		}
		return nil
	}
	name, level, destination := "", -1, -1
	for ; word != ""; word, rest = next(rest) {
		d, v, m := index(destinations, word), index(levels, word), l.module(word)
		switch {
		case strings.EqualFold(word, "ANY"):
		case d >= 0 && destination >= 0:
			return errors.New("cannot specify multiple destinations")
		case d >= 0:
			destination = d
		case v >= 0 && level >= 0:
			return errors.New("cannot specify multiple levels")
		case v >= 0:
			level = v
		case m == "":
			return fmt.Errorf("no destination, level, or module \"%s\"", word)
		case name != "":
			return errors.New("cannot specify multiple modules")
		default:
			name = m
		}
	}
	if level < 0 {
		level = debug
	}
	for i := range l.modules {
		for d := range destinations {
			if (name == "" || l.names[i] == name) && (destination < 0 || d == destination) {
				l.modules[i].levels[d] = uint8(level)
			}
		}
	}
	return nil
}

// module is a module by its name, in which "-" and "_" are the same; "" if there is none.
func (l *log) module(word string) string {
	if i := index(l.names, strings.ReplaceAll(word, "-", "_")); i >= 0 {
		return l.names[i]
	}
	return ""
}

func (l *log) setPattern(rest string) error {
	word, pattern := next(rest)
	d := index(destinations, word)
	switch {
	case word == "":
		return errors.New("missing destination")
	case d < 0 && !strings.EqualFold(word, "ANY"):
		return fmt.Errorf("unknown destination \"%s\"", word)
	}
	for i := range l.patterns {
		if d < 0 || i == d {
			l.patterns[i] = pattern
		}
	}
	return nil
}

func (l *log) list([]string) (string, error) {
	var b strings.Builder
	b.WriteString("                 console    syslog    file\n                 -------    ------    ------\n")
	for i, name := range l.names {
		m := l.modules[i]
		fmt.Fprintf(&b, "%-16s  %4s       %4s       %4s", name, levels[m.levels[1]], levels[m.levels[0]], levels[m.levels[2]])
		if m.unlimited {
			b.WriteString("    (rate limiting disabled)")
		}
		b.WriteByte('\n')
	}
	return b.String(), nil
}

func (l *log) listPatterns([]string) (string, error) {
	return fmt.Sprintf(`         prefix                            format
         ------                            ------
SYSLOG   <%%B> %%D{%%h %%e %%T} %%E %%A:          %s
CONSOLE  none                              %s
FILE     none                              %s
`, l.patterns[0], l.patterns[1], l.patterns[2]), nil
}

// limit is the Run of the commands that say which modules may log as often as they like.
func (l *log) limit(unlimited bool) func([]string) (string, error) {
	return func(args []string) (string, error) {
		if len(args) == 0 {
			args = []string{"ANY"}
		}
		for _, arg := range args {
			name := l.module(arg)
			if name == "" && !strings.EqualFold(arg, "ANY") {
				return "", errors.New("unknown module")
			}
			for i := range l.modules {
				if name == "" || l.names[i] == name {
					l.modules[i].unlimited = unlimited
				}
			}
		}
		return "", nil
	}
}
