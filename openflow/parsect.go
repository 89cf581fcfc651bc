// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"net/netip"
	"strings"
)

func (a *actionParser) ct(p piece) (c CT, err error) {
	err = p.each(func(key, value piece) (bool, error) {
		switch key.s {
		case "commit":
			c.Commit = true
		case "force":
			c.Force = true
		case "table":
			table, err := a.names.parseTable(value)
			if err == nil && table == ctNoTable {
				err = value.errorf("table %d cannot be resumed in", table)
			}
			c.Resume, c.Table = true, table
			return true, err
		case "zone":
			return true, c.parseZone(value)
		case "alg":
			algs := map[string]uint16{"ftp": ALGFTP, "tftp": ALGTFTP}
			if c.ALG = algs[value.s]; c.ALG == 0 {
				return true, value.errorf("no helper for %q", value)
			}
		case "nat":
			n, err := a.nat(value)
			switch {
			case c.NAT != nil:
				err = key.errorf("nat stands twice")
			case len(c.Exec) > 0:
				c.Exec = append(c.Exec, n)
			default:
				c.NAT = &n
			}
			return true, err
		case "exec":
			exec, err := a.nested("exec", value)
			c.Exec = append(c.Exec, exec...)
			return true, err
		default:
			return false, nil
		}
		return true, nil
	})
	if err == nil && c.Force && !c.Commit {
		err = p.errorf("force needs commit")
	}
	return c, err
}

func (a *CT) parseZone(p piece) error {
	if err := num(p, &a.Zone); err == nil {
		a.ZoneFrom = nil
		return nil
	}
	s, err := parseSubfield(p, true)
	if err == nil && s.Bits != 16 {
		err = p.errorf("zone of %d bits, not 16", s.Bits)
	}
	a.ZoneFrom, a.Zone = &s, 0
	return err
}

func (a *actionParser) nat(p piece) (n NAT, err error) {
	err = p.each(func(key, value piece) (bool, error) {
		switch key.s {
		case "src", "dst":
			if n.Type != NATExisting {
				return true, key.errorf("nat of source and destination")
			}
			n.Type = NATSource
			if key.s == "dst" {
				n.Type = NATDestination
			}
			return true, n.parseRange(value)
		case "persistent":
			n.Persistent = true
		case "hash":
			n.Hash = true
		case "random":
			n.Random = true
		default:
			return false, nil
		}
		return true, nil
	})
	switch {
	case err != nil:
	case n.Type == NATExisting && n != (NAT{}):
		err = p.errorf("flags of nat need src or dst")
	case n.Hash && n.Random:
		err = p.errorf("nat cannot be hash and random")
	}
	return n.canonical(), err
}

// parseRange reads "address-address:port-port", of which all but the first is optional. IPv6 addresses stand in brackets
// where ports follow.
func (n *NAT) parseRange(p piece) error {
	if p.empty() {
		return nil
	}
	addrs, ports := p, p.from(len(p.s))
	if i := strings.LastIndexByte(p.s, ':'); i >= 0 && (strings.Contains(p.s, ".") && !strings.Contains(p.s[:i], ":") || p.s[i-min(i, 1)] == ']') {
		addrs, ports = p.to(i), p.from(i+1)
	}
	first, last, ranged := addrs.cut("-")
	var err error
	if n.AddrMin, err = parseNATAddr(first); err != nil {
		return err
	}
	if ranged {
		if n.AddrMax, err = parseNATAddr(last); err != nil {
			return err
		}
		if n.AddrMin.BitLen() != n.AddrMax.BitLen() || n.AddrMax.Less(n.AddrMin) {
			return p.errorf("%q is not a range of addresses", addrs)
		}
	}
	if ports.at == addrs.at+len(addrs.s) {
		return nil
	}
	low, high, ranged := ports.cut("-")
	if err := num(low, &n.PortMin); err != nil {
		return err
	}
	if ranged {
		if err := num(high, &n.PortMax); err != nil {
			return err
		}
	}
	if n.PortMin == 0 || ranged && n.PortMax < n.PortMin {
		return ports.errorf("%q is not a range of ports", ports)
	}
	return nil
}

func parseNATAddr(p piece) (netip.Addr, error) {
	text := p.s
	if len(text) > 2 && text[0] == '[' && text[len(text)-1] == ']' {
		text = text[1 : len(text)-1]
	}
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" || a.Is4() && text != p.s {
		return a, p.errorf("%q is not an IP address", p)
	}
	return a.Unmap(), nil
}
