// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Names are the names that a switch has for its ports and tables. Where they are given, text may name a port or table,
// and text that is written does (ovs-ofctl(8), "--names"). A nil *Names has none; then there are numbers, and the names
// of the reserved ports. A name that two ports have stands for neither of them.
type Names struct {
	Ports  map[uint32]string
	Tables map[uint8]string
}

// Names asks the switch for the names of its ports and tables. A table of Open vSwitch has a name if the database gives it
// one (ovs-vswitchd.conf.db(5), column name of the table Flow_Table).
func (c *Conn) Names(ctx context.Context) (*Names, error) {
	ports, err := c.Ports(ctx)
	if err != nil {
		return nil, err
	}
	n := &Names{Ports: make(map[uint32]string, len(ports)), Tables: map[uint8]string{}}
	for _, p := range ports {
		n.Ports[p.No] = p.Name
	}
	tables, err := c.TableFeatures(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range tables {
		if t.Name != "" {
			n.Tables[t.Table] = t.Name
		}
	}
	return n, nil
}

// portNames are the ports whose names all switches share.
var portNames = map[uint32]string{
	PortInPort: "IN_PORT", PortTable: "TABLE", PortNormal: "NORMAL", PortFlood: "FLOOD", PortAll: "ALL",
	PortController: "CONTROLLER", PortLocal: "LOCAL", PortAny: "ANY", portUnset: "UNSET",
}

// portUnset is the value of actset_output where the action set has no output.
const portUnset uint32 = 0xfffffff7

// Port is a port as ovs-ofctl(8) writes it: by its name, if it has one, or its number.
func (n *Names) Port(port uint32) string { return n.port(port) }

func (n *Names) port(port uint32) string {
	if name, ok := portNames[port]; ok {
		return name
	}
	if n != nil {
		if name, ok := n.Ports[port]; ok && n.uniquePort(name) {
			return quoteName(name)
		}
	}
	return strconv.FormatUint(uint64(port), 10)
}

func (n *Names) uniquePort(name string) bool {
	_, ok := numberOf(n.Ports, name)
	return ok
}

// table is a table as ovs-ofctl(8) writes it.
func (n *Names) table(table uint8) string {
	if n != nil {
		if name, ok := n.Tables[table]; ok {
			if _, ok := numberOf(n.Tables, name); ok {
				return quoteName(name)
			}
		}
	}
	return strconv.Itoa(int(table))
}

// numberOf is the number of a name, if there is one and one only.
func numberOf[N uint8 | uint32](names map[N]string, name string) (number N, ok bool) {
	for n, have := range names {
		if have == name {
			if ok {
				return 0, false
			}
			number, ok = n, true
		}
	}
	return number, ok
}

// parsePort reads a port: a number, the name of a reserved port in letters of either case, or a name among n. Numbers
// from 0xff00 on are those of OpenFlow 1.0, which has 16 bits for them.
func (n *Names) parsePort(p piece) (uint32, error) {
	if number, err := strconv.ParseUint(p.s, 10, 32); err == nil {
		port := uint32(number)
		switch {
		case port < 0xff00 || port >= PortMax:
			return port, nil
		case port <= 0xffff:
			return 0xffff0000 | port, nil
		}
		return 0, p.errorf("port %q is out of range", p)
	}
	for port, name := range portNames {
		if strings.EqualFold(p.s, name) {
			return port, nil
		}
	}
	if strings.EqualFold(p.s, "NONE") {
		return PortAny, nil
	}
	if name, ok := unquoteName(p.s); ok && n != nil {
		if port, ok := numberOf(n.Ports, name); ok {
			return port, nil
		}
	}
	return 0, p.errorf("no port %q", p)
}

// parseTable reads a table: a number or a name among n.
func (n *Names) parseTable(p piece) (uint8, error) {
	if number, err := strconv.ParseUint(p.s, 10, 8); err == nil {
		return uint8(number), nil
	}
	if name, ok := unquoteName(p.s); ok && n != nil {
		if table, ok := numberOf(n.Tables, name); ok {
			return table, nil
		}
	}
	return 0, p.errorf("no table %q", p)
}

// quoteName is a name as ovs-ofctl(8) writes it: in quotes, with JSON's escapes, unless it consists of letters and
// digits and begins with a letter.
func quoteName(name string) string {
	plain := name != ""
	for i, c := range []byte(name) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		plain = plain && (letter || i > 0 && '0' <= c && c <= '9')
	}
	if plain {
		return name
	}
	b := []byte{'"'}
	for _, c := range []byte(name) {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' && strings.IndexByte("\b\f\n\r\t", c) >= 0:
			b = append(b, '\\', "bfnrt"[strings.IndexByte("\b\f\n\r\t", c)])
		case c < ' ':
			b = fmt.Appendf(b, "\\u%04x", c)
		default:
			b = append(b, c)
		}
	}
	return string(append(b, '"'))
}

// unquoteName is the opposite of quoteName. It reports whether s is a name at all.
func unquoteName(s string) (string, bool) {
	if s == "" || s[0] != '"' {
		return s, s != ""
	}
	if len(s) < 2 || s[len(s)-1] != '"' {
		return "", false
	}
	var b []byte
	for s = s[1 : len(s)-1]; s != ""; s = s[1:] {
		if s[0] != '\\' {
			b = append(b, s[0])
			continue
		}
		if s = s[1:]; s == "" {
			return "", false
		}
		switch i := strings.IndexByte("bfnrt", s[0]); {
		case i >= 0:
			b = append(b, "\b\f\n\r\t"[i])
		case s[0] == 'u' && len(s) >= 5:
			c, err := strconv.ParseUint(s[1:5], 16, 16)
			if err != nil {
				return "", false
			}
			b, s = append(b, string(rune(c))...), s[4:]
		case s[0] == '"' || s[0] == '\\' || s[0] == '/':
			b = append(b, s[0])
		default:
			return "", false
		}
	}
	return string(b), true
}
