// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"fmt"
	"net"
)

// PortMod changes what an administrator sets of a port (OpenFlow 1.3.5, 7.3.4.3). It has no reply.
type PortMod struct {
	Port uint32
	// HWAddr must be the port's; it is not changed.
	HWAddr net.HardwareAddr
	// Config is what the flags in Mask become.
	Config, Mask PortConfig
	// Advertise are the OFPPF_ flags of the link to advertise; 0 leaves them.
	Advertise uint32
}

const portModEthernet = 0

func (m PortMod) describe() string {
	return fmt.Sprintf("port-mod of port %s, config %#x/%#x", portString(m.Port), uint32(m.Config), uint32(m.Mask))
}

func (m PortMod) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	b, err := appendMAC(pad(be.AppendUint32(b, m.Port), 4), m.HWAddr)
	if err != nil {
		return b, 0, err
	}
	b = be.AppendUint32(pad(b, 2), uint32(m.Config&m.Mask))
	b = be.AppendUint32(b, uint32(m.Mask))
	switch {
	case v < Version14:
		b = pad(be.AppendUint32(b, m.Advertise), 4)
	case m.Advertise != 0:
		b = appendProperty32(b, portModEthernet, m.Advertise)
	}
	return b, typePortMod, nil
}

func decodePortMod(r *reader, v Version) (Message, error) {
	m := PortMod{Port: r.u32()}
	r.skip(4)
	m.HWAddr = net.HardwareAddr(r.bytes(6))
	r.skip(2)
	m.Config, m.Mask = PortConfig(r.u32()), PortConfig(r.u32())
	m.Config &= m.Mask
	if v < Version14 {
		m.Advertise = r.u32()
		r.skip(4)
		if len(r.b) > 0 {
			return ended(r, m)
		}
	}
	if r.short {
		return nil, malformed(ErrBadRequestLen, "port-mod is too short")
	}
	if _, ok := port16(m.Port); !ok {
		return nil, malformed(ErrBadOutPort, "port-mod of port %#x", m.Port)
	}
	err := decodeProperties(r.rest(), v, func(p property) (err error) {
		if p.typ != portModEthernet {
			return p.unknown(v, "port-mod")
		}
		m.Advertise, err = p.u32(v, "port-mod")
		return err
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}
