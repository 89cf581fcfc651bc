// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/ctlserver"
	"github.com/ovskit/ovskit/fakeovs/internal/dbserver"
	"github.com/ovskit/ovskit/fakeovs/internal/pidfile"
	"github.com/ovskit/ovskit/fakeovs/internal/serverctl"
	"github.com/ovskit/ovskit/fakeovs/internal/switchctl"
	"github.com/ovskit/ovskit/fakeovs/internal/unixsock"
)

// The programs that the fake stands for, by the names of their control sockets.
const (
	switchProgram   = "ovs-vswitchd"
	databaseProgram = "ovsdb-server"
)

// SwitchControl returns the path of the control socket that ovs-appctl(8) asks the switch by,
// "DIR/ovs-vswitchd.PID.ctl"; "" if the fake is in memory. With OVS_RUNDIR=DIR in its environment ovs-appctl finds it
// without the option -t.
func (o *OVS) SwitchControl() string { return o.controlPath(switchProgram) }

// DatabaseControl is as SwitchControl, for the database server: "DIR/ovsdb-server.PID.ctl".
func (o *OVS) DatabaseControl() string { return o.controlPath(databaseProgram) }

func (o *OVS) controlPath(program string) string {
	if o.inMemory {
		return ""
	}
	return filepath.Join(o.dir, fmt.Sprintf("%s.%d.ctl", program, os.Getpid()))
}

// AskSwitch has the switch carry out a command, as ovs-appctl(8) does, and returns the answer; an error has the text of
// that of the switch. The commands are those that "list-commands" tells.
func (o *OVS) AskSwitch(command string, args ...string) (string, error) {
	o.mu.Lock()
	c := o.switchControl
	o.mu.Unlock()
	return c.ask(switchProgram, command, args)
}

// AskDatabase is as AskSwitch, for the database server.
func (o *OVS) AskDatabase(command string, args ...string) (string, error) {
	o.mu.Lock()
	c := o.databaseControl
	o.mu.Unlock()
	return c.ask(databaseProgram, command, args)
}

// control answers what one of the programs is asked by its control socket.
type control struct {
	server *ctlserver.Server
	// What follows is nil if the fake is in memory.
	pid    *pidfile.File
	socket net.Listener
	served chan struct{} // closed when nobody accepts at the socket any more
}

// openControl makes the pid file and the control socket of a program, and answers there.
func (o *OVS) openControl(program, version string, commands []ctlserver.Command) (*control, error) {
	c := &control{server: ctlserver.New(version, o.log, commands...)}
	if o.inMemory {
		return c, nil
	}
	var err error
	if c.pid, err = pidfile.Create(filepath.Join(o.dir, program+".pid")); err != nil {
		return nil, err
	}
	if old := c.pid.Previous(); old != 0 && old != os.Getpid() {
		// Nobody listens there any more: its process was the one that had the pid file.
		_ = os.Remove(filepath.Join(o.dir, fmt.Sprintf("%s.%d.ctl", program, old)))
	}
	socket, err := unixsock.Listen(o.controlPath(program))
	if err != nil {
		return nil, errors.Join(err, c.pid.Close())
	}
	c.socket, c.served = unixsock.Patient(socket, o.log), make(chan struct{})
	go func() {
		defer close(c.served)
		if err := c.server.Serve(c.socket); err != nil {
			o.log.Error("the control socket is not served any more", "program", program, "error", err)
		}
	}()
	return c, nil
}

// close cuts whoever asks and removes the files. It does nothing to nil.
func (c *control) close() error {
	if c == nil {
		return nil
	}
	var err error
	if c.socket != nil {
		c.socket.Close()
		<-c.served
		err = c.pid.Close()
	}
	c.server.Close()
	return err
}

func (c *control) ask(program, command string, args []string) (string, error) {
	if c == nil {
		return "", fmt.Errorf("ask %s: it does not run", program)
	}
	return c.server.Call(command, args...)
}

// switchCommands are the commands of the switch. The daemon is there before anybody asks.
func (o *OVS) switchCommands() []ctlserver.Command {
	return switchctl.Commands(switchctl.Target{
		Daemon: o.host.vswitchd(), Clock: o.clock,
		Exit: func(bool) { o.KillSwitch() },
	})
}

func (o *OVS) databaseCommands() []ctlserver.Command {
	remotes, first := o.remotes, "p"+o.DatabaseEndpoint()
	return serverctl.Commands(serverctl.Target{
		Databases: o.server.Columns,
		Remotes:   func() []string { return append([]string{first}, remotes.Targets()...) },
		AddRemote: func(target string) error {
			if target == first {
				return nil
			}
			if err := remotes.Add(target); err != nil {
				o.log.Error("remote not used", "remote", target, "error", err) // which is no error to ovsdb-server
			}
			return nil
		},
		RemoveRemote: remotes.Remove,
		AddDatabase: func(file string) error {
			err := o.server.OpenDatabase(file)
			remotes.Refresh()
			return err
		},
		RemoveDatabase: func(name string) error {
			err := o.server.RemoveDatabase(name)
			remotes.Refresh()
			return err
		},
		Reconnect: o.server.Reconnect, DisableMonitorCond: o.server.DisableMonitorCond,
		Usage:   o.server.Usage,
		Compact: func(database string) error { return o.server.Database(database).Compact() },
		Backup:  backup{o},
		Exit:    o.exitDatabase,
	})
}

// backup is the database server as the backup of another.
type backup struct{ ovs *OVS }

func (b backup) Start(active string, excluded []string, probe time.Duration) {
	b.ovs.server.StartBackup(dbserver.BackupOptions{Active: active, Excluded: excluded, Probe: probe, TLS: b.ovs.remoteTLS})
}

func (b backup) Stop() { b.ovs.server.StopBackup() }

func (b backup) SetProbe(after time.Duration) { b.ovs.server.SetBackupProbe(after) }

func (b backup) Status() (string, bool) { return b.ovs.server.BackupStatus() }

// exitDatabase ends the database for good, and with it the fake, as far as Done tells.
func (o *OVS) exitDatabase() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	o.killDatabase()
	if !o.exited && o.failed == nil {
		o.exited = true
		close(o.ended)
	}
}
