// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"context"
	"errors"
	"fmt"
)

// Errors of clients and connections.
var (
	// ErrClosed says that the client was ended by [Client.Close].
	ErrClosed = errors.New("client closed")
	// ErrNotSent says that no server has received a request, so that it can be
	// made again. It is wrapped together with the reason.
	ErrNotSent = errors.New("request not sent")
	// ErrDisconnected says that there was no connection before the context
	// ended. It is wrapped together with the reason.
	ErrDisconnected = errors.New("not connected")
	// ErrInactive says that the server gave no sign of life.
	ErrInactive = errors.New("server is silent")
	// ErrProtocol says that the peer broke the protocol or does not speak it.
	ErrProtocol = errors.New("not valid OVSDB")
	// ErrMonitorClosed says that a monitor was ended by [Monitor.Close].
	ErrMonitorClosed = errors.New("monitor closed")
	// ErrWatchClosed says that a stream of updates was ended by [Watch.Close].
	ErrWatchClosed = errors.New("watch closed")
)

// Reasons why a server cannot be used although it answers. They end a
// connection, or an attempt to make one.
var (
	// ErrNotLeader says that the server is not the leader of the cluster, see
	// Options.LeaderOnly.
	ErrNotLeader = fmt.Errorf("%w: not the leader of its cluster", errUnfit)
	// ErrNoCluster says that the server has lost its cluster.
	ErrNoCluster = fmt.Errorf("%w: not connected to its cluster", errUnfit)
	// ErrStale says that the server is behind what the client has seen of the
	// database.
	ErrStale = fmt.Errorf("%w: behind another member of its cluster", errUnfit)

	errUnfit = errors.New("server cannot be used")
)

// Errors of locks.
var (
	// ErrLockHeld says that another client has the lock.
	ErrLockHeld = errors.New("lock is held by another client")
	// ErrLockInUse says that the same client has the lock or waits for it.
	ErrLockInUse = errors.New("lock is in use by this client")
	// ErrLockLost says that a lock was lost. A [*LockLostError] says why.
	ErrLockLost = errors.New("lock lost")
	// ErrStolen says that another client has stolen the lock.
	ErrStolen = errors.New("stolen by another client")
	// ErrUnlocked says that the lock was given back by [Lock.Unlock].
	ErrUnlocked = errors.New("unlocked")
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
	// is where most constraints are checked: then Op is "commit".
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
	// Err is why no answer came: the end of the connection or of the context.
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

// A LockLostError says that a lock, which every transaction of the client was to
// be protected by, was lost. Nothing of the transaction took effect. It matches
// [ErrLockLost].
type LockLostError struct {
	// Lock is the lock's name.
	Lock string
	// Err is why it was lost: [ErrStolen], the end of the connection, or
	// [ErrUnlocked] if the client has given it back since the transaction was
	// begun. [ErrNotOwner] is what a server says that has not told before.
	Err error
}

func (e *LockLostError) Error() string { return fmt.Sprintf("lock %q lost: %v", e.Lock, e.Err) }

func (e *LockLostError) Unwrap() error { return e.Err }

// Is reports whether target is ErrLockLost.
func (e *LockLostError) Is(target error) bool { return target == ErrLockLost }

// reason is why a context has ended, nil if it has not.
func reason(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if err == cause {
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
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
