// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import "fmt"

// Error is an error as clients see it: RFC 7047, section 3.1, <error>, with ovsdb-server's "syntax" member.
type Error struct {
	Tag     string // what the RFC names the error, such as "constraint violation"
	Details string // for people
	Syntax  string // the JSON text that is in error, if any
}

func (e *Error) Error() string {
	s := e.Tag
	if e.Details != "" {
		s += ": " + e.Details
	}
	if e.Syntax != "" {
		s = fmt.Sprintf("syntax \"%s\": %s", e.Syntax, s)
	}
	return s
}

// appendJSON has the order of members that ovsdb-server's errors have.
func (e *Error) appendJSON(b []byte) []byte {
	b = append(b, '{')
	if e.Syntax != "" {
		b = append(appendString(append(b, `"syntax":`...), e.Syntax), ',')
	}
	if e.Details != "" {
		b = append(appendString(append(b, `"details":`...), e.Details), ',')
	}
	return append(appendString(append(b, `"error":`...), e.Tag), '}')
}

// The tags that more than one place uses.
const (
	tagSyntax     = "syntax error"
	tagConstraint = "constraint violation"
	tagIntegrity  = "referential integrity violation"
	tagUnknownCol = "unknown column"
	// tagBare is what ovsdb-server calls an error that has no name.
	tagBare = "ovsdb error"
)

func newError(tag, format string, args ...any) *Error {
	return &Error{Tag: tag, Details: fmt.Sprintf(format, args...)}
}

// syntaxError is an error about a piece of JSON.
func syntaxError(json any, format string, args ...any) *Error {
	return taggedSyntaxError(json, tagSyntax, format, args...)
}

func taggedSyntaxError(json any, tag, format string, args ...any) *Error {
	e := newError(tag, format, args...)
	e.Syntax = jsonText(json)
	return e
}
