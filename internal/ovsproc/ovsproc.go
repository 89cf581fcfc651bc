// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package ovsproc runs a private Open vSwitch: an ovsdb-server and an
// ovs-vswitchd of their own, with all sockets, files and logs in one directory.
// It is the only place where programs of Open vSwitch are executed.
//
// The command-line tools find the instance when OVS_RUNDIR is set to the
// directory: OVS_RUNDIR=DIR ovs-vsctl show.
package ovsproc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// schemaFile is where packages of Open vSwitch install the schema.
const schemaFile = "/usr/share/openvswitch/vswitch.ovsschema"

// maxDir is the longest directory whose management sockets still have a path
// that fits into a socket address, with the longest name of a bridge.
const maxDir = len(unix.RawSockaddrUnix{}.Path) - 1 - len("/123456789012345.mgmt")

// stopPatience is how long a program may take to end after SIGTERM.
const stopPatience = 5 * time.Second

// Options configure an instance. The zero value is an ordinary switch in the
// current network namespace.
type Options struct {
	// Dir is the directory; it must exist and is left in place. If empty, a
	// new one is made below the directory for temporary files and removed
	// by Stop.
	Dir string
	// Dummy adds the dummy datapath and device types, which need no
	// privilege, and takes the machine's own away.
	Dummy bool
	// Netns is the path or name of the network namespace that both programs
	// run in; empty is the current one.
	Netns string
	// NoSwitch leaves ovs-vswitchd out until [OVS.StartSwitch].
	NoSwitch bool
	// Schema is the schema file of the database; empty means Open vSwitch's
	// own. Another one is of use with NoSwitch only.
	Schema string
	// Detached lets the programs outlive this process. Otherwise they are
	// killed when it ends, however it ends.
	Detached bool
	// Logger receives what the instance does; nil discards it.
	Logger *slog.Logger
}

// An OVS is a running instance. Its methods may be called by several
// goroutines.
type OVS struct {
	opts    Options
	dir     string
	ownDir  bool
	log     *slog.Logger
	spawner *spawner

	mu       sync.Mutex // held while programs are started and stopped
	stopped  bool
	database *process
	sw       *process
}

// Start creates an empty database with the installed schema, starts the
// programs and returns when both can be connected to. The Open_vSwitch row is
// left to the first client. Nothing is left behind when it fails.
func Start(ctx context.Context, o Options) (*OVS, error) {
	ovs, err := start(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("start a private Open vSwitch: %w", err)
	}
	return ovs, nil
}

func start(ctx context.Context, o Options) (_ *OVS, err error) {
	if err := Installed(); err != nil {
		return nil, err
	}
	log := o.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	ovs := &OVS{opts: o, log: log, dir: o.Dir, ownDir: o.Dir == ""}
	if ovs.ownDir {
		if ovs.dir, err = os.MkdirTemp("", "ovskit-"); err != nil {
			return nil, err
		}
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ovs.Stop())
		}
	}()
	if len(ovs.dir) > maxDir {
		return nil, fmt.Errorf("directory %q: longer than %d bytes, sockets in it could not be addressed", ovs.dir, maxDir)
	}
	if !filepath.IsAbs(ovs.dir) {
		return nil, fmt.Errorf("directory %q: not an absolute path", ovs.dir)
	}
	schema := o.Schema
	if schema == "" {
		schema = schemaFile
	}
	if err := createDatabase(filepath.Join(ovs.dir, "conf.db"), schema); err != nil {
		return nil, err
	}
	if ovs.spawner, err = newSpawner(o.Netns, o.Detached); err != nil {
		return nil, err
	}
	if err := ovs.startDatabase(ctx); err != nil {
		return nil, err
	}
	if o.NoSwitch {
		return ovs, nil
	}
	return ovs, ovs.StartSwitch(ctx)
}

// Dir is the directory of the instance.
func (o *OVS) Dir() string { return o.dir }

// DatabaseEndpoint is the database's endpoint, as in "unix:DIR/db.sock".
func (o *OVS) DatabaseEndpoint() string { return "unix:" + o.socket() }

// Management is the OpenFlow endpoint of a bridge, as in "unix:DIR/br0.mgmt".
func (o *OVS) Management(bridge string) string {
	return "unix:" + filepath.Join(o.dir, bridge+".mgmt")
}

// SwitchPID is the process id of ovs-vswitchd, 0 if it does not run.
func (o *OVS) SwitchPID() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.sw.running() {
		return 0
	}
	return o.sw.pid()
}

// StartSwitch starts ovs-vswitchd, which must not be running, and returns when
// it can be connected to.
func (o *OVS) StartSwitch(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.stopped {
		return errors.New("start ovs-vswitchd: the instance was stopped")
	}
	if o.sw.running() {
		return errors.New("start ovs-vswitchd: it runs already")
	}
	args := []string{o.DatabaseEndpoint()}
	if o.opts.Dummy {
		args = append(args, "--enable-dummy", "--disable-system", "--disable-system-route")
	}
	p, err := o.start("ovs-vswitchd", args...)
	if err != nil {
		return err
	}
	o.sw = p
	control := filepath.Join(o.dir, "ovs-vswitchd."+strconv.Itoa(p.pid())+".ctl")
	if err := o.await(ctx, p, control); err != nil {
		return errors.Join(err, p.stop(0))
	}
	return nil
}

// StopSwitch ends ovs-vswitchd in an orderly way and waits for its end.
func (o *OVS) StopSwitch() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.sw.stop(stopPatience)
}

// KillSwitch ends ovs-vswitchd with SIGKILL and waits for its end.
func (o *OVS) KillSwitch() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.sw.stop(0)
}

// Stop ends both programs, waits for them, and removes the directory if Start
// made it. Further calls do nothing.
func (o *OVS) Stop() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.stopped {
		return nil
	}
	o.stopped = true
	err := errors.Join(o.sw.stop(stopPatience), o.database.stop(stopPatience))
	if o.spawner != nil {
		o.spawner.close()
	}
	if o.ownDir {
		err = errors.Join(err, os.RemoveAll(o.dir))
	}
	return err
}

func (o *OVS) socket() string { return filepath.Join(o.dir, "db.sock") }

func (o *OVS) startDatabase(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	p, err := o.start("ovsdb-server", filepath.Join(o.dir, "conf.db"), "--remote=p"+o.DatabaseEndpoint())
	if err != nil {
		return err
	}
	o.database = p
	return o.await(ctx, p, o.socket())
}

// start executes one of the programs with the arguments both have in common.
func (o *OVS) start(name string, args ...string) (*process, error) {
	path, err := program(name)
	if err != nil {
		return nil, err
	}
	args = append(args, "--pidfile", "--log-file", "-vconsole:off", "-vsyslog:off")
	env := os.Environ()
	for _, v := range []string{"OVS_RUNDIR", "OVS_DBDIR", "OVS_LOGDIR", "OVS_SYSCONFDIR"} {
		env = append(env, v+"="+o.dir)
	}
	p, err := o.spawner.spawn(path, args, env, filepath.Join(o.dir, name+".out"))
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	o.log.Debug("started", "program", name, "pid", p.pid(), "dir", o.dir)
	return p, nil
}

// await returns when the program listens on a socket. Nothing announces that
// moment, so the socket is tried, ever less often.
func (o *OVS) await(ctx context.Context, p *process, socket string) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not listen on %s: %w", p.name(), socket, context.Cause(ctx))
		case <-p.ended:
			return fmt.Errorf("%s ended at once (%v): %s", p.name(), p.result, p.lastWords())
		case <-timer.C:
		}
		conn, err := net.Dial("unix", socket)
		if err == nil {
			return conn.Close()
		}
		timer.Reset(pause)
	}
}
