// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// filterTables lists the tables of nftables (iptables-nft makes such) and of the older iptables in the calling
// thread's network namespace. Without a table there is no rule.
func filterTables() ([]string, error) {
	tables, err := nftTables()
	if err != nil {
		return nil, err
	}
	for family, file := range map[string]string{
		"iptables": "/proc/thread-self/net/ip_tables_names", "ip6tables": "/proc/thread-self/net/ip6_tables_names",
	} {
		names, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue // no such filter in the kernel
		}
		if err != nil {
			return nil, err
		}
		for _, name := range strings.Fields(string(names)) {
			tables = append(tables, family+" "+name)
		}
	}
	return tables, nil
}

// nftTables asks nf_tables for its tables: NFT_MSG_GETTABLE of linux/netfilter/nf_tables.h.
func nftTables() ([]string, error) {
	const subsystem = unix.NFNL_SUBSYS_NFTABLES << 8
	req := nl.NewNetlinkRequest(subsystem|unix.NFT_MSG_GETTABLE, unix.NLM_F_DUMP)
	req.AddData(&nl.Nfgenmsg{NfgenFamily: unix.AF_UNSPEC, Version: unix.NFNETLINK_V0})
	msgs, err := req.Execute(unix.NETLINK_NETFILTER, subsystem|unix.NFT_MSG_NEWTABLE)
	switch {
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.EPROTONOSUPPORT):
		return nil, nil // no nf_tables in the kernel
	case err != nil:
		return nil, fmt.Errorf("list nftables tables: %w", err)
	}
	var tables []string
	for _, m := range msgs {
		if len(m) < nl.SizeofNfgenmsg {
			return nil, fmt.Errorf("list nftables tables: message of %d bytes", len(m))
		}
		attrs, err := nl.ParseRouteAttr(m[nl.SizeofNfgenmsg:])
		if err != nil {
			return nil, fmt.Errorf("list nftables tables: %w", err)
		}
		name := "?"
		for _, a := range attrs {
			if a.Attr.Type == unix.NFTA_TABLE_NAME {
				name = string(bytes.TrimRight(a.Value, "\x00"))
			}
		}
		tables = append(tables, "nftables "+name)
	}
	return tables, nil
}
