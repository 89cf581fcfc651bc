// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
)

// defaultTTL is that of the packets of a tunnel.
const defaultTTL = 64

// setTunnels tells the switch what the tunnels of a bridge are.
func (d *Daemon) setTunnels(b *bridge, c *bridgeConfig) {
	for _, i := range c.interfaces {
		p := b.ports[i.name]
		if p == nil || !isTunnel(p.kind) {
			continue
		}
		t := tunnelOf(i)
		if now, ok := b.sw.Port(p.no); ok && now.Tunnel != nil && *now.Tunnel == t {
			continue
		}
		b.sw.ChangePort(p.no, func(p *pipeline.Port) { p.Tunnel = &t })
	}
}

// tunnelOf is what the options of an interface, which are good, say of a tunnel.
func tunnelOf(i *interfaceConfig) pipeline.Tunnel {
	option := func(key string) string { v, _ := i.option(key); return v }
	t := pipeline.Tunnel{
		RemoteFlow: option("remote_ip") == "flow", LocalFlow: option("local_ip") == "flow",
		InheritTTL: option("ttl") == "inherit", InheritToS: option("tos") == "inherit",
		DontFragment: option("df_default") != "false", Checksum: option("csum") == "true",
		TTL: defaultTTL, DstPort: tunnelPort(i), Geneve: i.kind == "geneve",
	}
	t.Remote, _ = netip.ParseAddr(option("remote_ip"))
	t.Local, _ = netip.ParseAddr(option("local_ip"))
	if n, err := strconv.Atoi(option("ttl")); err == nil && n != 0 {
		t.TTL = uint8(n)
	}
	if n, err := strconv.ParseInt(option("tos"), 0, 32); err == nil && n&^0xfc == 0 {
		t.ToS = uint8(n)
	}
	key := func(own string) (value uint64, flow, present bool) {
		text := option(own)
		if text == "" {
			text = option("key")
		}
		if text == "" {
			return 0, false, false
		}
		value, _ = strconv.ParseUint(text, 0, 64)
		return value, text == "flow", true
	}
	t.ERSPAN = erspanOf(option)
	if text := option("egress_pkt_mark"); text != "" {
		n, _ := strconv.ParseUint(text, 10, 32)
		t.Mark, t.HasMark = uint32(n), true
	}
	t.InKey, t.InKeyFlow, _ = key("in_key")
	t.OutKey, t.OutKeyFlow, t.HasOutKey = key("out_key")
	return t
}

// erspanOf is what options say of ERSPAN.
func erspanOf(option func(string) string) (e pipeline.ERSPAN) {
	number := func(key string, base int) (uint64, bool) {
		text := option(key)
		if base == 16 {
			text = strings.TrimPrefix(text, "0x")
		}
		n, _ := strconv.ParseUint(text, base, 32)
		return n, text == "flow"
	}
	version, flow := number("erspan_ver", 10)
	if flow {
		return pipeline.ERSPAN{VersionFlow: true, DirectionFlow: true, HardwareFlow: true, IndexFlow: true}
	}
	var n uint64
	e.Version = uint8(version)
	n, e.DirectionFlow = number("erspan_dir", 10)
	e.Direction = uint8(n)
	n, e.HardwareFlow = number("erspan_hwid", 16)
	e.HardwareID = uint8(n)
	n, e.IndexFlow = number("erspan_idx", 16)
	e.Index = uint32(n)
	return e
}

// tunnelPort is the destination port of a tunnel's packets; 0 if its type has none.
func tunnelPort(i *interfaceConfig) uint16 {
	port := tunnelPorts[i.kind]
	if s, ok := i.option("dst_port"); ok && (port != 0 || i.kind == "bareudp") {
		n, _ := strconv.Atoi(strings.TrimSpace(s))
		port = uint16(n)
	}
	return port
}
