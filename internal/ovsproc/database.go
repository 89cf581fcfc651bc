// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsproc

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// DatabaseEndpoint is the database's endpoint, as in "unix:DIR/db.sock".
func (o *OVS) DatabaseEndpoint() string { return "unix:" + o.database.socket() }

// Remote is the endpoint for clients of one of [Options].Remotes, as in
// "ssl:127.0.0.1:40123". It stays the same when the database is restarted.
func (o *OVS) Remote(i int) string { return o.database.remotes[i].active() }

// StartDatabase starts ovsdb-server after [OVS.KillDatabase] or
// [OVS.StopDatabase], with the same file and the same endpoints, and returns
// when it can be connected to.
func (o *OVS) StartDatabase(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.stopped {
		return errors.New("start ovsdb-server: the instance was stopped")
	}
	return o.database.start(ctx)
}

// StopDatabase ends ovsdb-server in an orderly way and waits for its end.
func (o *OVS) StopDatabase() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.database.process.stop(stopPatience)
}

// KillDatabase ends ovsdb-server with SIGKILL and waits for its end.
func (o *OVS) KillDatabase() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.database.process.stop(0)
}

// FreezeDatabase stops ovsdb-server in its tracks, as on a machine that is
// overloaded: clients can connect, but nothing is answered.
func (o *OVS) FreezeDatabase() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.database.process.freeze()
}

// ThawDatabase lets ovsdb-server go on after [OVS.FreezeDatabase].
func (o *OVS) ThawDatabase() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.database.process.thaw()
}

// SaveDatabase returns the content of the database file. All that was answered
// is in it, even if ovsdb-server runs.
func (o *OVS) SaveDatabase() ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.database.save()
}

// RestoreDatabase makes what [OVS.SaveDatabase] returned the content of the
// database file. It is an error while ovsdb-server runs.
func (o *OVS) RestoreDatabase(content []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.database.restore(content)
}

// createDatabase makes the file and keeps the ports of the database.
func (o *OVS) createDatabase() (err error) {
	o.database = &server{spawner: o.spawner, log: o.log, dir: o.dir}
	for _, file := range []struct{ option, path string }{
		{"private-key", o.opts.PrivateKey}, {"certificate", o.opts.Certificate}, {"ca-cert", o.opts.CACert},
	} {
		if file.path != "" {
			o.database.args = append(o.database.args, "--"+file.option+"="+file.path)
		}
	}
	for _, passive := range o.opts.Remotes {
		// ovsdb-server would listen and then fail to accept.
		if strings.HasPrefix(passive, "pssl:") && len(o.database.args) < 3 {
			return fmt.Errorf("remote %q: needs a private key, a certificate and that of the authority", passive)
		}
		var r *remote
		o.spawner.do(func() { r, err = keepRemote(passive) })
		if err != nil {
			return err
		}
		o.database.remotes = append(o.database.remotes, r)
	}
	schema := o.opts.Schema
	if schema == "" {
		schema = schemaFile
	}
	return createDatabase(o.database.file(), schema)
}
