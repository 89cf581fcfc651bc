// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package uplink

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/ovskit/ovskit/internal/genl"
	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Of the interface to wireless devices, linux/nl80211.h.
const (
	nl80211             = "nl80211"
	nl80211GetInterface = 5 // NL80211_CMD_GET_INTERFACE
	nl80211AttrIfindex  = 3 // NL80211_ATTR_IFINDEX
)

// facts are what decides whether a device can be an uplink.
type facts struct {
	link     netlink.Link
	wireless bool
	// master is the name of the device that it belongs to.
	master string
	// stacked is the name of a device that takes frames from it.
	stacked string
	// holder is the bridge in the database that has a port of that name, or
	// is of that name.
	holder string
	// spare is an address of package hostaddr that is reached by it.
	spare string
}

// unsuitable says why a device cannot be an uplink; nothing does if it returns
// "".
func (f *facts) unsuitable() string {
	attrs := f.link.Attrs()
	switch {
	case attrs.Flags&net.FlagLoopback != 0:
		return "it is a loopback device"
	case attrs.EncapType != "ether" || len(attrs.HardwareAddr) != 6:
		return fmt.Sprintf("it is no Ethernet device but %s", attrs.EncapType)
	case f.holder != "":
		return fmt.Sprintf("it is a port of bridge %q in the database", f.holder)
	case f.spare != "":
		return fmt.Sprintf("spare address %s is reached by it (package hostaddr) and must be deleted first", f.spare)
	case f.master != "":
		return fmt.Sprintf("it belongs to device %q", f.master)
	case f.link.Type() == "openvswitch":
		return "it is an internal port of Open vSwitch"
	case f.link.Type() == "ipvlan" || f.link.Type() == "ipvtap":
		return "it is an ipvlan device, which receives only what is for its own addresses"
	case receivesOwnMAC(f.link):
		return fmt.Sprintf("it is a %s device, which receives only what is for its own MAC address", f.link.Type())
	case f.wireless:
		return "it is wireless: an access point accepts no frames from other MAC addresses than the station's own"
	case f.stacked != "":
		return fmt.Sprintf("device %q is on it and takes its frames", f.stacked)
	}
	return ""
}

// checkDevice fails with an UnsuitableError unless a device can be an uplink.
func checkDevice(db *vswitch.DB, ns *netns.NS, h *netlink.Handle, device string) (netlink.Link, error) {
	f := &facts{}
	var err error
	f.link, err = h.LinkByName(device)
	if errors.As(err, new(netlink.LinkNotFoundError)) {
		return nil, &UnsuitableError{device, fmt.Sprintf("there is no such device in network namespace %q", ns.Path())}
	}
	if err != nil {
		return nil, fmt.Errorf("device %q: %w", device, err)
	}
	attrs := f.link.Attrs()
	if br, ok := db.PortBridge(device); ok {
		f.holder = br.Name
	} else if br, ok := db.Bridge(device); ok {
		f.holder = br.Name
	}
	f.spare = spareAddress(db, device)
	links, err := h.LinkList()
	if err != nil {
		return nil, fmt.Errorf("list devices: %w", err)
	}
	for _, l := range links {
		switch {
		case attrs.MasterIndex != 0 && l.Attrs().Index == attrs.MasterIndex:
			f.master = l.Attrs().Name
		case l.Attrs().ParentIndex == attrs.Index && l.Attrs().NetNsID < 0 && takesFrames(l):
			f.stacked = l.Attrs().Name
		}
	}
	if f.wireless, err = isWireless(ns, attrs.Index); err != nil {
		return nil, fmt.Errorf("device %q: %w", device, err)
	}
	if reason := f.unsuitable(); reason != "" {
		return nil, &UnsuitableError{device, reason}
	}
	return f.link, nil
}

// spareAddress returns an address that package hostaddr has given a bridge on a
// device's link; empty if there is none.
func spareAddress(db *vswitch.DB, device string) string {
	for _, br := range db.Bridges() {
		for key, text := range br.ExternalIDs {
			addr, ok := strings.CutPrefix(key, mark.HostAddr)
			record := struct {
				Device string `json:"device"`
			}{}
			if ok && json.Unmarshal([]byte(text), &record) == nil && record.Device == device {
				return addr
			}
		}
	}
	return ""
}

// takesFrames reports whether a device has a receive handler on the one below
// it, of which there can be one only. VLAN devices come before that.
func takesFrames(l netlink.Link) bool {
	switch l.Type() {
	case "macvlan", "macvtap", "ipvlan", "ipvtap":
		return true
	}
	return false
}

// receivesOwnMAC reports whether a device shares another one, which passes to it what
// is for its MAC address.
func receivesOwnMAC(l netlink.Link) bool {
	var mode netlink.MacvlanMode
	switch l := l.(type) {
	case *netlink.Macvlan:
		mode = l.Mode
	case *netlink.Macvtap:
		mode = l.Mode
	default:
		return false
	}
	return mode != netlink.MACVLAN_MODE_PASSTHRU
}

// isWireless asks the kernel's part for wireless devices, if it is there.
func isWireless(ns *netns.NS, index int) (wireless bool, err error) {
	err = ns.Do(func() error {
		family, err := genl.Family(nl80211)
		if errors.Is(err, unix.ENOENT) {
			return nil
		}
		if err != nil {
			return err
		}
		_, err = genl.Request(family, nl80211GetInterface, nl80211AttrIfindex, binary.NativeEndian.AppendUint32(nil, uint32(index)))
		wireless = err == nil
		return nil // ENODEV: of another kind
	})
	return wireless, err
}
