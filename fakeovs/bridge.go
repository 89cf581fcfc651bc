// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs

import (
	"fmt"
	"path/filepath"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/openflow"
)

// Local is the number of a bridge's own port, which the host knows under the name of the bridge (OpenFlow 1.3.5,
// section 4.5).
const Local = openflow.PortLocal

// managementSuffix ends the file name of a bridge's management socket.
const managementSuffix = ".mgmt"

// Bridge is a bridge of the fake switch, by name. It may be had before a client creates the bridge, and stays good
// when the bridge is deleted and created again.
type Bridge struct {
	ovs  *OVS
	name string
}

// Name returns the name of the bridge.
func (b *Bridge) Name() string { return b.name }

// Management returns the endpoint of the bridge's OpenFlow management socket, "unix:DIR/NAME.mgmt". If the fake is in memory
// it is for OVS.Dial alone.
func (b *Bridge) Management() string {
	return "unix:" + filepath.Join(b.ovs.dir, b.name+managementSuffix)
}

// Exists reports whether the switch has such a bridge now.
func (b *Bridge) Exists() bool {
	d := b.ovs.host.vswitchd()
	if d == nil {
		return false
	}
	_, ok := d.Bridge(b.name)
	return ok
}

// Port returns the OpenFlow port number of the bridge's port that has the named interface; false if there is none.
func (b *Bridge) Port(name string) (uint32, bool) {
	d := b.ovs.host.vswitchd()
	if d == nil {
		return 0, false
	}
	return d.Port(b.name, name)
}

// Local returns the host side of the bridge's own port; receive gets the frames that the switch sends to it. See
// OVS.Internal.
func (b *Bridge) Local(receive func(frame []byte)) *Device { return b.ovs.Internal(b.name, receive) }

// Inject evaluates one frame (from the Ethernet header on, without FCS) as if it had come in at the given port of the
// bridge, delivers what results from it to the devices of the ports concerned, and returns that. The frame stays the
// caller's.
func (b *Bridge) Inject(port uint32, frame []byte) *Injection {
	return b.InjectTunnel(port, nil, frame)
}

// InjectTunnel is Inject for a frame that came through the tunnel whose end the port is: with fields such as tun_id, tun_src
// and tun_dst.
func (b *Bridge) InjectTunnel(port uint32, tunnel openflow.Match, frame []byte) *Injection {
	i := &Injection{what: fmt.Sprintf("frame into port %s of bridge %s", portName(port), b.name)}
	d := b.ovs.host.vswitchd()
	if d == nil {
		i.err = fmt.Errorf("inject a %s: there is no switch", i.what)
		return i
	}
	sw, ok := d.Bridge(b.name)
	if !ok {
		i.err = fmt.Errorf("inject a %s: no such bridge", i.what)
		return i
	}
	if !d.HasPort(b.name, port) {
		i.err = fmt.Errorf("inject a %s: no such port", i.what)
		return i
	}
	var fields *packet.Key
	if tunnel != nil {
		k, _ := packet.Match(tunnel)
		fields = &k
	}
	r := sw.InputTunnel(port, frame, fields)
	for _, o := range r.Outputs {
		i.outputs = append(i.outputs, Emitted{Port: o.Port, Frame: o.Frame, Tunnel: pipeline.TunnelFields(o.Tunnel)})
	}
	i.result = r
	return i
}
