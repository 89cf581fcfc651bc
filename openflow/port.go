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

// PortDesc describes a port (OpenFlow 1.3.5, 7.2.1).
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
	portLen     = 64
	portNameLen = 16
)

func appendPort(b []byte, p PortDesc) ([]byte, error) {
	if len(p.HWAddr) != 6 {
		return b, fmt.Errorf("port %d: hardware address of %d bytes", p.No, len(p.HWAddr))
	}
	b = pad(be.AppendUint32(b, p.No), 4)
	b = pad(append(b, p.HWAddr...), 2)
	b, err := appendCString(b, p.Name, portNameLen)
	if err != nil {
		return b, fmt.Errorf("port %d: name: %w", p.No, err)
	}
	for _, v := range []uint32{uint32(p.Config), uint32(p.State), p.Current, p.Advertised, p.Supported, p.Peer,
		p.CurrentSpeed, p.MaxSpeed} {
		b = be.AppendUint32(b, v)
	}
	return b, nil
}

func decodePort(r *reader) (p PortDesc) {
	p.No = r.u32()
	r.skip(4)
	p.HWAddr = net.HardwareAddr(r.bytes(6))
	r.skip(2)
	p.Name = cString(r.bytes(portNameLen))
	p.Config, p.State = PortConfig(r.u32()), PortState(r.u32())
	p.Current, p.Advertised, p.Supported, p.Peer = r.u32(), r.u32(), r.u32(), r.u32()
	p.CurrentSpeed, p.MaxSpeed = r.u32(), r.u32()
	return p
}

// cString is the text before the first zero byte. The last byte is taken for a zero, which it must be.
func cString(b []byte) string {
	b, _, _ = bytes.Cut(b[:max(0, len(b)-1)], []byte{0})
	return string(b)
}
