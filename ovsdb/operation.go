// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/ovn-org/libovsdb/ovsdb"
)

// A Row maps column names to values, as the package comment describes them.
type Row map[string]any

// An Operation is one step of a transaction, RFC 7047 section 5.2.
type Operation struct {
	op        string
	table     string
	row       any // what columnsOf takes
	uuidName  string
	where     []Condition
	columns   []string
	mutations []Mutation
	wait      WaitOptions
	text      string // comment's text, assert's lock
	durable   bool
	raw       json.RawMessage
}

// Fields are columns of a row that is given as a struct with ovsdb tags, to be
// written whatever their value: zero and empty as well. They can be given to
// [Insert] and [Update] in place of a [Row].
func Fields(row any, columns ...string) any { return fieldsOf{row, columns} }

type fieldsOf struct {
	row     any
	columns []string
}

// Insert adds a row. The row is a [Row], [Fields], or a pointer to a struct
// with ovsdb tags of which the non-zero fields are sent. Columns not given have
// the schema's default: zero, empty, false.
func Insert(table string, row any) Operation {
	return Operation{op: ovsdb.OperationInsert, table: table, row: row}
}

// Named gives the row of an insert a name, by which other operations of the
// same transaction can refer to it wherever a UUID is expected. A name has the
// form of an identifier: a letter or underscore, then letters, digits and
// underscores.
func (o Operation) Named(name string) Operation {
	o.uuidName = name
	return o
}

// Update sets the given columns, and only these, in all rows that match. They
// are a [Row] or [Fields].
func Update(table string, row any, where ...Condition) Operation {
	return Operation{op: ovsdb.OperationUpdate, table: table, row: row, where: where}
}

// Mutate changes columns relative to their present value in all rows that
// match.
func Mutate(table string, mutations []Mutation, where ...Condition) Operation {
	return Operation{op: ovsdb.OperationMutate, table: table, mutations: mutations, where: where}
}

// Delete removes all rows that match: every row when there is no condition.
func Delete(table string, where ...Condition) Operation {
	return Operation{op: ovsdb.OperationDelete, table: table, where: where}
}

// Select reads the given columns, all if nil, of all rows that match.
func Select(table string, columns []string, where ...Condition) Operation {
	return Operation{op: ovsdb.OperationSelect, table: table, columns: columns, where: where}
}

// WaitOptions say what [Wait] waits for.
type WaitOptions struct {
	// Columns are compared; nil means all columns named in Rows.
	Columns []string
	// Rows is the expected content, in any order; none means "no row
	// matches".
	Rows []Row
	// Differ waits until the content differs from Rows instead of equals it.
	Differ bool
	// Timeout is how long the server may wait; 0 checks once, a negative
	// value waits without limit. It is rounded up to milliseconds.
	Timeout time.Duration
}

// Wait makes the transaction wait until the rows that match have the content
// described by o, and fail with [ErrTimedOut] when they do not in time.
func Wait(table string, o WaitOptions, where ...Condition) Operation {
	return Operation{op: ovsdb.OperationWait, table: table, wait: o, where: where}
}

// Comment adds a text to the database's log.
func Comment(text string) Operation {
	return Operation{op: ovsdb.OperationComment, text: text}
}

// Commit makes a durable transaction wait until it is on disk.
func Commit(durable bool) Operation {
	return Operation{op: ovsdb.OperationCommit, durable: durable}
}

// Abort makes the transaction fail with [ErrAborted]. It serves to try
// operations out.
func Abort() Operation {
	return Operation{op: ovsdb.OperationAbort}
}

// Assert makes the transaction fail with [ErrNotOwner] unless the connection
// owns the named lock.
func Assert(lock string) Operation {
	return Operation{op: ovsdb.OperationAssert, text: lock}
}

// operationRaw stands for the kind of an operation that only its author knows.
const operationRaw = "raw"

// Raw is an operation in JSON, for what this package has no function for, such
// as the extension of a newer server. It is sent as it is. Its result is
// [Result].Raw.
func Raw(operation json.RawMessage) Operation {
	return Operation{op: operationRaw, raw: operation}
}

// checkRaw checks what would break the message around it.
func (o Operation) checkRaw() error {
	s := scanner{data: o.raw}
	err := s.object(func(string) error { return s.skip() })
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return fmt.Errorf("not a JSON object: %w", err)
	}
	return nil
}

// A Function compares a column with a value, RFC 7047 section 5.1.
type Function = ovsdb.ConditionFunction

// The comparisons of conditions.
const (
	Equal          = ovsdb.ConditionEqual
	NotEqual       = ovsdb.ConditionNotEqual
	Less           = ovsdb.ConditionLessThan
	LessOrEqual    = ovsdb.ConditionLessThanOrEqual
	Greater        = ovsdb.ConditionGreaterThan
	GreaterOrEqual = ovsdb.ConditionGreaterThanOrEqual
	Includes       = ovsdb.ConditionIncludes
	Excludes       = ovsdb.ConditionExcludes
)

// A Condition selects rows by one column, RFC 7047 section 5.1. Several
// conditions must all hold.
type Condition struct {
	Column   string
	Function Function
	Value    any
}

// Where makes a condition.
func Where(column string, f Function, value any) Condition {
	return Condition{Column: column, Function: f, Value: value}
}

// ByUUID selects the row with a UUID, which may be the name of a row inserted
// in the same transaction.
func ByUUID(uuid string) Condition {
	return Where(columnUUID, Equal, uuid)
}

// A Mutator is a way to change a value, RFC 7047 section 5.1.
type Mutator = ovsdb.Mutator

// The mutators. Those of arithmetic work on integers and reals and on each
// element of a set of them; [InsertInto] and [DeleteFrom] on sets and maps.
const (
	Add        = ovsdb.MutateOperationAdd
	Subtract   = ovsdb.MutateOperationSubtract
	Multiply   = ovsdb.MutateOperationMultiply
	Divide     = ovsdb.MutateOperationDivide
	Modulo     = ovsdb.MutateOperationModulo
	InsertInto = ovsdb.MutateOperationInsert
	DeleteFrom = ovsdb.MutateOperationDelete
)

// A Mutation changes one column, RFC 7047 section 5.1.
type Mutation struct {
	Column  string
	Mutator Mutator
	Value   any
}

// Change makes a mutation. The value of [InsertInto] and [DeleteFrom] is an
// element or a slice of elements of the set, or a map for a map; DeleteFrom
// also takes a slice of keys of a map. InsertInto leaves keys that a map
// already has unchanged.
func Change(column string, m Mutator, value any) Mutation {
	return Mutation{Column: column, Mutator: m, Value: value}
}

// A Result is the outcome of one operation.
type Result struct {
	// Count is the number of rows updated, mutated or deleted.
	Count int
	// UUID is the inserted row's.
	UUID string
	// Rows are the selected ones, with their values as the package comment
	// describes them. [RowsAs] turns them into structs.
	Rows []Row
	// Raw is the whole result of a [Raw] operation, and set for no other.
	Raw json.RawMessage
}
