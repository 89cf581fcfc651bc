// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// waitOwnPort waits until ovs-vswitchd has made the bridge's own port and
// returns its MAC address: the configured one, or else the one that ovs-vswitchd
// has chosen and will report. A port that is not in the database is not waited for:
// the bridge was removed meanwhile, or was made without it.
func waitOwnPort(ctx context.Context, db *vswitch.DB, br *vswitch.Bridge) (mac net.HardwareAddr, err error) {
	if text, ok := br.OtherConfig[hwaddr]; ok {
		mac, _ = net.ParseMAC(text) // ovs-vswitchd ignores one that is not valid
	}
	err = db.Wait(ctx, func() (bool, error) {
		if _, ok := db.BridgeByUUID(br.UUID); !ok {
			return false, fmt.Errorf("somebody removed the bridge: %w", ErrNotFound)
		}
		iface, ok := db.Interface(br.Name)
		switch {
		case !ok:
			return false, errors.New("not in the database")
		case iface.Error != nil:
			return false, &vswitch.InterfaceError{Name: iface.Name, Text: *iface.Error}
		case iface.OFPort == nil:
			return false, nil
		case *iface.OFPort < 0:
			return false, &vswitch.InterfaceError{Name: iface.Name}
		case mac == nil && iface.MACInUse != nil:
			mac, err = net.ParseMAC(*iface.MACInUse)
			return err == nil, err
		}
		return mac != nil, nil
	})
	if err != nil {
		return nil, fmt.Errorf("the bridge's own port: %w", err)
	}
	return mac, nil
}
