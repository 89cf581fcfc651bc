// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs

import (
	"errors"
	"fmt"
	"net"

	"github.com/ovskit/ovskit/fakeovs/internal/dbserver"
	"github.com/ovskit/ovskit/fakeovs/internal/serverctl"
	"github.com/ovskit/ovskit/fakeovs/internal/unixsock"
)

// A SavedDatabase is a copy of what a fake's database has on disk, as of its file.
type SavedDatabase struct{ content *dbserver.Content }

// KillDatabase lets the database go away as when ovsdb-server is killed: clients are cut, so that their locks are free and
// what they waited for is gone, and the socket vanishes. What has been committed stays, also for a client that was cut
// before it was told. The switch goes on as it is. It does nothing if the database is killed already.
func (o *OVS) KillDatabase() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.closed {
		o.killDatabase()
	}
}

// RestartDatabase lets the database go away, if it has not, and come back as when ovsdb-server is started again: with the
// content it had, but for ephemeral columns, which have their defaults, and under another server id. It returns when
// clients can connect and the switch has followed the content and reported. With Options.DatabaseFile the content is what
// the file has now. It is an error if the socket cannot be made or the file not be opened, which can be tried again, and if
// the fake is closed, its socket had failed, or the database was told to exit.
func (o *OVS) RestartDatabase() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.restartDatabase(); err != nil {
		return fmt.Errorf("restart the database: %w", err)
	}
	return nil
}

// SaveDatabase copies the content of the database, which may be killed.
func (o *OVS) SaveDatabase() *SavedDatabase {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.disk != nil {
		return &SavedDatabase{o.disk}
	}
	return &SavedDatabase{o.server.Content()}
}

// RestoreDatabase gives a killed database the content that it had when it was saved, as when an older copy of its file is
// put in its place; RestartDatabase then starts with it. It may be restored any number of times. It is an error while
// the database is not killed, and if it was another fake's.
func (o *OVS) RestoreDatabase(saved *SavedDatabase) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.disk == nil:
		return errors.New("restore the database: it is not killed")
	case !o.server.Owns(saved.content):
		return errors.New("restore the database: it was saved from another fake")
	}
	o.disk, o.restored = saved.content, true
	return nil
}

// serve accepts clients of the database until its socket is closed or fails.
func (o *OVS) serve(socket net.Listener) {
	defer close(o.served)
	if o.failed = o.server.Serve(socket); o.failed != nil {
		o.log.Error("the database is not served any more", "socket", socket.Addr(), "error", o.failed)
		close(o.ended)
	}
}

func (o *OVS) killDatabase() {
	if o.disk != nil {
		return
	}
	if d := o.host.vswitchd(); d != nil {
		d.Disconnect()
	}
	if err := o.databaseControl.close(); err != nil {
		o.log.Error("the database has left something behind", "error", err)
	}
	o.databaseControl = nil
	o.socket.Close()
	<-o.served
	o.remotes.Close()
	o.server.Disconnect()
	o.disk = o.server.Content()
	if err := o.server.CloseFiles(); err != nil {
		o.log.Error("the database file is not closed", "error", err)
	}
}

func (o *OVS) restartDatabase() error {
	if o.closed {
		return errors.New("the fake is closed")
	}
	o.killDatabase()
	if o.failed != nil {
		return fmt.Errorf("its socket has failed: %w", o.failed)
	}
	if o.exited {
		return errors.New("it has ended")
	}
	socket, err := o.listen(databaseSocket)
	if err != nil {
		return err
	}
	err = o.server.Restart(o.disk, o.restored)
	if err == nil {
		err = o.openRemotes()
	}
	if err != nil {
		return errors.Join(err, o.server.CloseFiles(), socket.Close())
	}
	o.disk, o.restored = nil, false
	if d := o.host.vswitchd(); d != nil {
		d.Connect()
	}
	o.socket, o.served = unixsock.Patient(socket, o.log), make(chan struct{})
	go o.serve(o.socket)
	o.databaseControl, err = o.openControl(databaseProgram, serverctl.Version, o.databaseCommands())
	return err
}
