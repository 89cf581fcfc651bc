// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"net"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
)

// attachedPort is a port of the bridge as the database has it.
type attachedPort struct {
	name   string
	ofport uint32
	mac    net.HardwareAddr // of what is attached; nil if nobody has said
	down   string           // why nothing passes the port; empty if it is up
	err    error
}

// readPorts reads the ports of a bridge by OpenFlow number, and those that have none.
func readPorts(db *vswitch.DB, ports *port.Manager, br *bridge.Bridge) (byNumber map[uint32]attachedPort, broken []attachedPort) {
	byNumber = map[uint32]attachedPort{}
	for _, name := range br.Ports {
		a := attachedPort{name: name}
		if p, err := ports.Get(name); err == nil {
			a.ofport, a.mac, a.err = p.OFPort, p.MAC, p.Err
		} else {
			a.err = err
		}
		if i, ok := db.Interface(name); ok {
			if a.mac == nil {
				a.mac, _ = net.ParseMAC(i.ExternalIDs[mark.AttachedMAC])
			}
			switch {
			case i.AdminState != nil && *i.AdminState == vswitch.InterfaceAdminStateDown:
				a.down = "its device is down: ip link set " + name + " up"
			case i.LinkState != nil && *i.LinkState == vswitch.InterfaceLinkStateDown:
				a.down = "its device has no link: the other end is down"
			}
		}
		if a.ofport == 0 {
			broken = append(broken, a)
		} else {
			byNumber[a.ofport] = a
		}
	}
	return byNumber, broken
}

// checkPorts compares the ports and MACs of intents with those of the bridge.
func checkPorts(db *vswitch.DB, ports *port.Manager, br *bridge.Bridge, intents flows.Intents) (found []finding) {
	byNumber, broken := readPorts(db, ports, br)
	note := func(o flows.Object, format string, args ...any) {
		found = append(found, finding{Area: areaPorts, Object: o.String(), Problem: fmt.Sprintf(format, args...)})
	}
	there := func(o flows.Object, number uint32) (attachedPort, bool) {
		p, ok := byNumber[number]
		switch {
		case !ok:
			note(o, "no port of bridge %s has the OpenFlow number %d", br.Name, number)
		case p.down != "":
			note(o, "nothing passes the port %s: %s", p.name, p.down)
		}
		return p, ok
	}
	for _, o := range intents.Objects {
		switch o := o.(type) {
		case flows.Host:
			if !bytes.Equal(br.MAC, o.MAC) {
				note(o, "the bridge's own port has the MAC %s, the host of the intents %s", br.MAC, o.MAC)
			}
		case flows.Uplink:
			there(o, o.Port)
		case flows.Endpoint:
			p, ok := there(o, o.Port)
			if ok && p.mac != nil && !bytes.Equal(p.mac, o.MAC) {
				note(o, "the port %s with its OpenFlow number %d leads to the MAC %s, the endpoint has %s", p.name, o.Port, p.mac, o.MAC)
				ok = false
			}
			for _, q := range byNumber {
				if !ok && bytes.Equal(q.mac, o.MAC) {
					note(o, "its MAC %s is at the port %s with the OpenFlow number %d: it is to be declared with that", o.MAC, q.name, q.ofport)
				}
			}
			if o.MirrorTo != 0 {
				there(o, o.MirrorTo)
			}
		}
	}
	for _, p := range broken {
		found = append(found, finding{Area: areaPorts, Problem: fmt.Sprintf("the port %s has no OpenFlow number: %v", p.name, p.err)})
	}
	return found
}
