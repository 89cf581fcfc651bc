// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ctlserver

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Command is what a daemon does when it is asked.
type Command struct {
	Name string
	// Usage are the arguments, in the words that list-commands prints.
	Usage string
	// Hidden keeps the command out of what list-commands prints.
	Hidden bool
	// Min and Max are how many arguments it takes.
	Min, Max int
	// Run answers with text, which gets a line's end if it has none, or with an error whose text is the answer.
	Run func(args []string) (string, error)
	// After, which may be nil, runs when an answer that is no error has been sent, and may close the server: on a goroutine
	// of its own, or before Call returns.
	After func(args []string)
}

// Any is a Max without a limit.
const Any = math.MaxInt

// standard are the commands that each daemon has.
func (s *Server) standard(version string) []Command {
	return []Command{
		{Name: "list-commands", Run: func([]string) (string, error) { return s.list(), nil }},
		{Name: "version", Run: func([]string) (string, error) { return version, nil }},
	}
}

func (s *Server) list() string {
	var b strings.Builder
	b.WriteString("The available commands are:\n")
	for _, c := range s.commands {
		if !c.Hidden {
			fmt.Fprintf(&b, "  %-23s %s\n", c.Name, c.Usage)
		}
	}
	return b.String()
}

// run carries out a command; after is what is to be done when the answer has been sent.
func (s *Server) run(name string, args []any) (text string, after func(), err error) {
	at, ok := slices.BinarySearchFunc(s.commands, name, func(c Command, name string) int { return strings.Compare(c.Name, name) })
	if !ok {
		return "", nil, fmt.Errorf("\"%s\" is not a valid command (use \"list-commands\" to see a list of valid commands)", name)
	}
	c := &s.commands[at]
	switch {
	case len(args) < c.Min:
		return "", nil, fmt.Errorf("\"%s\" command requires at least %d arguments", name, c.Min)
	case len(args) > c.Max:
		return "", nil, fmt.Errorf("\"%s\" command takes at most %d arguments", name, c.Max)
	}
	words := make([]string, len(args))
	for i, a := range args {
		word, ok := a.(string)
		if !ok {
			return "", nil, fmt.Errorf("\"%s\" command has non-string argument", name)
		}
		words[i] = word
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	text, err = c.Run(words)
	switch {
	case err != nil:
		return "", nil, err
	case c.After != nil:
		after = func() { c.After(words) }
	}
	return text, after, nil
}

// Call carries out a command as for a client.
func (s *Server) Call(name string, args ...string) (string, error) {
	list := make([]any, len(args))
	for i, a := range args {
		list[i] = a
	}
	text, after, err := s.run(name, list)
	if after != nil {
		after()
	}
	return lines(text), err
}

// Refusal is an answer that is an error, in the words of the program that is imitated.
type Refusal string

func (r Refusal) Error() string { return string(r) }
