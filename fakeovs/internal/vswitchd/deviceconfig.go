// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// configuration is what a device of a type says of its own settings, as dpif/show prints them: those of its interface's
// options that it knows and that say something else than it does without them.
func configuration(kind string, options map[string]string) map[string]string {
	c := shownConfig{kind: kind, options: options, shown: map[string]string{}}
	switch {
	case kind == patchType:
		c.same("peer")
	case isTunnel(kind):
		c.tunnel()
	case strings.HasPrefix(kind, "dummy"):
		if n, err := strconv.ParseInt(options["ifindex"], 10, 32); err == nil && n >= 0 {
			c.shown["ifindex"] = strconv.FormatInt(n, 10)
		}
		c.same("pstream", "stream")
	}
	return c.shown
}

type shownConfig struct {
	kind           string
	options, shown map[string]string
}

// same shows options as they were given.
func (c *shownConfig) same(keys ...string) {
	for _, key := range keys {
		if v := c.options[key]; v != "" {
			c.shown[key] = v
		}
	}
}

// number shows a number in another way.
func (c *shownConfig) number(key, format string, base int) {
	if v := c.options[key]; v != "" {
		n, _ := strconv.ParseUint(strings.TrimPrefix(v, "0x"), base, 64)
		c.shown[key] = fmt.Sprintf(format, n)
	}
}

func (c *shownConfig) tunnel() {
	for _, key := range []string{"remote_ip", "local_ip"} {
		v := c.options[key]
		if ip, err := netip.ParseAddr(v); err == nil && !ip.IsUnspecified() {
			c.shown[key] = ip.String()
		} else if v == "flow" {
			c.shown[key] = v
		}
	}
	in, out := c.key("in_key"), c.key("out_key")
	switch {
	case in == "" && out == "":
	case in == out:
		c.shown["key"] = in
	default:
		c.some("in_key", in)
		c.some("out_key", out)
	}
	if ttl := c.options["ttl"]; ttl == "inherit" {
		c.shown["ttl"] = ttl
	} else if n, err := strconv.Atoi(ttl); err == nil && uint8(n) != defaultTTL {
		c.shown["ttl"] = fmt.Sprint(uint8(n))
	}
	if tos := c.options["tos"]; tos == "inherit" {
		c.shown["tos"] = tos
	} else if n, err := strconv.ParseInt(tos, 0, 32); err == nil && n != 0 && n&^0xfc == 0 {
		c.shown["tos"] = fmt.Sprintf("0x%x", n)
	}
	if n, _ := strconv.Atoi(c.options["dst_port"]); n != 0 && uint16(n) != tunnelPorts[c.kind] {
		c.shown["dst_port"] = fmt.Sprint(uint16(n))
	}
	for key, said := range map[string]string{"csum": "true", "seq": "true", "df_default": "false"} {
		if c.options[key] == said {
			c.shown[key] = said
		}
	}
	if mode := c.options["packet_type"]; mode != "" && mode != c.usualPackets() {
		c.shown["packet_type"] = mode
	}
	c.number("egress_pkt_mark", "%d", 10)
	if strings.HasSuffix(c.kind, "erspan") {
		c.erspan()
	}
}

func (c *shownConfig) some(key, value string) {
	if value != "" {
		c.shown[key] = value
	}
}

// key is the key of one direction in decimal, "" for none.
func (c *shownConfig) key(own string) string {
	v := c.options[own]
	if v == "" {
		v = c.options["key"]
	}
	if v == "" || v == "flow" {
		return v
	}
	n, _ := strconv.ParseUint(v, 0, 64)
	return fmt.Sprint(n)
}

// usualPackets are those that a tunnel carries unless it is told otherwise.
func (c *shownConfig) usualPackets() string {
	switch c.kind {
	case "lisp", "gtpu", "bareudp":
		return "legacy_l3"
	}
	return "legacy_l2"
}

// erspan shows what goes with the version.
func (c *shownConfig) erspan() {
	keys := map[string][]string{"1": {"erspan_idx"}, "2": {"erspan_dir", "erspan_hwid"}}
	switch v := c.options["erspan_ver"]; v {
	case "flow":
		for _, key := range []string{"erspan_ver", "erspan_idx", "erspan_dir", "erspan_hwid"} {
			c.shown[key] = v
		}
	case "1", "2":
		c.shown["erspan_ver"] = v
		for _, key := range keys[v] {
			switch {
			case c.options[key] == "flow":
				c.shown[key] = "flow"
			case key == "erspan_dir":
				c.same(key)
			default:
				c.number(key, "0x%x", 16)
			}
		}
	}
}
