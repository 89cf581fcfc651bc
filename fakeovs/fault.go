// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs

import (
	"time"

	"github.com/ovskit/ovskit/openflow"
)

// Fault is something that goes wrong with messages of clients: of those that it selects, it lets some pass and does
// something to the next ones. It counts messages and never looks at the time, so that each run of a test is the same.
type Fault struct {
	// Bridge is whose OpenFlow connections it is about; "" are those of the database.
	Bridge string
	// FromServer selects what the fake sends; without it what clients send is selected.
	FromServer bool
	// Method is the method of JSON-RPC messages, such as "transact" or "update3"; "" selects all, replies too.
	Method string
	// Type is the type of OpenFlow messages as their headers have it, such as 14 for a flow mod of version 1.3; nil
	// selects all.
	Type *uint8
	// Match selects further, by the message as it is on the wire, which it must not change or keep; nil selects all.
	// It is called while nothing else is sent or received on the connection.
	Match func(message []byte) bool
	// Skip is how many of the selected messages pass first, counted over all connections.
	Skip int
	// Times is how many are concerned then; 0 are all.
	Times int
	// Do is what happens to them.
	Do Action
}

// Action is what a Fault does to a message.
type Action interface{ isAction() }

// The actions.
type (
	// Drop loses the message.
	Drop struct{}

	// Hold stops the connection's direction before the message until the Injected is released: the message and all that
	// follow it wait. Of what clients send, this is a server that does not read.
	Hold struct{}

	// Delay is Hold for a time by the fake's clock.
	Delay struct{ For time.Duration }

	// Overtake keeps the message back until the Injected is released, while those after it go on their way: replies of
	// requests that have nothing to do with each other, and notifications of different monitors, may come in any order.
	Overtake struct{}

	// Cut ends the connection, after so many bytes of the message.
	Cut struct{ After int }

	// Refuse answers a transaction of the database, in the place of the server, with an error of its first operation (RFC
	// 7047, section 4.1.3), such as "constraint violation". Other messages pass.
	Refuse struct{ Error, Details string }

	// Answer answers an OpenFlow message, in the place of the switch, with an error. Messages from the switch pass.
	Answer struct{ Code openflow.ErrorCode }
)

func (Drop) isAction()     {}
func (Hold) isAction()     {}
func (Delay) isAction()    {}
func (Overtake) isAction() {}
func (Cut) isAction()      {}
func (Refuse) isAction()   {}
func (Answer) isAction()   {}
