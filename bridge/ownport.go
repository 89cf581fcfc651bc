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
	mac, fixed := fixedMAC(br)
	err = db.Wait(ctx, func() (bool, error) {
		if _, ok := db.BridgeByUUID(br.UUID); !ok {
			return false, errRemoved
		}
		iface, ok := db.Interface(br.Name)
		if !ok {
			return false, errors.New("not in the database")
		}
		if err := interfaceError(iface); err != nil {
			return false, err
		}
		if iface.OFPort == nil {
			return false, nil
		}
		if !fixed && iface.MACInUse != nil {
			mac, err = net.ParseMAC(*iface.MACInUse)
			return err == nil, err
		}
		return fixed, nil
	})
	if err != nil {
		return nil, fmt.Errorf("the bridge's own port: %w", err)
	}
	return mac, nil
}
