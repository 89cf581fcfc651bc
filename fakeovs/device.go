// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs

import (
	"fmt"
	"net"
	"sync"

	"github.com/ovskit/ovskit/fakeovs/internal/vswitchd"
)

// Device is a network device of the fake's host, seen from the host: what is sent into it enters the switch at the
// port of that name, what the switch sends to that port is received.
type Device struct {
	name     string
	internal bool
	host     *host
	receive  func(frame []byte)
}

// AddDevice puts a network device on the fake's host, so that an interface of that name and of type "" or "system"
// opens. receive gets every frame that the switch sends to the port and owns it; nil discards them. It is called from
// the goroutine of a frame on its way through the switch, possibly from several at once, and may call Send. It must not
// close the fake or stop its switch, which would wait for it, nor ask it by AskSwitch, Conntrack or Dial, which would wait for
// who closes it meanwhile. It is an error if there is such a device already.
func (o *OVS) AddDevice(name string, receive func(frame []byte)) (*Device, error) {
	d := &Device{name: name, host: o.host, receive: receive}
	if !o.host.add(d) {
		return nil, fmt.Errorf("add device %q: there is one already", name)
	}
	return d, nil
}

// Internal returns the host side of an internal port, which need not exist yet. receive is as in AddDevice; it
// replaces that of an earlier call.
func (o *OVS) Internal(name string, receive func(frame []byte)) *Device {
	d := &Device{name: name, internal: true, host: o.host, receive: receive}
	o.host.setInternal(d)
	return d
}

// Name returns the name of the device, which is that of the interface it is the other side of.
func (d *Device) Name() string { return d.name }

// HWAddr returns the Ethernet address of the device: that of Interface.mac_in_use. It is nil for an internal port that
// does not exist (yet).
func (d *Device) HWAddr() net.HardwareAddr {
	if !d.internal {
		return vswitchd.HWAddr(d.name)
	}
	if s := d.host.vswitchd(); s != nil {
		return s.HWAddr(d.name)
	}
	return nil
}

// Send lets a frame, from the Ethernet header on and without FCS, enter the switch through the device. It is dropped
// if no bridge has a port of that name, as a frame is that is sent to a device outside of any bridge. The frame stays
// the caller's.
func (d *Device) Send(frame []byte) {
	if s := d.host.vswitchd(); s != nil {
		s.Input(d.name, frame)
	}
}

// Remove takes the device off the host: it receives nothing any more, and if it is a port, the port is lost and its
// Interface.error says that there is no such device. An internal port stays, without anybody at its host side.
func (d *Device) Remove() { d.host.remove(d) }

// host is the machine of a fake: its devices, and the switch that opens them.
type host struct {
	mu       sync.Mutex
	daemon   *vswitchd.Daemon   // nil while there is no switch
	devices  map[string]*Device // made by AddDevice
	internal map[string]*Device // made by Internal
}

func newHost() *host { return &host{devices: map[string]*Device{}, internal: map[string]*Device{}} }

func (h *host) vswitchd() *vswitchd.Daemon {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.daemon
}

// setDaemon returns the switch that there was.
func (h *host) setDaemon(d *vswitchd.Daemon) *vswitchd.Daemon {
	h.mu.Lock()
	defer h.mu.Unlock()
	old := h.daemon
	h.daemon = d
	if d != nil {
		d.DevicesChanged() // some may have come while it started
	}
	return old
}

// add reports whether the name was free.
func (h *host) add(d *Device) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.devices[d.name] != nil {
		return false
	}
	h.devices[d.name] = d
	h.changed()
	return true
}

func (h *host) setInternal(d *Device) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.internal[d.name] = d
}

func (h *host) remove(d *Device) {
	h.mu.Lock()
	defer h.mu.Unlock()
	registry := h.devices
	if d.internal {
		registry = h.internal
	}
	if registry[d.name] != d {
		return // removed or replaced before
	}
	delete(registry, d.name)
	h.changed()
}

func (h *host) changed() {
	if h.daemon != nil {
		h.daemon.DevicesChanged()
	}
}

// HasDevice implements vswitchd.Host.
func (h *host) HasDevice(name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.devices[name] != nil
}

// Deliver implements vswitchd.Host.
func (h *host) Deliver(name string, frame []byte) {
	h.mu.Lock()
	d := h.devices[name]
	if d == nil {
		d = h.internal[name]
	}
	h.mu.Unlock()
	if d != nil && d.receive != nil {
		d.receive(frame)
	}
}
