// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ctlserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"

	"github.com/ovskit/ovskit/fakeovs/internal/unixsock"
)

const (
	// maxRequest is how many bytes a request may have; a longer one ends the connection.
	maxRequest = 1 << 20
	// maxConns is how many clients are served at once; more are cut off as they come.
	maxConns = 2048
)

// Server answers the clients of control sockets.
type Server struct {
	log      *slog.Logger
	commands []Command  // by name
	turn     sync.Mutex // held while a command runs

	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	closed bool

	goroutines sync.WaitGroup
}

// New makes a server with commands, of which no two have the same name, besides list-commands and version. The version
// is the text that the latter answers, such as "ovs-vswitchd (Open vSwitch) 3.1.0". A nil logger discards what clients do
// wrong.
func New(version string, log *slog.Logger, commands ...Command) *Server {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Server{log: log, conns: map[net.Conn]struct{}{}}
	s.commands = slices.Concat(s.standard(version), commands)
	slices.SortFunc(s.commands, func(a, b Command) int { return strings.Compare(a.Name, b.Name) })
	for i := range s.commands[1:] {
		if name := s.commands[i].Name; name == s.commands[i+1].Name {
			panic("ctlserver: two commands " + name)
		}
	}
	return s
}

// Serve accepts clients until the listener is closed, and returns nil then.
func (s *Server) Serve(l net.Listener) error {
	if err := unixsock.Serve(l, s.ServeConn); err != nil {
		return fmt.Errorf("accept a client of the control socket: %w", err)
	}
	return nil
}

// ServeConn serves a client in the background until it hangs up or the server is closed.
func (s *Server) ServeConn(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.conns) == maxConns {
		if !s.closed {
			s.log.Warn("client of the control socket refused: there are too many", "limit", maxConns)
		}
		conn.Close()
		return
	}
	s.conns[conn] = struct{}{}
	s.goroutines.Add(1)
	go func() {
		defer s.goroutines.Done()
		if err := s.serve(conn); err != nil && !errors.Is(err, net.ErrClosed) {
			s.log.Warn("client of the control socket cut off", "error", err)
		}
		conn.Close()
		s.mu.Lock()
		delete(s.conns, conn)
		s.mu.Unlock()
	}()
}

// Close cuts the clients, and returns when no command runs any more but what Command.After is for. Listeners are their
// owner's to close.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	for conn := range s.conns {
		conn.Close()
	}
	s.mu.Unlock()
	s.goroutines.Wait()
}

// serve answers the requests of a connection, one after the other.
func (s *Server) serve(conn net.Conn) error {
	limited := &io.LimitedReader{R: conn}
	d := json.NewDecoder(limited)
	for {
		// What the decoder has read ahead is at most a request, too.
		limited.N = maxRequest
		var members map[string]json.RawMessage
		err := d.Decode(&members)
		switch {
		case errors.Is(err, io.EOF) && limited.N > 0:
			return nil
		case err != nil && limited.N == 0:
			return fmt.Errorf("request of more than %d bytes", maxRequest)
		case err != nil:
			return err
		}
		r, err := parseRequest(members)
		if err != nil {
			return err
		}
		text, after, err := s.run(r.method, r.params)
		if err := json.NewEncoder(conn).Encode(answer(r.id, text, err)); err != nil {
			return err
		}
		if after != nil {
			go after()
		}
	}
}

// request is a JSON-RPC 1.0 request.
type request struct {
	id     json.RawMessage
	method string
	params []any
}

// parseRequest takes a request, and nothing else that JSON-RPC knows.
func parseRequest(members map[string]json.RawMessage) (*request, error) {
	r := &request{}
	for name, text := range members {
		null := string(text) == "null"
		var err error
		switch name {
		case "method":
			err = json.Unmarshal(text, &r.method)
			if null {
				err = errors.New("it is not a string")
			}
		case "params":
			err = json.Unmarshal(text, &r.params)
		case "id":
			if !null {
				r.id = text
			}
		case "result", "error":
			if !null {
				err = errors.New("a request has none")
			}
		default:
			err = errors.New("there is no such member")
		}
		if err != nil {
			return nil, fmt.Errorf("bad request: member %q: %w", name, err)
		}
	}
	switch {
	case r.id == nil:
		return nil, errors.New("bad request: it has no id")
	case members["method"] == nil:
		return nil, errors.New("bad request: it has no method")
	case r.params == nil:
		return nil, errors.New("bad request: it has no params")
	}
	return r, nil
}

// answer is the reply to a request.
func answer(id json.RawMessage, text string, err error) map[string]any {
	if err != nil {
		text = err.Error()
	}
	text = lines(text)
	reply := map[string]any{"id": id, "result": nil, "error": nil}
	if err != nil {
		reply["error"] = text
	} else {
		reply["result"] = text
	}
	return reply
}

// lines is text with a line's end at its end, unless it is empty.
func lines(text string) string {
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text
}
