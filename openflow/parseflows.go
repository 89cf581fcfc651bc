// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// ParseFlows reads a file such as ovs-ofctl(8) takes for add-flows with --bundle: a flow a line, which may begin with add,
// modify, modify_strict, delete or delete_strict and is added without. What follows a # is a comment, and lines of white
// space are left out. An error names the line, counted from 1, and wraps a *SyntaxError or what r returns.
func ParseFlows(r io.Reader, names *Names) ([]FlowMod, error) {
	var mods []FlowMod
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxText)
	n := 0
	for lines.Scan() {
		n++
		line, _, _ := strings.Cut(lines.Text(), "#")
		if strings.Trim(line, space) == "" {
			continue
		}
		m, err := parseLine(FlowAdd, line, names)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		mods = append(mods, m)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", n+1, err)
	}
	return mods, nil
}

// parseLine reads a line of a file, which may begin with a command.
func parseLine(command FlowCommand, line string, names *Names) (FlowMod, error) {
	p, err := whole(line)
	if err != nil {
		return FlowMod{}, err
	}
	rest := p
	word := rest.token(separators)
	for i, name := range flowCommandNames {
		if word.s == name {
			command, p = FlowCommand(i), rest
		}
	}
	f, err := parseFlow(command, p, names)
	return f.mod, within(line, err)
}
