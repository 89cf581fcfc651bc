// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/openflow"
)

// datapath gives out the port numbers of a datapath, which all bridges of a type share.
type datapath struct {
	dummy   bool
	bridges int
	users   map[uint32]int    // how many ports have a number
	named   map[string]uint32 // the numbers of the devices that tunnels share
}

func newDatapath(typ string) *datapath {
	return &datapath{dummy: typ == dummyDatapath, users: map[uint32]int{}, named: map[string]uint32{}}
}

// take takes the number for the device of an interface. A dummy datapath gives the number that is in the name, 100 higher
// for bridges, if it is free; else it is the lowest that is. All tunnels over the same device are one port of the
// datapath; patch ports are none.
func (dp *datapath) take(i *interfaceConfig, dev *device) uint32 {
	name := i.name
	switch {
	case dev.kind == patchType:
		return 0
	case isTunnel(dev.kind):
		name = tunnelDevice(i)
		if n := dp.named[name]; dp.users[n] > 0 {
			dp.users[n]++
			return n
		}
	}
	n := uint32(0)
	if dp.dummy {
		n = numberIn(name)
	}
	if n == 0 || dp.users[n] > 0 {
		for n = 1; dp.users[n] > 0; n++ {
		}
	}
	dp.users[n]++
	if isTunnel(dev.kind) {
		dp.named[name] = n
	}
	return n
}

// Why a port of a dummy datapath gets no other number.
var (
	errNoDummy       = errors.New("unknown datapath or not a dummy")
	errUnknownPort   = errors.New("unknown port")
	errBadPortNumber = errors.New("bad port number")
	errNumberInUse   = errors.New("port number already in use")
)

// RenumberPort gives a port of a dummy datapath, which a device of the same name is, another number in the datapath.
func (d *Daemon) RenumberPort(datapath, name string, number uint32) error {
	d.working.Lock()
	defer d.working.Unlock()
	dp := d.datapaths[dummyDatapath]
	if dp == nil || datapath != "ovs-"+dummyDatapath {
		return errNoDummy
	}
	for _, b := range d.bridges {
		p := b.ports[name]
		switch {
		case b.datapathType != dummyDatapath || p == nil || p.dp == 0 || isTunnel(p.kind):
			continue
		case number == 0 || number == openflow.PortAny:
			return errBadPortNumber
		case dp.users[number] > 0:
			return errNumberInUse
		}
		dp.giveBack(p.dp)
		dp.users[number]++
		d.mu.Lock()
		p.dp = number
		d.mu.Unlock()
		b.sw.ChangePort(p.no, func(p *pipeline.Port) { p.Datapath = number })
		return nil
	}
	return errUnknownPort
}

// giveBack ends the use of a number.
func (dp *datapath) giveBack(n uint32) {
	if dp.users[n]--; dp.users[n] <= 0 {
		delete(dp.users, n)
	}
}

// numberIn is the number that a dummy's name asks for; 0 for none.
func numberIn(name string) uint32 {
	at := strings.IndexAny(name, "0123456789")
	if at < 0 {
		return 0
	}
	digits := name[at:]
	if end := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
		digits = digits[:end]
	}
	n, err := strconv.ParseUint(digits, 10, 31)
	if err != nil {
		return 0
	}
	if strings.HasPrefix(name, "br") {
		n += 100
	}
	return uint32(n)
}

// tunnelDevice is the name of the datapath's device that carries a tunnel.
func tunnelDevice(i *interfaceConfig) string {
	port := tunnelPort(i)
	if port == 0 {
		return tunnelDevices[i.kind]
	}
	return fmt.Sprintf("%s_%d", tunnelDevices[i.kind], port)
}

// tunnelIdentity is what tells a tunnel from others of its datapath when a packet comes in.
func tunnelIdentity(i *interfaceConfig) string {
	option := func(key string) string { v, _ := i.option(key); return v }
	key := option("in_key")
	if key == "" {
		key = option("key")
	}
	if key != "flow" {
		n, _ := strconv.ParseUint(key, 0, 64)
		key = strconv.FormatUint(n, 10)
	}
	return strings.Join([]string{tunnelDevice(i), option("remote_ip"), option("local_ip"), key, option("packet_type")}, " ")
}
