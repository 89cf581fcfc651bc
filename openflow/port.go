// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"bytes"
	"fmt"
	"net"
)

// Reserved port numbers (OpenFlow 1.3.5, 7.2.1).
const (
	PortMax        uint32 = 0xffffff00
	PortInPort     uint32 = 0xfffffff8
	PortTable      uint32 = 0xfffffff9
	PortNormal     uint32 = 0xfffffffa
	PortFlood      uint32 = 0xfffffffb
	PortAll        uint32 = 0xfffffffc
	PortController uint32 = 0xfffffffd
	// PortLocal is the bridge's own port, the host's side of the switch.
	PortLocal uint32 = 0xfffffffe
	PortAny   uint32 = 0xffffffff
)

// PortDesc describes a port (OpenFlow 1.3.5, 7.2.1). What OpenFlow 1.4 and later say of optical ports and by experimenters'
// properties is left out.
type PortDesc struct {
	No     uint32
	HWAddr net.HardwareAddr
	// Name is at most 15 bytes long.
	Name string
	// Config and State are OFPPC_ and OFPPS_ flags.
	Config PortConfig
	State  PortState
	// Current, Advertised, Supported and Peer are OFPPF_ flags of the link.
	Current, Advertised, Supported, Peer uint32
	// CurrentSpeed and MaxSpeed are in kbit/s.
	CurrentSpeed, MaxSpeed uint32
}

// PortConfig are the OFPPC_ flags of a port, which its administrator sets.
type PortConfig uint32

// PortState are the OFPPS_ flags of a port, which its link sets.
type PortState uint32

// The flags of a port.
const (
	PortConfigDown       PortConfig = 1 << 0
	PortConfigNoReceive  PortConfig = 1 << 2
	PortConfigNoForward  PortConfig = 1 << 5
	PortConfigNoPacketIn PortConfig = 1 << 6

	PortStateLinkDown PortState = 1 << 0
	PortStateBlocked  PortState = 1 << 1
	PortStateLive     PortState = 1 << 2
)

const (
	portNameLen = 16

	// portLen is the length of a port in OpenFlow 1.3, and portLen14 that of one in later versions without its properties.
	portLen   = 64
	portLen14 = 40

	portEthernet = 0
)

func appendPort(b []byte, v Version, p PortDesc) ([]byte, error) {
	start := len(b)
	b, err := appendMAC(pad(be.AppendUint32(b, p.No), 4), p.HWAddr)
	if err != nil {
		return b, fmt.Errorf("port %d: %w", p.No, err)
	}
	b, err = appendCString(pad(b, 2), p.Name, portNameLen)
	if err != nil {
		return b, fmt.Errorf("port %d: name: %w", p.No, err)
	}
	b = be.AppendUint32(be.AppendUint32(b, uint32(p.Config)), uint32(p.State))
	if v >= Version14 {
		b = pad(be.AppendUint32(b, portEthernet<<16|8+6*4), 4)
	}
	for _, n := range []uint32{p.Current, p.Advertised, p.Supported, p.Peer, p.CurrentSpeed, p.MaxSpeed} {
		b = be.AppendUint32(b, n)
	}
	if v >= Version14 {
		be.PutUint16(b[start+4:], uint16(len(b)-start))
	}
	return b, nil
}

func decodePort(r *reader, v Version) (p PortDesc, err error) {
	var e *reader
	if v >= Version14 {
		e, err = entry(r, 4, portLen14, "port")
	} else if e = (&reader{b: r.bytes(portLen)}); r.short {
		err = malformed(ErrBadRequestLen, "port is too short")
	}
	if err != nil {
		return p, err
	}
	p.No = e.u32()
	e.skip(4)
	p.HWAddr = net.HardwareAddr(e.bytes(6))
	e.skip(2)
	p.Name = cString(e.bytes(portNameLen))
	p.Config, p.State = PortConfig(e.u32()), PortState(e.u32())
	if v < Version14 {
		p.decodeEthernet(e)
		return p, nil
	}
	return p, decodeProperties(e.rest(), v, func(property property) error {
		if property.typ != portEthernet {
			return nil
		}
		body := &reader{b: property.body}
		body.skip(4)
		p.decodeEthernet(body)
		if body.short || len(body.b) > 0 {
			return property.badLen(v, "port")
		}
		return nil
	})
}

func (p *PortDesc) decodeEthernet(r *reader) {
	p.Current, p.Advertised, p.Supported, p.Peer = r.u32(), r.u32(), r.u32(), r.u32()
	p.CurrentSpeed, p.MaxSpeed = r.u32(), r.u32()
}

// cString is the text before the first zero byte. The last byte is taken for a zero, which it must be.
func cString(b []byte) string {
	b, _, _ = bytes.Cut(b[:max(0, len(b)-1)], []byte{0})
	return string(b)
}
