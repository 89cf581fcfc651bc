// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// tunnelDevices are the devices of a datapath that carry the tunnels of a type. Interfaces must not be called so.
var tunnelDevices = map[string]string{
	"bareudp": "udp_sys", "erspan": "erspan_sys", "geneve": "genev_sys", "gre": "gre_sys", "gtpu": "gtpu_sys",
	"ip6erspan": "ip6erspan_sys", "ip6gre": "ip6gre_sys", "lisp": "lisp_sys", "stt": "stt_sys", "vxlan": "vxlan_sys",
}

// tunnelPorts are the destination ports of the types that go over UDP or the like.
var tunnelPorts = map[string]uint16{"geneve": 6081, "gtpu": 2152, "lisp": 4341, "stt": 7471, "vxlan": 4789}

// tunnelOptions collects what is wrong with the options of a tunnel. Only some mistakes keep it from being opened, but
// then all of them are told.
type tunnelOptions struct {
	name, kind   string
	values       map[string]string
	mistakes     []string
	remote       tunnelAddr
	local        tunnelAddr
	carriesEther bool
	carriesIP    bool
	gpe          bool
}

type tunnelAddr struct {
	set, flow bool
	ip        netip.Addr
}

// checkTunnel says why a tunnel cannot be opened with these options (ovs-vswitchd.conf.db(5), "Tunnel Options").
func checkTunnel(name, kind string, options map[string]string) error {
	t := &tunnelOptions{name: name, kind: kind, values: options}
	if t.read() && t.consistent() {
		return nil
	}
	return mistake(strings.Join(t.mistakes, "\n"))
}

// mistake is an error in the words of ovs-vswitchd.
type mistake string

func (m mistake) Error() string { return string(m) }

func (t *tunnelOptions) wrong(format string, args ...any) {
	t.mistakes = append(t.mistakes, t.name+": "+fmt.Sprintf(format, args...))
}

// read goes through the options one by one. It returns false at one that keeps the tunnel from being opened.
func (t *tunnelOptions) read() bool {
	keys := make([]string, 0, len(t.values))
	for k := range t.values {
		keys = append(keys, k)
	}
	hashOrder(keys, func(k string) string { return k })
	for _, k := range keys {
		if !t.option(k, t.values[k]) {
			return false
		}
	}
	return true
}

func (t *tunnelOptions) option(key, value string) bool {
	has := func(kinds ...string) bool {
		return slices.ContainsFunc(kinds, func(k string) bool { return strings.Contains(t.kind, k) })
	}
	switch key {
	case "remote_ip":
		return t.address(&t.remote, key, value)
	case "local_ip":
		return t.address(&t.local, key, value)
	case "tos":
		if n, err := strconv.ParseInt(value, 0, 32); value != "inherit" && (err != nil || n&^0xfc != 0) {
			t.wrong("invalid TOS %s", value)
		}
	case "exts":
		if t.kind != "vxlan" {
			t.wrong("unknown %s argument '%s'", t.kind, key)
			break
		}
		for _, ext := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' }) {
			t.gpe = t.gpe || ext == "gpe"
			if ext != "gbp" && ext != "gpe" {
				t.wrong("unknown extension '%s'", ext)
			}
		}
	case "erspan_idx":
		return t.hex(value, 0xfffff, "invalid erspan index: %s")
	case "erspan_hwid":
		return t.hex(value, 0x3f, "invalid erspan hardware ID: %s")
	case "erspan_ver":
		return t.oneOf(value, []string{"flow", "1", "2"}, "invalid erspan version: %s")
	case "erspan_dir":
		return t.oneOf(value, []string{"flow", "0", "1"}, "invalid erspan direction: %s")
	case "payload_type":
		_, err := strconv.ParseUint(value, 0, 16)
		return value == "mpls" || value == "ip" || err == nil
	case "ttl", "df_default", "key", "in_key", "out_key", "packet_type", "egress_pkt_mark",
		"remote_cert", "remote_name", "psk":
	case "dst_port":
		if tunnelPorts[t.kind] == 0 && t.kind != "bareudp" {
			t.wrong("unknown %s argument '%s'", t.kind, key)
		}
	case "csum":
		if !has("gre", "geneve", "stt", "vxlan") {
			t.wrong("unknown %s argument '%s'", t.kind, key)
		}
	case "seq":
		if !has("gre") {
			t.wrong("unknown %s argument '%s'", t.kind, key)
		}
	default:
		t.wrong("unknown %s argument '%s'", t.kind, key)
	}
	return true
}

func (t *tunnelOptions) address(a *tunnelAddr, key, value string) bool {
	if value == "flow" {
		a.flow = true
		return true
	}
	ip, err := netip.ParseAddr(value)
	switch {
	case err != nil:
		t.wrong("bad %s '%s'", t.kind, key)
	case key == "remote_ip" && ip.IsMulticast():
		t.wrong("multicast remote_ip=%s not allowed", value)
		return false
	default:
		a.ip, a.set = ip, true
	}
	return true
}

func (t *tunnelOptions) hex(value string, limit uint64, format string) bool {
	n, err := strconv.ParseUint(strings.TrimPrefix(value, "0x"), 16, 64)
	if value != "flow" && err == nil && n > limit {
		t.wrong(format, value)
		return false
	}
	return true
}

func (t *tunnelOptions) oneOf(value string, valid []string, format string) bool {
	if !slices.Contains(valid, value) {
		t.wrong(format, value)
		return false
	}
	return true
}

// consistent checks what options mean together.
func (t *tunnelOptions) consistent() bool {
	switch t.kind {
	case "lisp", "gtpu", "bareudp":
		t.carriesIP = true
	case "gre":
		t.carriesEther, t.carriesIP = true, true
	default:
		t.carriesEther, t.carriesIP = true, t.gpe
	}
	full := t.kind
	if full == "vxlan" {
		full = "VXLAN (without GPE)"
		if t.gpe {
			full = "VXLAN-GPE"
		}
	}
	packets, given := t.values["packet_type"]
	switch {
	case !given || packets == "ptap":
	case packets != "legacy_l2" && packets != "legacy_l3":
		t.wrong("unknown packet_type '%s'", packets)
		return false
	case packets == "legacy_l2" && !t.carriesEther:
		t.wrong("legacy_l2 configured on %s tunnel that cannot carry L2 traffic", full)
		return false
	case packets == "legacy_l3" && !t.carriesIP:
		t.wrong("legacy_l3 configured on %s tunnel that cannot carry L3 traffic", full)
		return false
	}
	switch {
	case !t.remote.flow && (!t.remote.set || t.remote.ip.IsUnspecified() && t.remote.ip.Is6()):
		t.wrong("%s type requires valid 'remote_ip' argument", t.kind)
	case t.local.flow && !t.remote.flow:
		t.wrong("%s type requires 'remote_ip=flow' with 'local_ip=flow'", t.kind)
	case t.local.set && t.remote.set && t.local.ip.Is4() != t.remote.ip.Is4():
		t.wrong("'remote_ip' and 'local_ip' has to be of the same address family")
	default:
		return true
	}
	return false
}
