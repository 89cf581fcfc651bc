// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"regexp"
	"strings"
)

// words are those parts of names that are not written with one capital.
var words = map[string]string{
	"acl": "ACL", "acls": "ACLs", "bfd": "BFD", "ca": "CA", "cfm": "CFM", "cidr": "CIDR", "copp": "CoPP", "ct": "CT", "cvlans": "CVLANs",
	"db": "DB", "dhcp": "DHCP", "dhcpv4": "DHCPv4", "dhcpv6": "DHCPv6", "dnat": "DNAT", "dns": "DNS", "dp": "DP",
	"dpdk": "DPDK", "dscp": "DSCP", "erspan": "ERSPAN", "fdb": "FDB", "gre": "GRE", "ha": "HA", "hv": "HV",
	"icmp": "ICMP", "id": "ID", "ids": "IDs", "ifindex": "IfIndex", "igmp": "IGMP", "ip": "IP", "ip4": "IP4", "ip6": "IP6",
	"ipfix": "IPFIX", "ips": "IPs", "ipsec": "IPsec", "ipv4": "IPv4", "ipv6": "IPv6", "kpkts": "KPkts", "lacp": "LACP",
	"lb": "LB", "lldp": "LLDP", "lport": "LPort", "mac": "MAC", "macs": "MACs", "mpid": "MPID", "mpids": "MPIDs", "mtu": "MTU", "nat": "NAT",
	"nb": "NB", "netflow": "NetFlow", "nic": "NIC", "nics": "NICs", "ofport": "OFPort", "ovs": "OVS", "qos": "QoS",
	"ra": "RA", "rbac": "RBAC", "rstp": "RSTP", "rx": "RX", "sb": "SB", "sctp": "SCTP", "sflow": "SFlow", "slb": "SLB", "snat": "SNAT",
	"ssl": "SSL", "stp": "STP", "stt": "STT", "tcp": "TCP", "tp": "TP", "ttl": "TTL", "tx": "TX", "udp": "UDP", "vip": "VIP",
	"vips": "VIPs", "vlan": "VLAN", "vlans": "VLANs", "vmac": "VMAC", "vni": "VNI", "vtep": "VTEP", "vxlan": "VXLAN",
}

var wordPattern = regexp.MustCompile(`^([a-zA-Z0-9]+)=([A-Z][a-zA-Z0-9]*)$`)

// addWord adds a word that is given as PART=NAME.
func addWord(words map[string]string, s string) error {
	m := wordPattern.FindStringSubmatch(s)
	if m == nil {
		return errors.New("want PART=NAME, of letters and digits, with a capital at the beginning of NAME")
	}
	words[strings.ToLower(m[1])] = m[2]
	return nil
}

// A speller writes Go names. It holds the words that are not in words, or
// otherwise there.
type speller map[string]string

// name turns the name of a table or column, a checked one, into an exported Go
// name.
func (s speller) name(name string) string { return s.join(strings.Split(name, "_")) }

// value turns a value of an enumeration into the end of a Go name. It is empty
// if the value has no letter or digit, of those that all names are made of.
func (s speller) value(value string) string {
	return s.join(strings.FieldsFunc(value, func(r rune) bool { return !isWordRune(r) }))
}

func (s speller) join(parts []string) string {
	var b strings.Builder
	for _, part := range parts {
		key := strings.ToLower(part)
		if word, ok := s[key]; ok {
			b.WriteString(word)
		} else if word, ok := words[key]; ok {
			b.WriteString(word)
		} else if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}

func isWordRune(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}
