// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/unixsock"
)

// Options are the options of New. The zero value is good.
type Options struct {
	// Logger gets what clients do wrong; nil discards it.
	Logger *slog.Logger
	// MaxMessage is the size in bytes of the largest message that is accepted; longer ones end the session, and such as
	// would take more than eight times that in memory. The default is 16 MiB.
	MaxMessage int
	// MaxClients is how many clients are served at once; more are cut off as they come. The default is 1024.
	MaxClients int
	// MaxBacklog is how many bytes may wait for a client to read them, and how many the results of a transaction may have; a
	// client that is slower is cut off. The default is 128 MiB.
	MaxBacklog int
	// MaxTotalBacklog is how many bytes may wait for all clients together; beyond that the client for which most waits is
	// cut off. The default is 512 MiB.
	MaxTotalBacklog int
	// MaxBuffered is how many bytes there may be room for in the buffers for messages of which more is to come; beyond that
	// the client with the largest is cut off. The default is 512 MiB.
	MaxBuffered int
	// MaxKept is about how many bytes what clients leave with the server may take together: monitors, claims to locks and
	// transactions that wait. More is refused. The default is 256 MiB.
	MaxKept int
}

// Server serves databases to OVSDB clients: RFC 7047 and the extensions of ovsdb-server(7).
type Server struct {
	options Options
	log     *slog.Logger
	now     func() time.Time
	id      string

	// large is held while a large message is parsed and handled. It is locked before mu.
	large sync.Mutex
	// mu guards all databases and sessions. It is never held across I/O with clients, only across that with files.
	mu        guard
	databases map[string]*Database
	sessions  map[*session]struct{}
	served    uint64                   // how many there ever were
	locks     map[string][]*lockWaiter // the first one owns the lock
	kept      int                      // bytes, as Options.MaxKept
	closed    bool
	// plainMonitors says that clients may ask for monitors of RFC 7047 only.
	plainMonitors bool
	readOnly      bool // clients write nothing: it is a backup

	// backupMu is held while the server begins or ends to be a backup. It is locked before mu.
	backupMu sync.Mutex
	backup   *backup // nil if it was none since the last StopBackup

	backlog  atomic.Int64 // bytes that wait for clients
	buffered atomic.Int64 // bytes, as Options.MaxBuffered

	goroutines sync.WaitGroup // of sessions and their outboxes
}

// New makes a server with the database _Server only.
func New(o Options) (*Server, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.MaxMessage == 0 {
		o.MaxMessage = 16 << 20
	}
	if o.MaxClients == 0 {
		o.MaxClients = 1024
	}
	if o.MaxBacklog == 0 {
		o.MaxBacklog = 128 << 20
	}
	if o.MaxTotalBacklog == 0 {
		o.MaxTotalBacklog = 512 << 20
	}
	if o.MaxBuffered == 0 {
		o.MaxBuffered = 512 << 20
	}
	if o.MaxKept == 0 {
		o.MaxKept = 256 << 20
	}
	s := &Server{
		options: o, log: o.Logger, now: time.Now, id: newUUID(),
		databases: map[string]*Database{}, sessions: map[*session]struct{}{}, locks: map[string][]*lockWaiter{},
	}
	schema, err := serverSchema()
	if err != nil {
		return nil, err
	}
	if _, err := s.AddDatabase(schema); err != nil {
		return nil, err
	}
	return s, nil
}

// Database is one database of a Server.
type Database struct {
	server   *Server
	schema   *Schema
	tables   map[string]*table
	monitors []*monitor // in the order of their creation
	watches  map[*Watch]struct{}
	waiting  []*waiting
	changed  bool // since what waits was last tried
	turn     turn
	file     *dbFile // nil if it is in memory only
}

// AddDatabase makes an empty database.
func (s *Server) AddDatabase(schema *Schema) (*Database, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addDatabase(schema)
}

func (s *Server) addDatabase(schema *Schema) (*Database, error) {
	if s.databases[schema.Name] != nil {
		return nil, fmt.Errorf("there is a database %s already", schema.Name)
	}
	db := &Database{server: s, schema: schema, tables: map[string]*table{}, watches: map[*Watch]struct{}{}}
	for name, t := range schema.tables {
		db.tables[name] = newTable(db, t)
	}
	s.databases[schema.Name] = db
	if err := s.describe(db); err != nil {
		return nil, err
	}
	return db, nil
}

// Serve accepts clients until the listener is closed.
func (s *Server) Serve(l net.Listener) error {
	if err := unixsock.Serve(l, s.ServeConn); err != nil {
		return fmt.Errorf("accept an OVSDB client: %w", err)
	}
	return nil
}

// ServeConn serves a client in the background until it hangs up or the server is closed.
func (s *Server) ServeConn(conn net.Conn) {
	s.serve(conn, nil, remoteSettings{})
}

// serve serves a client of a remote, or of none. It returns nil if the client is refused.
func (s *Server) serve(conn net.Conn, m *remote, settings remoteSettings) *session {
	c := newSession(s, conn)
	c.remote, c.readOnly, c.role = m, settings.readOnly, settings.role
	c.probe.Store(int64(settings.probe))
	s.mu.Lock()
	s.served++
	c.serial = s.served
	c.readOnly = c.readOnly || s.readOnly
	accepted := !s.closed && len(s.sessions) < s.options.MaxClients
	if accepted {
		s.sessions[c] = struct{}{}
		s.goroutines.Add(1)
	}
	closed := s.closed
	s.mu.Unlock()
	if !accepted {
		if !closed {
			s.log.Warn("OVSDB client refused: there are too many", "limit", s.options.MaxClients)
		}
		conn.Close()
		return nil
	}
	if m != nil {
		m.mu.Lock()
		m.sessions[c] = struct{}{}
		m.status.state, m.status.connected = stateActive, time.Now()
		m.mu.Unlock()
	}
	go func() {
		defer s.goroutines.Done()
		c.read()
	}()
	return c
}

// Close cuts all clients and returns when nothing runs for them any more. Listeners are their owner's to close.
func (s *Server) Close() error {
	s.StopBackup()
	s.mu.Lock()
	s.closed = true
	for _, db := range s.databases {
		for w := range db.watches {
			w.stop()
		}
	}
	s.mu.Unlock()
	s.Disconnect()
	return s.CloseFiles()
}

// CloseFiles closes the files of databases, so that others can use them. Until Restart, what is committed is not kept.
func (s *Server) CloseFiles() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, db := range s.databases {
		errs = append(errs, db.file.close())
	}
	return errors.Join(errs...)
}

// remove forgets a session that has ended.
func (s *Server) remove(c *session) {
	if c.remote != nil {
		defer c.remote.detach(c)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, c)
	for _, db := range s.databases {
		db.forgetSession(c)
		db.forgetMonitors(c)
	}
	c.unlockAll()
}

// databaseNames returns the names in the order of list_dbs. An ovsdb-server adds its own database last.
func (s *Server) databaseNames() []any {
	var names []string
	for name := range s.databases {
		if name != serverDatabase {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	names = append(names, serverDatabase)
	out := make([]any, len(names))
	for i, n := range hashOrder(names) {
		out[i] = n
	}
	return out
}
