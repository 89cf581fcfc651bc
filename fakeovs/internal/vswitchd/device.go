// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import (
	"hash/fnv"
	"net"
	"slices"
	"strconv"
	"sync/atomic"
)

// datapathTypes are the values of Bridge.datapath_type that work; here they are all the same.
var datapathTypes = []string{dummyDatapath, "netdev", "system"}

const (
	dummyDatapath = "dummy"
	patchType     = "patch"
)

// The interface types that open, by what they need.
var (
	dummyTypes  = []string{"dummy", "dummy-internal", "dummy-pmd"}
	hostTypes   = []string{"internal", "tap"} // of the host, but made by the switch
	systemTypes = []string{"afxdp", "afxdp-nonpmd", "system"}
)

func isTunnel(kind string) bool { return tunnelDevices[kind] != "" }

func interfaceTypes() []string {
	types := slices.Concat([]string{patchType}, dummyTypes, hostTypes, systemTypes)
	for t := range tunnelDevices {
		types = append(types, t)
	}
	return types
}

// device is a network device that is open.
type device struct {
	name string
	kind string // as opened, see openKind
	mac  net.HardwareAddr
	mtu  int64 // 0: it has none
	// mtuRequested says that the MTU does not follow that of the bridge's other ports.
	mtuRequested bool
	// payload is the MTU for those who send frames; 0 sends any.
	payload atomic.Int64
	carrier bool
	// dummy says that there is nothing behind the device but what a test sends.
	dummy bool
	peer  string // of a patch port
	// options are those of the interface. A map is never changed.
	options map[string]string
	ifindex int64
	pcap    atomic.Pointer[pcaps] // of a dummy; nil without files
	// stream is a dummy's end of the wires between dummies, nil if it has none.
	stream atomic.Pointer[stream]
}

// openKind is the type of device that an interface type opens in a datapath.
func openKind(datapathType, kind string) string {
	switch {
	case kind != "internal":
		return kind
	case datapathType == dummyDatapath:
		return "dummy-internal"
	default:
		return "tap"
	}
}

// isVirtual reports whether a device is only a way to another bridge or host.
func (d *device) isVirtual() bool { return d.kind == patchType || isTunnel(d.kind) }

// hardwareAddr derives a stable, locally administered Ethernet address from a name.
func hardwareAddr(name string) net.HardwareAddr {
	h := fnv.New64a()
	h.Write([]byte(name))
	mac := net.HardwareAddr(h.Sum(nil)[:6])
	mac[0] = mac[0]&^1 | 2
	return mac
}

// HWAddr is the Ethernet address that a device of the host gets unless the database says otherwise.
func HWAddr(name string) net.HardwareAddr { return hardwareAddr(name) }

const defaultMTU = 1500

// The limits of what a device takes as its MTU.
const (
	minMTU = 68
	maxMTU = 65535
)

// openDevice opens the device of an interface, or says why it cannot be opened, in the words of ovs-vswitchd.
func (d *Daemon) openDevice(i *interfaceConfig, datapathType string) (*device, error) {
	dev := &device{name: i.name, kind: openKind(datapathType, i.kind), carrier: true}
	if reservedName(i.name) {
		return nil, mistake("") // which ovs-vswitchd explains to its log only
	}
	fails := func(reason string) (*device, error) {
		return nil, mistake("could not open network device " + i.name + " (" + reason + ")")
	}
	if reason := d.failure(i.name); reason != "" {
		return fails(reason)
	}
	dev.dummy = slices.Contains(dummyTypes, dev.kind) || dev.kind == "system" && d.o.DummySystem
	switch {
	case dev.dummy:
		dev.mac = net.HardwareAddr{0xaa, 0x55, 0xaa, 0x55, byte(d.dummies >> 8), byte(d.dummies)}
		d.dummies++
		dev.mtu = defaultMTU
	case slices.Contains(hostTypes, dev.kind):
		dev.mac, dev.mtu = hardwareAddr(i.name), defaultMTU
	case slices.Contains(systemTypes, dev.kind):
		if !d.o.Host.HasDevice(i.name) {
			return fails("No such device")
		}
		dev.mac, dev.mtu = hardwareAddr(i.name), defaultMTU
	case dev.isVirtual():
		dev.mac = hardwareAddr(i.name)
	default:
		return fails("Address family not supported by protocol")
	}
	if err := dev.configure(i, d.o.Dir); err != nil {
		return nil, err
	}
	dev.options = i.optionMap()
	return dev, nil
}

// configure gives a device what the database says of it, or says why it cannot be so.
func (dev *device) configure(i *interfaceConfig, dir string) error {
	switch {
	case dev.kind == patchType:
		if err := checkPatch(i); err != nil {
			return err
		}
		dev.peer, _ = i.option("peer")
	case isTunnel(dev.kind):
		if err := checkTunnel(i.name, i.kind, i.optionMap()); err != nil {
			return err
		}
	default:
		dev.ifindex = 0
		if s, ok := i.option("ifindex"); ok {
			if n, err := strconv.ParseInt(s, 10, 32); err == nil && n > 0 {
				dev.ifindex = n
			}
		}
		if dev.dummy {
			dev.capture(i, dir)
			dev.stream.Store(streamOf(i))
		}
	}
	dev.mtuRequested = false
	if i.row == nil || dev.mtu == 0 {
		return nil
	}
	if mtu, ok := i.row.Get("mtu_request").Integer(); ok {
		dev.mtuRequested = true
		if mtu >= minMTU && mtu <= maxMTU {
			dev.mtu = mtu
		}
	}
	return nil
}

// capture lets a dummy write the files that are configured.
func (dev *device) capture(i *interfaceConfig, dir string) {
	old, paths := dev.pcap.Load(), pcapPaths(i)
	switch {
	case paths == [3]string{}:
		dev.pcap.Store(nil)
	case old != nil && old.paths == paths:
		return
	default:
		dev.pcap.Store(openPcaps(paths, dir))
	}
	old.close()
}

func checkPatch(i *interfaceConfig) error {
	peer, ok := i.option("peer")
	switch {
	case !ok:
		return mistake(i.name + ": patch type requires valid 'peer' argument")
	case i.row.Get("options").Len() > 1:
		return mistake(i.name + ": patch type takes only a 'peer' argument")
	case peer == i.name:
		return mistake(i.name + ": patch peer must not be self")
	}
	return nil
}

// reservedName reports whether a name is that of a device which datapaths make for themselves.
func reservedName(name string) bool {
	for _, prefix := range tunnelDevices {
		if len(name) >= len(prefix) && name[:len(prefix)] == prefix {
			return true
		}
	}
	return len(name) > 4 && name[:4] == "ovs-" && slices.Contains(datapathTypes, name[4:])
}
