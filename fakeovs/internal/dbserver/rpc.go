// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
)

// message is a JSON-RPC request or notification: RFC 7047, section 4, and JSON-RPC 1.0.
type message struct {
	method string
	params []any
	id     any // nil in a notification
	size   int // of its text in bytes
	memory int // that it takes, parsed
}

// parseMessage parses a message, which is an object and may take room bytes of memory. The answer to a probe is a
// notification of nothing.
func parseMessage(frame []byte, room int) (message, error) {
	var method, params, id, result, failure any
	var hasMethod, hasID, hasUnexpected bool
	unexpected := ""
	p := jsonParser{b: frame, i: 1, room: room - objectSize}
	err := p.members(0, func(name string, v any) {
		switch name {
		case "method":
			method, hasMethod = v, true
		case "params":
			params = v
		case "id":
			id, hasID = v, true
		case "result":
			result = v
		case "error":
			failure = v
		default:
			unexpected, hasUnexpected = name, true
		}
	})
	if err := p.end(err); err != nil {
		return message{}, fmt.Errorf("parse message: %w", err)
	}
	if hasUnexpected {
		return message{}, fmt.Errorf("message has an unexpected member %q", unexpected)
	}
	// Like ovsdb-server's, the answers to probes may be more than the probes were.
	if hasID && id == probeID && !hasMethod && params == nil && result != nil && failure == nil {
		return message{}, nil
	}
	name, ok := method.(string)
	if !ok {
		return message{}, fmt.Errorf("message is neither a request nor a notification")
	}
	list, ok := params.([]any)
	if !ok || result != nil || failure != nil {
		return message{}, fmt.Errorf("%q message is not well formed", name)
	}
	return message{name, list, id, len(frame), room - p.room}, nil
}

const (
	// expansion is how many times the size of the longest message a parsed one may take in memory. Ordinary requests
	// take some ten times their own size.
	expansion = 8
	// largeMessage is the size in bytes above which messages are handled one after the other, whoever sends them, so
	// that many clients do not take more memory than one.
	largeMessage = 64 << 10
)

// handle handles one message. An error ends the session.
func (s *session) handle(frame []byte) error {
	if len(frame) > largeMessage {
		s.server.large.Lock()
		defer s.server.large.Unlock()
	}
	m, err := parseMessage(frame, expansion*s.server.options.MaxMessage)
	if err != nil {
		return err
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if m.id == nil {
		if m.method == "cancel" && len(m.params) == 1 {
			for _, db := range s.server.databases {
				db.cancel(s, jsonText(m.params[0]))
			}
		}
		return nil
	}
	if m.method == "transact" {
		db, err := s.database(m)
		if err != nil {
			s.replyError(m.id, err)
			return nil
		}
		if db.isWaiting(s, m.id) {
			s.replyError(m.id, syntaxError(m.params, "transact: duplicate request ID"))
			return nil
		}
		db.transact(s, m)
		db.retryWaiting()
		return nil
	}
	if m.method == "convert" {
		return s.convertRequest(m)
	}
	result, e := s.request(m)
	if e != nil {
		s.replyError(m.id, e)
	} else {
		s.reply(m.id, result)
	}
	return nil
}

const unknownMethod = "unknown method"

// request answers all but transact and convert. The error is an *Error or a string.
func (s *session) request(m message) (result, err any) {
	either := func(result any, e *Error) (any, any) {
		if e != nil {
			return nil, e
		}
		return result, nil
	}
	switch m.method {
	case "echo":
		return m.params, nil
	case "list_dbs":
		return s.server.databaseNames(), nil
	case "get_schema":
		db, e := s.database(m)
		if e != nil {
			return nil, e
		}
		return db.schema.answer, nil
	case "get_server_id":
		return s.server.id, nil
	case "monitor", "monitor_cond", "monitor_cond_since":
		if s.server.plainMonitors && m.method != "monitor" {
			return nil, unknownMethod
		}
		return either(s.monitorRequest(m))
	case "monitor_cond_change":
		return either(s.monitorChangeRequest(m.params))
	case "monitor_cancel":
		return s.monitorCancelRequest(m.params)
	case "lock", "steal", "unlock":
		if s.readOnly {
			return nil, "lock and unlock methods not allowed, DB server is read only."
		}
		if m.method == "unlock" {
			return either(s.unlockRequest(m.params))
		}
		return either(s.lockRequest(m.method, m.params))
	case "set_db_change_aware":
		if len(m.params) == 1 {
			if aware, ok := m.params[0].(bool); ok {
				s.changeAware = aware
				return map[string]any{}, nil
			}
		}
		return nil, syntaxError(m.params, "%s: true or false parameter expected", m.method)
	default:
		return nil, unknownMethod
	}
}

// database returns the database that the first parameter names.
func (s *session) database(m message) (*Database, *Error) {
	if len(m.params) == 0 {
		return nil, syntaxError(m.params, "%s request params must begin with <db-name>", m.method)
	}
	name, ok := m.params[0].(string)
	if !ok {
		return nil, syntaxError(m.params, "%s request params must begin with <db-name>", m.method)
	}
	db := s.server.databases[name]
	if db == nil {
		return nil, taggedSyntaxError(m.params, "unknown database", "%s request specifies unknown database %s", m.method, name)
	}
	return db, nil
}
