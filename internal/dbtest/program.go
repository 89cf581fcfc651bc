// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbtest

import (
	"errors"
	"testing"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/internal/ovsproc"
)

type realServer struct{ ovs *ovsproc.OVS }

func (r realServer) kill() error              { return r.ovs.KillDatabase() }
func (r realServer) stop() error              { return r.ovs.StopDatabase() }
func (r realServer) start(t testing.TB) error { return r.ovs.StartDatabase(t.Context()) }
func (r realServer) freeze() error            { return r.ovs.FreezeDatabase() }
func (r realServer) thaw() error              { return r.ovs.ThawDatabase() }

func (r realServer) save() (restore func() error, err error) {
	content, err := r.ovs.SaveDatabase()
	return func() error { return r.ovs.RestoreDatabase(content) }, err
}

type fakeServer struct {
	ovs   *fakeovs.OVS
	ended bool
}

func (f *fakeServer) kill() error {
	f.ovs.KillDatabase()
	f.ended = true
	return nil
}

// stop is the same as kill: clients of the fake could not tell the difference.
func (f *fakeServer) stop() error { return f.kill() }

func (f *fakeServer) start(testing.TB) error {
	if !f.ended {
		return errors.New("start the database of a fake: it runs already")
	}
	f.ended = false
	return f.ovs.RestartDatabase()
}

func (f *fakeServer) freeze() error { return errors.New("freeze a fake: it is not a process") }
func (f *fakeServer) thaw() error   { return errors.New("thaw a fake: it is not a process") }

func (f *fakeServer) save() (restore func() error, err error) {
	saved := f.ovs.SaveDatabase()
	return func() error { return f.ovs.RestoreDatabase(saved) }, nil
}
