// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"errors"
	"fmt"
)

// Errors of sessions.
var (
	// ErrClosed says that the session was ended by [Client.Close].
	ErrClosed = errors.New("session closed")
	// ErrProtocol says that the peer broke the protocol or does not speak it.
	ErrProtocol = errors.New("not valid OVSDB")
)

// Errors that a server names, RFC 7047 sections 4.1 and 5.2. They are matched
// by errors.Is against an [*OperationError] or a [*ServerError] of that name.
var (
	ErrAborted              = errors.New("aborted")
	ErrCanceled             = errors.New("canceled")
	ErrConstraintViolation  = errors.New("constraint violation")
	ErrDomainError          = errors.New("domain error")
	ErrDuplicateUUIDName    = errors.New("duplicate uuid-name")
	ErrIOError              = errors.New("I/O error")
	ErrNotOwner             = errors.New("not owner")
	ErrNotSupported         = errors.New("not supported")
	ErrRangeError           = errors.New("range error")
	ErrReferentialIntegrity = errors.New("referential integrity violation")
	ErrResourcesExhausted   = errors.New("resources exhausted")
	ErrTimedOut             = errors.New("timed out")
	ErrUnknownDatabase      = errors.New("unknown database")
	ErrUnknownMethod        = errors.New("unknown method")
)

// An OperationError is the server's refusal of one operation. Nothing of the
// transaction took effect.
type OperationError struct {
	// Index is the operation's place in the transaction, from 0. It equals
	// the number of operations when the transaction failed at commit, which
	// is where most constraints are checked.
	Index int
	// Op and Table are the operation's kind and table; Op is "commit" and
	// Table is empty when the transaction failed at commit.
	Op, Table string
	// Name is the error's name in RFC 7047, such as "constraint violation".
	Name string
	// Details is the server's explanation, possibly empty.
	Details string
}

func (e *OperationError) Error() string {
	what := e.Op
	if e.Table != "" {
		what += fmt.Sprintf(" in table %q", e.Table)
	}
	return fmt.Sprintf("operation %d (%s): %s", e.Index, what, nameAndDetails(e.Name, e.Details))
}

// Is reports whether target is the sentinel of the error's name.
func (e *OperationError) Is(target error) bool { return isNamed(e.Name, target) }

// A ServerError is the server's refusal of a whole request, given as a JSON
// string or as an object.
type ServerError struct {
	// Method is the request's method, such as "get_schema".
	Method string
	// Name is the error's name, such as "unknown database".
	Name string
	// Details is the server's explanation, possibly empty.
	Details string
}

func (e *ServerError) Error() string {
	return fmt.Sprintf("%s: server answered: %s", e.Method, nameAndDetails(e.Name, e.Details))
}

// Is reports whether target is the sentinel of the error's name.
func (e *ServerError) Is(target error) bool { return isNamed(e.Name, target) }

// An OutcomeUnknownError says that a transaction was sent, or may have been,
// and that its answer never came: it may or may not have taken effect.
type OutcomeUnknownError struct {
	// Err is why no answer came: the end of the session or of the context.
	Err error
}

func (e *OutcomeUnknownError) Error() string {
	return fmt.Sprintf("outcome of the transaction unknown: %v", e.Err)
}

func (e *OutcomeUnknownError) Unwrap() error { return e.Err }

// A SchemaError is an operation or a monitor that does not fit the database's
// schema. Nothing was sent.
type SchemaError struct {
	// Table and Column are what does not fit; Column is empty when the
	// table itself is unknown.
	Table, Column string
	// Problem says what is wrong.
	Problem string
}

func (e *SchemaError) Error() string {
	if e.Column == "" {
		return fmt.Sprintf("table %q: %s", e.Table, e.Problem)
	}
	return fmt.Sprintf("column %q of table %q: %s", e.Column, e.Table, e.Problem)
}

func nameAndDetails(name, details string) string {
	if details == "" {
		return name
	}
	return name + ": " + details
}

// isNamed reports whether target is the sentinel of a name given by a server.
func isNamed(name string, target error) bool {
	switch target {
	case ErrAborted, ErrCanceled, ErrConstraintViolation, ErrDomainError, ErrIOError, ErrNotOwner,
		ErrNotSupported, ErrRangeError, ErrReferentialIntegrity, ErrResourcesExhausted, ErrTimedOut,
		ErrUnknownDatabase, ErrUnknownMethod:
		return name == target.Error()
	case ErrDuplicateUUIDName:
		// RFC 7047 section 5.2.1 writes it with a space, Open vSwitch with a hyphen.
		return name == "duplicate uuid-name" || name == "duplicate uuid name"
	}
	return false
}
