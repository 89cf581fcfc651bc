// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// A Controller is an OpenFlow controller of a bridge: the columns of table
// Controller, ovs-vswitchd.conf.db(5). Only Target is required; what is zero has
// ovs-vswitchd's default, also in a controller that the bridge had before.
type Controller struct {
	// Target is where to connect to, "tcp:HOST[:PORT]", "ssl:HOST[:PORT]" or
	// "unix:PATH", or where to listen, "ptcp:[PORT][:HOST]",
	// "pssl:[PORT][:HOST]" or "punix:PATH". A bridge has one controller with a
	// target.
	Target string
	// Type is "primary" or "service". Primary ones control what the bridge does
	// when it has no connection, see FailMode; by default those that are
	// connected to are.
	Type string
	// ConnectionMode is "in-band" or "out-of-band".
	ConnectionMode string
	// InactivityProbe is the time of silence after which ovs-vswitchd asks for a
	// sign of life, in whole milliseconds; a pointer to 0 is never.
	InactivityProbe *time.Duration
	// MaxBackoff is the longest pause between attempts to connect, at least one
	// second.
	MaxBackoff time.Duration
	// LocalAddr and LocalGateway are what the bridge's own port is given for a
	// connection in-band, IPv4 only.
	LocalAddr    netip.Prefix
	LocalGateway netip.Addr
	// DisableAsync keeps what the controller has not asked for from it.
	DisableAsync bool
	// QueueSize is how many packets may wait for the controller, 1 to 512.
	QueueSize int
	// RateLimit and BurstLimit bound the packets sent to the controller, a
	// second and at once: at least 100 and 25.
	RateLimit, BurstLimit int
	// DSCP marks the connection's packets, 0 to 63.
	DSCP *int
	// ExternalIDs are set in Controller.external_ids. Other keys stay.
	ExternalIDs map[string]string
}

// A ControllerState is a controller and what ovs-vswitchd says of the connection
// to it.
type ControllerState struct {
	// Target is that of the [Controller].
	Target string
	// Connected says that there is a connection.
	Connected bool
	// Role is what the controller has asked to be, "other", "master" or
	// "slave"; empty without a connection.
	Role string
	// State is the state of the connection, such as "ACTIVE" or "BACKOFF", and
	// LastError the reason why the last one or the attempt at it failed, such
	// as "Connection refused". Both may be empty and lag by some seconds.
	State, LastError string
}

// controllerDSCP is the key of Controller.other_config with the DSCP.
const controllerDSCP = "dscp"

func (c *Controller) check() error {
	if err := checkTarget(c.Target); err != nil {
		return err
	}
	const inBand, outOfBand = vswitch.ControllerConnectionModeInBand, vswitch.ControllerConnectionModeOutOfBand
	gateway, local := c.LocalGateway, c.LocalAddr
	switch {
	case !slices.Contains([]string{"", vswitch.ControllerTypePrimary, vswitch.ControllerTypeService}, c.Type):
		return fmt.Errorf("type %q: neither primary nor service", c.Type)
	case !slices.Contains([]string{"", inBand, outOfBand}, c.ConnectionMode):
		return fmt.Errorf("connection mode %q: neither in-band nor out-of-band", c.ConnectionMode)
	case c.InactivityProbe != nil && (*c.InactivityProbe < 0 || *c.InactivityProbe%time.Millisecond != 0):
		return fmt.Errorf("inactivity probe %v: not a number of milliseconds", *c.InactivityProbe)
	case c.MaxBackoff != 0 && (c.MaxBackoff < time.Second || c.MaxBackoff%time.Millisecond != 0):
		return fmt.Errorf("maximum backoff %v: not a number of milliseconds from 1 s on", c.MaxBackoff)
	case local != (netip.Prefix{}) && (!local.IsValid() || !local.Addr().Is4()):
		return fmt.Errorf("local address %q: not an IPv4 address with its prefix length", local)
	case gateway.IsValid() && !gateway.Is4():
		return fmt.Errorf("local gateway %q: not an IPv4 address", gateway)
	case gateway.IsValid() && !local.IsValid():
		return fmt.Errorf("local gateway %q: without a local address", gateway)
	case c.DSCP != nil && (*c.DSCP < 0 || *c.DSCP > 63):
		return fmt.Errorf("DSCP %d: not between 0 and 63", *c.DSCP)
	}
	return errors.Join(
		checkRange("queue size", c.QueueSize, 1, 512),
		checkRange("rate limit", c.RateLimit, 100, maxInt32),
		checkRange("burst limit", c.BurstLimit, 25, maxInt32))
}

// checkTarget reports what is not a target of a controller.
func checkTarget(target string) error {
	method, rest, _ := strings.Cut(target, ":")
	bad := false
	switch method {
	case "unix", "punix", "tcp", "ssl":
		bad = rest == "" || rest[0] == ':'
	case "ptcp", "pssl":
		port, _, _ := strings.Cut(rest, ":")
		_, err := strconv.ParseUint(cmp.Or(port, "0"), 10, 16)
		bad = err != nil
	default:
		bad = true
	}
	if bad || strings.ContainsFunc(target, invalidInTarget) {
		return fmt.Errorf("target %q: want tcp:HOST[:PORT], ssl:HOST[:PORT], unix:PATH, "+
			"ptcp:[PORT][:HOST], pssl:[PORT][:HOST] or punix:PATH", target)
	}
	return nil
}

// checkControllers reports what is wrong with the controllers of a bridge.
func checkControllers(list []Controller) error {
	for i := range list {
		c := &list[i]
		if err := c.check(); err != nil {
			return fmt.Errorf("controller %q: %w", c.Target, err)
		}
		if slices.ContainsFunc(list[:i], func(d Controller) bool { return c.Target == d.Target }) {
			return fmt.Errorf("controller %q: given twice", c.Target)
		}
	}
	return nil
}

// row is the controller as a row.
func (c *Controller) row() *vswitch.Controller {
	r := &vswitch.Controller{
		Target:               c.Target,
		Type:                 optional(c.Type),
		ConnectionMode:       optional(c.ConnectionMode),
		MaxBackoff:           optional(c.MaxBackoff.Milliseconds()),
		ControllerQueueSize:  optional(int64(c.QueueSize)),
		ControllerRateLimit:  optional(int64(c.RateLimit)),
		ControllerBurstLimit: optional(int64(c.BurstLimit)),
		ExternalIDs:          maps.Clone(c.ExternalIDs),
	}
	if c.InactivityProbe != nil {
		r.InactivityProbe = vswitch.Optional(c.InactivityProbe.Milliseconds())
	}
	if c.LocalAddr.IsValid() {
		r.LocalIP = vswitch.Optional(c.LocalAddr.Addr().String())
		r.LocalNetmask = vswitch.Optional(netmask(c.LocalAddr))
	}
	if c.LocalGateway.IsValid() {
		r.LocalGateway = vswitch.Optional(c.LocalGateway.String())
	}
	if c.DisableAsync {
		r.EnableAsyncMessages = vswitch.Optional(false)
	}
	if c.DSCP != nil {
		r.OtherConfig = map[string]string{controllerDSCP: strconv.Itoa(*c.DSCP)}
	}
	return r
}

// controllerColumns are the columns of a controller that are not ovs-vswitchd's.
func controllerColumns(r *vswitch.Controller) ovsdb.Row {
	return ovsdb.Row{
		"target": r.Target, "type": r.Type, "connection_mode": r.ConnectionMode,
		"inactivity_probe": r.InactivityProbe, "max_backoff": r.MaxBackoff,
		"local_ip": r.LocalIP, "local_netmask": r.LocalNetmask, "local_gateway": r.LocalGateway,
		"enable_async_messages": r.EnableAsyncMessages, "controller_queue_size": r.ControllerQueueSize,
		"controller_rate_limit": r.ControllerRateLimit, "controller_burst_limit": r.ControllerBurstLimit,
		"other_config": r.OtherConfig, "external_ids": r.ExternalIDs,
	}
}

// controllerState tells of a controller.
func controllerState(r *vswitch.Controller) ControllerState {
	s := ControllerState{
		Target: r.Target, Connected: r.IsConnected, State: r.Status["state"], LastError: r.Status["last_error"],
	}
	if r.Role != nil {
		s.Role = *r.Role
	}
	return s
}
