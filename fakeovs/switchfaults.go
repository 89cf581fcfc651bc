// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
)

// HoldSwitch lets the switch be slow: from when it returns until release is called, the switch does nothing about what
// clients write to the database, and Open_vSwitch.cur_cfg stays behind. When release returns the switch has made up for
// it. A switch that is restarted is not held. It does nothing while there is no switch.
func (f *Faults) HoldSwitch() (release func()) {
	d := f.ovs.host.vswitchd()
	if d == nil {
		return func() {}
	}
	d.Hold(true)
	return sync.OnceFunc(func() { d.Hold(false) })
}

// FailInterface lets the interfaces of a name fail, for a reason such as "No such device", until repair is called: they
// are no ports, and Interface.error says "could not open network device NAME (REASON)". The switch sees either soon.
func (f *Faults) FailInterface(name, reason string) (repair func()) {
	set := func(reason string) {
		f.mu.Lock()
		if f.failed == nil {
			f.failed = map[string]string{}
		}
		f.failed[name] = reason
		f.mu.Unlock()
		if d := f.ovs.host.vswitchd(); d != nil {
			d.DevicesChanged()
		}
	}
	set(reason)
	return sync.OnceFunc(func() { set("") })
}

// failure is why an interface cannot be opened.
func (o *OVS) failure(name string) string {
	f := o.usedFaults()
	if f == nil {
		return ""
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed[name]
}

// StealLock takes a lock of the database away from whoever has it, as another client does with "steal" (ovsdb-server(7)),
// and keeps it until unlock is called. When it returns, the victim has been sent "stolen".
func (f *Faults) StealLock(ctx context.Context, name string) (unlock func(), err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("steal lock %q: %w", name, err)
		}
	}()
	conn, err := f.ovs.DialDatabase(ctx)
	if err != nil {
		return nil, err
	}
	unlock = sync.OnceFunc(func() { conn.Close() })
	stop := context.AfterFunc(ctx, unlock)
	defer stop()
	request := map[string]any{"id": 0, "method": "steal", "params": []string{name}}
	if err := json.NewEncoder(conn).Encode(request); err != nil {
		unlock()
		return nil, err
	}
	var reply struct {
		Result struct{ Locked bool }
		Error  any
	}
	err = json.NewDecoder(conn).Decode(&reply)
	switch {
	case err == nil && reply.Error != nil:
		err = fmt.Errorf("the server answers %v", reply.Error)
	case err == nil && !reply.Result.Locked:
		err = errors.New("the server has not given it")
	}
	if err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}
