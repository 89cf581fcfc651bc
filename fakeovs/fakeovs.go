// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs

import (
	"crypto/tls"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/ovskit/ovskit/fakeovs/internal/clock"
	"github.com/ovskit/ovskit/fakeovs/internal/dbserver"
	"github.com/ovskit/ovskit/fakeovs/internal/serverctl"
	"github.com/ovskit/ovskit/fakeovs/internal/switchctl"
	"github.com/ovskit/ovskit/fakeovs/internal/unixsock"
	"github.com/ovskit/ovskit/fakeovs/internal/vswitchd"
)

// TB is what New and Injection.Expect need of a test; *testing.T, *testing.B and *testing.F have it.
type TB interface {
	Helper()
	Cleanup(func())
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Options says how to start a fake. The zero value is good.
type Options struct {
	// Dir is the directory of the sockets and pid files, which must exist. Paths of unix sockets end at 107 bytes; keep it
	// short. The default is a new directory under os.TempDir, removed by Close.
	Dir string
	// InMemory makes a fake without any file: its clients connect by OVS.Dial.
	InMemory bool
	// DatabaseFile is the file of the first database, in the format of ovsdb-server: every transaction is in it before its
	// client is answered, and "commit" operations wait for the disk if they want. A file that exists is opened, with its
	// schema and its content, as by ovsdb-server(1): that may be any version of the first of Schemas, or without Schemas
	// any schema at all. Otherwise it is created, as by ovsdb-tool(1), with the first of Schemas, or with
	// OpenVSwitchSchema. While the fake's database runs, the file is locked: other programs of Open vSwitch only read it.
	// The default is a database in memory.
	DatabaseFile string
	// Schemas are those of the databases, in JSON as RFC 7047 section 3.2 defines. The default is OpenVSwitchSchema, or what
	// DatabaseFile has. Without a database Open_vSwitch there is no switch, and nobody but clients writes to the others.
	Schemas [][]byte
	// Databases are the files of further databases, of any schema, as DatabaseFile is that of the first. They must
	// exist; ovsdb-tool(1) creates them.
	Databases []string
	// Initialize inserts the row of table Open_vSwitch, as ovs-vsctl(8) does with "init". Without it the database begins
	// empty, as a new one of ovsdb-server does, and the switch waits for the row.
	Initialize bool
	// Remotes are where the database has clients from besides DatabaseEndpoint, as by the option --remote of
	// ovsdb-server(1): "punix:PATH", "ptcp:[PORT][:HOST]" and "pssl:[PORT][:HOST]", where port 0 is one that is free;
	// "unix:PATH", "tcp:HOST[:PORT]" and "ssl:HOST[:PORT]", to which the database connects and connects again; and
	// "db:Open_vSwitch,Open_vSwitch,manager_options" for those that table Manager has, which is told how they are. The
	// default is none: managers are not connected to. See OVS.RemoteEndpoint.
	Remotes []string
	// TLS is for "pssl:" and "ssl:" remotes: its Certificates are what the fake shows of itself, its ClientCAs are the
	// authorities that clients must have a certificate of, by default its RootCAs, which are those of the servers that
	// the fake connects to. TLSFiles of package ovsdb makes one out of PEM files. If it is nil, TLSFiles is used.
	TLS *tls.Config
	// TLSFiles is as TLS, in files that are read for each connection. If it is empty too, managers use the files that table
	// SSL names.
	TLSFiles TLSFiles
	// NoSwitch leaves the switch out until RestartSwitch: nobody acts on what clients write to the database, as with an
	// ovsdb-server whose ovs-vswitchd does not run.
	NoSwitch bool
	// Clock is the time of the fake. The default follows that of the machine.
	Clock *Clock
	// Logger gets the fake's log; nil discards it.
	Logger *slog.Logger
}

// SchemaError is a schema in Options that cannot be served.
type SchemaError struct {
	// Index is the schema's place in Options.Schemas, from 0.
	Index int
	// Err says what is wrong: the JSON, the schema, or that there is a database of the name already.
	Err error
}

func (e *SchemaError) Error() string { return fmt.Sprintf("schema %d: %v", e.Index, e.Err) }

func (e *SchemaError) Unwrap() error { return e.Err }

// OVS is a running fake Open vSwitch. Its methods may be called from any goroutine.
type OVS struct {
	dir       string // one that there is not if in memory
	ownsDir   bool
	inMemory  bool
	log       *slog.Logger
	host      *host
	clock     *clock.Clock
	ownsClock bool
	server    *dbserver.Server
	ended     chan struct{} // closed when the database is not served any more for good

	mu     sync.Mutex // held while the switch or the database starts or stops
	closed bool
	exited bool // ended is closed
	// The control sockets of those that run; nil of those that do not.
	switchControl, databaseControl *control
	socket                         net.Listener      // of the database
	served                         chan struct{}     // closed when nobody accepts at the socket any more
	failed                         error             // why nobody does if it was not closed; valid once served is closed
	disk                           *dbserver.Content // what is left of the database while it is killed, else nil
	// restored says that disk was saved earlier, and is to be put in the place of the file, if there is one.
	restored bool
	// targets are Options.Remotes, with the ports that were chosen.
	targets   []string
	endpoints []string // of targets, for clients
	tls       *tls.Config
	tlsFiles  TLSFiles
	remotes   *dbserver.Remotes

	faultsMu sync.Mutex
	faults   *Faults // nil if nobody wants any
}

//go:embed data/vswitch.ovsschema
var schemaText []byte

// ownSchema parses the schema of Open_vSwitch once for all fakes, which do not change it.
var ownSchema = sync.OnceValues(func() (*dbserver.Schema, error) { return dbserver.ParseSchema(schemaText) })

// OpenVSwitchSchema returns the schema of Open_vSwitch, version 8.3.1, for Options.Schemas.
func OpenVSwitchSchema() []byte { return slices.Clone(schemaText) }

// New starts a fake that ends with the test.
func New(t TB) *OVS {
	t.Helper()
	return NewWith(t, Options{})
}

// NewWith is New with options.
func NewWith(t TB, opts Options) *OVS {
	t.Helper()
	o, err := Start(opts)
	if err != nil {
		t.Fatalf("start the fake Open vSwitch: %v", err)
		return nil
	}
	t.Cleanup(func() {
		if err := o.Close(); err != nil {
			t.Errorf("close the fake Open vSwitch: %v", err)
		}
	})
	return o
}

// Start starts a fake. The caller must Close it. A bad schema is a *SchemaError.
func Start(opts Options) (*OVS, error) {
	o, err := listen(opts)
	if err != nil {
		return nil, err
	}
	if err := o.run(!opts.NoSwitch); err != nil {
		return nil, errors.Join(err, o.Close())
	}
	return o, nil
}

// listen makes a fake that has its socket, but where nothing runs yet.
func listen(opts Options) (*OVS, error) {
	o := &OVS{
		log: opts.Logger, host: newHost(), ended: make(chan struct{}), targets: slices.Clone(opts.Remotes), tls: opts.TLS,
		tlsFiles: opts.TLSFiles,
	}
	if opts.Clock != nil {
		o.clock = opts.Clock.c
	} else {
		o.clock, o.ownsClock = clock.New(), true
	}
	if o.log == nil {
		o.log = slog.New(slog.DiscardHandler)
	}
	if err := o.openDatabases(&opts); err != nil {
		return nil, errors.Join(err, o.closeServer())
	}
	if err := o.openDir(&opts); err != nil {
		return nil, errors.Join(err, o.closeServer())
	}
	socket, err := o.listen(databaseSocket)
	if err != nil {
		return nil, errors.Join(err, o.closeServer(), o.removeDir())
	}
	if err := o.openRemotes(); err != nil {
		return nil, errors.Join(err, socket.Close(), o.closeServer(), o.removeDir())
	}
	o.socket = unixsock.Patient(socket, o.log)
	return o, nil
}

// openDir makes the place for the sockets, or looks whether it is there.
func (o *OVS) openDir(opts *Options) error {
	switch {
	case opts.InMemory:
		o.inMemory, o.dir = true, memoryDir
		return nil
	case opts.Dir != "":
		o.dir = opts.Dir
		if info, err := os.Stat(o.dir); err != nil {
			return fmt.Errorf("directory of the sockets: %w", err)
		} else if !info.IsDir() {
			return fmt.Errorf("directory of the sockets: %s is none", o.dir)
		}
		return nil
	}
	dir, err := os.MkdirTemp("", "ovs")
	if err != nil {
		return fmt.Errorf("make a directory for the sockets: %w", err)
	}
	o.dir, o.ownsDir = dir, true
	return nil
}

func (o *OVS) run(withSwitch bool) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	var err error
	o.databaseControl, err = o.openControl(databaseProgram, serverctl.Version, o.databaseCommands())
	if err == nil && withSwitch {
		err = o.startSwitch()
	}
	o.served = make(chan struct{})
	go o.serve(o.socket)
	return err
}

func (o *OVS) openDatabases(opts *Options) (err error) {
	if o.server, err = dbserver.New(dbserver.Options{Logger: o.log}); err != nil {
		return err
	}
	file := opts.DatabaseFile
	if opts.Schemas == nil {
		if err := o.openOwnDatabase(file); err != nil {
			return err
		}
	}
	for i, text := range opts.Schemas {
		schema, err := dbserver.ParseSchema(text)
		if err == nil {
			_, err = o.openDatabase(schema, file)
		}
		if err != nil {
			return &SchemaError{Index: i, Err: err}
		}
		file = ""
	}
	for _, file := range opts.Databases {
		if _, err := o.server.AddDatabaseFile(file, nil); err != nil {
			return err
		}
	}
	if db := o.switchDB(); db != nil && opts.Initialize {
		return initialize(db)
	}
	return nil
}

// switchDatabase is the name of the database that the switch follows.
const switchDatabase = "Open_vSwitch"

// switchDB is that database; nil if the fake has none, or none any more.
func (o *OVS) switchDB() *dbserver.Database { return o.server.Database(switchDatabase) }

// initialize inserts the row of table Open_vSwitch, unless there is one.
func initialize(db *dbserver.Database) error {
	if len(db.Snapshot(switchDatabase).Rows(switchDatabase)) > 0 {
		return nil
	}
	return db.Update(func(tx *dbserver.Tx) error { return tx.Insert(switchDatabase, nil) })
}

func (o *OVS) openDatabase(schema *dbserver.Schema, file string) (*dbserver.Database, error) {
	if file == "" {
		return o.server.AddDatabase(schema)
	}
	return o.server.AddDatabaseFile(file, schema)
}

// openOwnDatabase opens the database that there is without Options.Schemas: what the file has, else one Open_vSwitch.
func (o *OVS) openOwnDatabase(file string) error {
	if file != "" {
		if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
			_, err := o.server.AddDatabaseFile(file, nil)
			return err
		}
	}
	schema, err := ownSchema()
	if err == nil {
		_, err = o.openDatabase(schema, file)
	}
	return err
}

// closeServer closes what openDatabases opened.
func (o *OVS) closeServer() error {
	if o.server == nil {
		return nil
	}
	return o.server.Close()
}

// Close stops the fake, cuts its clients and removes its sockets. It returns when nothing of it runs any more. Closing
// again does nothing.
func (o *OVS) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return nil
	}
	o.closed = true
	if o.ownsClock {
		o.clock.Close() // so that a command that moves it far ahead comes to its end
	}
	err := o.stopSwitch()
	o.killDatabase()
	if o.failed == nil && !o.exited {
		close(o.ended)
	}
	o.usedFaults().close()
	return errors.Join(o.failed, err, o.server.Close(), o.removeDir())
}

// Done is closed when the fake takes no clients of its database any more and never will: Close was called, the database was
// told to exit by the command of that name, or its socket has failed, which Close then returns.
func (o *OVS) Done() <-chan struct{} { return o.ended }

func (o *OVS) removeDir() error {
	if !o.ownsDir {
		return nil
	}
	return os.RemoveAll(o.dir)
}

// Dir returns the directory of the sockets; "" if the fake is in memory.
func (o *OVS) Dir() string {
	if o.inMemory {
		return ""
	}
	return o.dir
}

// DatabaseEndpoint returns where the OVSDB server listens, "unix:DIR/db.sock". If the fake is in memory it is for OVS.Dial
// alone.
func (o *OVS) DatabaseEndpoint() string { return "unix:" + filepath.Join(o.dir, databaseSocket) }

// Bridge returns the named bridge, which need not exist yet.
func (o *OVS) Bridge(name string) *Bridge { return &Bridge{ovs: o, name: name} }

// KillSwitch lets the switch go away as when ovs-vswitchd is killed: OpenFlow connections are cut, management and control
// sockets vanish, and nothing happens any more to what clients write to the database, until RestartSwitch.
func (o *OVS) KillSwitch() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.stopSwitch(); err != nil {
		o.log.Error("the switch has left something behind", "error", err)
	}
}

// RestartSwitch lets the switch go away and come back as when ovs-vswitchd is restarted: OpenFlow connections are cut,
// flows and connection tracking are lost, and bridges and ports are set up again from the database, ports with the
// numbers they had. It returns when that is done; while the database is killed, RestartDatabase is what sets them up. It
// does nothing to a fake that is closed or has no database Open_vSwitch.
func (o *OVS) RestartSwitch() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	if err := errors.Join(o.stopSwitch(), o.startSwitch()); err != nil {
		o.log.Error("the switch is not as it should be", "error", err)
	}
}

// startSwitch starts the switch. If that fails there is one still, but without its control socket.
func (o *OVS) startSwitch() error {
	db := o.switchDB()
	if db == nil {
		return nil
	}
	o.host.setDaemon(vswitchd.Start(vswitchd.Options{
		Database: db, Disconnected: o.disk != nil, Dir: o.Dir(), Listen: o.listen, Host: o.host, Failure: o.failure,
		Clock: o.clock, Logger: o.log, TLS: func() (server, client *tls.Config, err error) {
			config, err := tlsOf(db)
			if err != nil {
				return nil, nil, fmt.Errorf("table SSL: %w", err)
			}
			server, client = bothSides(config)
			return server, client, nil
		},
	}))
	var err error
	o.switchControl, err = o.openControl(switchProgram, switchctl.Version, o.switchCommands())
	return err
}

func (o *OVS) stopSwitch() error {
	err := o.switchControl.close()
	o.switchControl = nil
	if d := o.host.setDaemon(nil); d != nil {
		d.Close()
	}
	return err
}
