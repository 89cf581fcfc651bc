// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/ofswitch"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/fakeovs/internal/unixsock"
	"github.com/ovskit/ovskit/openflow"
)

// bridge is a bridge as it is.
type bridge struct {
	name         string
	datapathType string
	mac          net.HardwareAddr
	datapathID   uint64
	sw           *ofswitch.Switch
	listener     net.Listener
	served       chan struct{} // closed when the listener's goroutine has ended
	numbers      portNumbers
	smallestMTU  int64
	ports        map[string]*port   // by interface name
	remotes      map[string]*remote // by target
	// standalone and controlled say what the flow table was made for when it was emptied last.
	standalone, controlled bool
}

// port is an interface that is open.
type port struct {
	*device
	no   uint32 // on the switch
	dp   uint32 // in the datapath
	link *port  // of a patch port: its peer
	// identity is what tells a tunnel from all others; "" if it is none.
	identity string
	new      bool // the database knows nothing of it yet
}

// localPort is the number of a bridge's own port in the database, where numbers have 16 bits.
const localPort = 65534

// number is the port's number as the database has it.
func (p *port) number() int64 {
	if p.no == openflow.PortLocal {
		return localPort
	}
	return int64(p.no)
}

func (d *Daemon) createBridge(c *bridgeConfig) error {
	// A name with a slash would put the socket anywhere.
	if strings.ContainsAny(c.name, `/\`) || c.name == "" {
		return fmt.Errorf("ignoring bridge with invalid name %q", c.name)
	}
	if !slices.Contains(datapathTypes, c.datapathType) {
		return fmt.Errorf("failed to create bridge %s: unknown datapath type %q", c.name, c.datapathType)
	}
	socket, err := d.o.Listen(c.name + ".mgmt")
	if err != nil {
		return fmt.Errorf("failed to create bridge %s: %w", c.name, err)
	}
	l := unixsock.Patient(socket, d.log)
	b := &bridge{
		name: c.name, datapathType: c.datapathType,
		sw: d.datapath.NewSwitch(ofswitch.Options{
			Name: c.name, Logger: d.log, PortChanged: func(uint32) { d.DevicesChanged() },
			Held: func() { d.timer.Reset(heldPacket) },
		}),
		listener: l, served: make(chan struct{}), numbers: newPortNumbers(), ports: map[string]*port{},
		remotes: map[string]*remote{},
	}
	go func() {
		defer close(b.served)
		if err := b.sw.Serve(l); err != nil && !errors.Is(err, net.ErrClosed) {
			d.log.Error("management socket failed", "bridge", b.name, "error", err)
		}
	}()
	d.datapathOf(b).bridges++
	d.mu.Lock()
	d.bridges[b.name] = b
	d.mu.Unlock()
	return nil
}

func (d *Daemon) deleteBridge(b *bridge) {
	d.mu.Lock()
	delete(d.bridges, b.name)
	d.mu.Unlock()
	for _, p := range b.sortedPorts() {
		d.removePort(b, p)
	}
	for _, r := range b.remotes {
		r.close()
	}
	b.listener.Close()
	if err := b.sw.Close(); err != nil {
		d.log.Error("switch did not close", "bridge", b.name, "error", err)
	}
	<-b.served
	dp := d.datapathOf(b)
	if dp.bridges--; dp.bridges == 0 {
		delete(d.datapaths, b.datapathType)
	}
	if len(d.datapaths) == 0 {
		d.datapath.Tracker().Reset()
		clear(d.timeouts)
	}
}

// setFailMode removes flows, groups and meters when what controls it changes, and gives it the flow of a switch that nobody
// controls.
func (b *bridge) setFailMode(c *bridgeConfig) error {
	standalone, controlled := c.row.Get("fail_mode").String() != "secure", c.controlled
	flush := b.controlled != controlled || b.standalone != standalone && !controlled
	b.standalone, b.controlled = standalone, controlled
	if !flush {
		return nil
	}
	b.sw.Flush()
	if !standalone || controlled {
		return nil
	}
	return b.sw.AddFlow(openflow.Flow{
		Instructions: openflow.Instructions{Apply: []openflow.Action{openflow.Output{Port: openflow.PortNormal}}},
	})
}

// addPort makes an interface a port, or says why it cannot.
func (d *Daemon) addPort(b *bridge, i *interfaceConfig) error {
	dev, err := d.openDevice(i, b.datapathType)
	if err != nil {
		return err
	}
	fails := func(reason string) error {
		dev.pcap.Load().close()
		return mistake(fmt.Sprintf("could not add network device %s to ofproto (%s)", i.name, reason))
	}
	identity := ""
	if isTunnel(dev.kind) {
		identity = b.datapathType + " " + tunnelIdentity(i)
	}
	if d.isOpen(i.name) {
		return fails("File exists")
	}
	p := &port{device: dev, no: openflow.PortLocal, new: true, identity: identity}
	if !i.local {
		wish := i.requested
		if wish == 0 {
			wish = i.previous
		}
		if p.no = b.numbers.take(wish, d.clock.Now()); p.no == 0 {
			return fails("File too large")
		}
	}
	if d.tunnels[identity] {
		b.numbers.giveBack(p.no, d.clock.Now())
		return fails("File exists")
	}
	p.dp = d.datapathOf(b).take(i, dev)
	o := pipeline.Port{
		No: p.no, Name: p.name, HWAddr: p.mac, Datapath: p.dp, Patch: p.kind == patchType,
		Dummy: p.dummy, CountsErrors: !p.dummy && !p.isVirtual(), Receive: func(frame []byte) { d.deliver(p, frame) },
	}
	if p.dummy {
		o.Fits = p.fits
	}
	err = b.sw.AddPort(o)
	if err != nil {
		return fails(err.Error())
	}
	if identity != "" {
		d.tunnels[identity] = true
	}
	d.mu.Lock()
	b.ports[p.name] = p
	d.mu.Unlock()
	return nil
}

// deliver hands a frame that the switch sends to the other side of the device, and to the dummies that it is wired to.
func (d *Daemon) deliver(p *port, frame []byte) {
	p.pcap.Load().sent(frame, d.clock.Now())
	d.o.Host.Deliver(p.name, frame)
	for _, name := range d.wired(p.device) {
		d.Input(name, slices.Clone(frame))
	}
}

func (d *Daemon) removePort(b *bridge, p *port) {
	d.mu.Lock()
	delete(b.ports, p.name)
	d.mu.Unlock()
	b.sw.RemovePort(p.no)
	p.pcap.Load().close()
	b.numbers.giveBack(p.no, d.clock.Now())
	d.datapathOf(b).giveBack(p.dp)
	delete(d.tunnels, p.identity)
}

// datapathOf is what the bridges of a bridge's type share.
func (d *Daemon) datapathOf(b *bridge) *datapath {
	dp := d.datapaths[b.datapathType]
	if dp == nil {
		dp = newDatapath(b.datapathType)
		d.datapaths[b.datapathType] = dp
		if dp.dummy {
			d.dummies++ // the datapath itself is one
		}
	}
	return dp
}

func (b *bridge) portByNumber(no uint32) *port {
	for _, p := range b.ports {
		if p.no == no {
			return p
		}
	}
	return nil
}
