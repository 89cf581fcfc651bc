// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs

import (
	"maps"
	"slices"
	"sync"

	"github.com/ovskit/ovskit/fakeovs/internal/dbserver"
)

// addedRemotes are the remotes that the database was told of while it ran. It knows no others when it is restarted.
type addedRemotes struct {
	mu   sync.Mutex
	list map[string]*dbserver.Remotes // by target; nil for one that cannot be listened at
}

func (a *addedRemotes) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range a.list {
		if r != nil {
			r.Close()
		}
	}
	a.list = nil
}

// startRemotes are the remotes that the database has from its start.
func (o *OVS) startRemotes() []string {
	return append([]string{"p" + o.DatabaseEndpoint()}, o.targets...)
}

// allRemotes are the targets of all remotes.
func (o *OVS) allRemotes() []string {
	o.added.mu.Lock()
	defer o.added.mu.Unlock()
	return append(o.startRemotes(), slices.Collect(maps.Keys(o.added.list))...)
}

// addRemote has clients from one more target. As with ovsdb-server, one that cannot be listened at is no error.
func (o *OVS) addRemote(target string) error {
	o.added.mu.Lock()
	defer o.added.mu.Unlock()
	if _, ok := o.added.list[target]; ok || slices.Contains(o.startRemotes(), target) {
		return nil
	}
	server, client := bothSides(o.tls)
	r, err := o.server.OpenRemotes(dbserver.RemotesOptions{
		Targets: []string{target}, ServerTLS: server, ClientTLS: client, Logger: o.log,
	})
	if err != nil {
		o.log.Error("remote not used", "remote", target, "error", err)
	}
	if o.added.list == nil {
		o.added.list = map[string]*dbserver.Remotes{}
	}
	o.added.list[target] = r
	return nil
}

// removeRemote ends what addRemote did, with the clients from there.
func (o *OVS) removeRemote(target string) bool {
	o.added.mu.Lock()
	defer o.added.mu.Unlock()
	r, ok := o.added.list[target]
	if r != nil {
		r.Close()
	}
	delete(o.added.list, target)
	return ok
}
