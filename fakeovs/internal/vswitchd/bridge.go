// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/ofswitch"
	"github.com/ovskit/ovskit/fakeovs/internal/unixsock"
	"github.com/ovskit/ovskit/openflow"
)

// bridge is a bridge as it is.
type bridge struct {
	name         string
	datapathType string
	datapathID   uint64
	sw           *ofswitch.Switch
	listener     net.Listener
	served       chan struct{} // closed when the listener's goroutine has ended
	configured   bool          // normal is set
	normal       bool
	ports        map[string]*port // by interface name
	lastPort     uint32           // the number that was last given
}

// port is an interface that is open.
type port struct {
	name string
	kind string
	no   uint32
	mac  net.HardwareAddr
}

// localPort is the number of a bridge's own port in the database, where numbers have 16 bits.
const localPort = 65534

// socketPath is where a bridge listens.
func (d *Daemon) socketPath(bridge string) string { return filepath.Join(d.o.Dir, bridge+".mgmt") }

func (d *Daemon) createBridge(c *bridgeConfig) error {
	// A name with a slash would put the socket anywhere.
	if strings.ContainsAny(c.name, `/\`) || c.name == "" {
		return fmt.Errorf("create bridge %q: invalid name", c.name)
	}
	if !slices.Contains(datapathTypes, c.datapathType) {
		return fmt.Errorf("create bridge %s: unknown datapath type %q", c.name, c.datapathType)
	}
	socket, err := unixsock.Listen(d.socketPath(c.name))
	if err != nil {
		return fmt.Errorf("create bridge %s: %w", c.name, err)
	}
	l := unixsock.Patient(socket, d.log)
	b := &bridge{
		name: c.name, datapathType: c.datapathType, datapathID: c.datapathID,
		sw:       d.datapath.NewSwitch(ofswitch.Options{Name: c.name, DatapathID: c.datapathID, Logger: d.log}),
		listener: l, served: make(chan struct{}), ports: map[string]*port{},
	}
	go func() {
		defer close(b.served)
		if err := b.sw.Serve(l); err != nil && !errors.Is(err, net.ErrClosed) {
			d.log.Error("management socket failed", "bridge", b.name, "error", err)
		}
	}()
	d.mu.Lock()
	d.bridges[b.name] = b
	d.mu.Unlock()
	return nil
}

func (d *Daemon) deleteBridge(b *bridge) {
	d.mu.Lock()
	delete(d.bridges, b.name)
	d.mu.Unlock()
	b.listener.Close()
	if err := b.sw.Close(); err != nil {
		d.log.Error("switch did not close", "bridge", b.name, "error", err)
	}
	<-b.served
}

// configure sets what the flow table holds before anybody fills it. A change of that empties it first.
func (d *Daemon) configure(b *bridge, c *bridgeConfig) error {
	if b.configured && b.normal == c.normal {
		return nil
	}
	b.configured, b.normal = true, c.normal
	b.sw.ClearFlows()
	if !c.normal {
		return nil
	}
	return b.sw.AddFlow(openflow.Flow{
		Instructions: openflow.Instructions{Apply: []openflow.Action{openflow.Output{Port: openflow.PortNormal}}},
	})
}

func (d *Daemon) addPort(b *bridge, i *interfaceConfig) error {
	p := &port{name: i.name, kind: i.kind, no: b.pickNumber(i), mac: i.mac}
	if p.no == 0 {
		return fmt.Errorf("could not add network device %s to ofproto (File too large)", i.name)
	}
	number := p.no
	if i.local {
		number = openflow.PortLocal
	}
	err := b.sw.AddPort(ofswitch.Port{
		No: number, Name: p.name, HWAddr: p.mac,
		Receive: func(frame []byte) { d.o.Host.Deliver(p.name, frame) },
	})
	if err != nil {
		return fmt.Errorf("could not add network device %s to ofproto (%v)", i.name, err)
	}
	p.no = number
	d.mu.Lock()
	b.ports[p.name] = p
	d.mu.Unlock()
	return nil
}

func (d *Daemon) removePort(b *bridge, p *port) {
	d.mu.Lock()
	delete(b.ports, p.name)
	d.mu.Unlock()
	b.sw.RemovePort(p.no)
}

// pickNumber chooses a port number: the requested one, or the one that the interface had, if it is free; else the next
// free one after the last that was given, so that numbers of deleted ports are not given again soon. Zero means that
// none is left.
func (b *bridge) pickNumber(i *interfaceConfig) uint32 {
	if i.local {
		return localPort
	}
	wish := i.requested
	if wish == 0 {
		wish = i.previous
	}
	if wish != 0 && b.portByNumber(wish) == nil {
		return wish
	}
	// The upper half of the range is left to those who request numbers.
	const limit = 32768
	for n := 1; n < limit; n++ {
		b.lastPort = b.lastPort%(limit-1) + 1
		if b.portByNumber(b.lastPort) == nil {
			return b.lastPort
		}
	}
	return 0
}

func (b *bridge) portByNumber(no uint32) *port {
	for _, p := range b.ports {
		if p.no == no {
			return p
		}
	}
	return nil
}
