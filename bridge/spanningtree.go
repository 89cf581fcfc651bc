// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

// An STP is the Spanning Tree Protocol of a bridge, IEEE 802.1D-1998. The zero STP
// turns it off. What is zero has ovs-vswitchd's default, also in a bridge that had
// another value.
type STP struct {
	// Enable turns the protocol on.
	Enable bool
	// SystemID identifies the bridge; by default it is its MAC address.
	SystemID net.HardwareAddr
	// Priority is 0 to 65535, 32768 by default. The bridge with the lowest one
	// becomes the root.
	Priority *int
	// HelloTime is 1 to 10 whole seconds, 2 by default; MaxAge 6 to 40, by
	// default 20; ForwardDelay 4 to 30, 15 by default. The standard wants
	// 2*(ForwardDelay-1s) >= MaxAge >= 2*(HelloTime+1s).
	HelloTime, MaxAge, ForwardDelay time.Duration
}

// An RSTP is the Rapid Spanning Tree Protocol of a bridge, IEEE 802.1D-2004. The
// zero RSTP turns it off. What is zero has ovs-vswitchd's default, also in a bridge
// that had another value. Its hello time is always two seconds.
type RSTP struct {
	// Enable turns the protocol on.
	Enable bool
	// Address identifies the bridge; by default it is its MAC address.
	Address net.HardwareAddr
	// Priority is a multiple of 4096 up to 61440, 32768 by default. The bridge
	// with the lowest one becomes the root.
	Priority *int
	// AgeingTime is 10 to 1000000 whole seconds, 300 by default.
	AgeingTime time.Duration
	// ForceSTP makes the bridge speak the older protocol.
	ForceSTP bool
	// MaxAge is 6 to 40 whole seconds, 20 by default; ForwardDelay 4 to 30, 15
	// by default. The standard wants 2*(ForwardDelay-1s) >= MaxAge.
	MaxAge, ForwardDelay time.Duration
	// TransmitHoldCount is how many messages may be sent in a second, 1 to 10, 6
	// by default.
	TransmitHoldCount int
}

// The defaults of ovs-vswitchd.
const (
	defaultHelloTime    = 2 * time.Second
	defaultMaxAge       = 20 * time.Second
	defaultForwardDelay = 15 * time.Second
)

// versionSTP is the value of rstp-force-protocol-version for STP.
const versionSTP = "0"

func (s *STP) check() error {
	if s.SystemID != nil && !isInterfaceMAC(s.SystemID) {
		return fmt.Errorf("system id %q: not the MAC address of an interface", s.SystemID)
	}
	if s.Priority != nil && (*s.Priority < 0 || *s.Priority > 0xffff) {
		return fmt.Errorf("priority %d: not between 0 and 65535", *s.Priority)
	}
	err := errors.Join(
		checkSeconds("hello time", s.HelloTime, 1, 10),
		checkSeconds("maximum age", s.MaxAge, 6, 40),
		checkSeconds("forward delay", s.ForwardDelay, 4, 30))
	if err != nil {
		return err
	}
	hello, age := cmp.Or(s.HelloTime, defaultHelloTime), cmp.Or(s.MaxAge, defaultMaxAge)
	if age < 2*(hello+time.Second) {
		return fmt.Errorf("maximum age %v: less than 2*(hello time %v + 1s)", age, hello)
	}
	return checkAge(age, s.ForwardDelay)
}

func (r *RSTP) check() error {
	if r.Address != nil && !isInterfaceMAC(r.Address) {
		return fmt.Errorf("address %q: not the MAC address of an interface", r.Address)
	}
	if r.Priority != nil && (*r.Priority < 0 || *r.Priority > 61440 || *r.Priority%4096 != 0) {
		return fmt.Errorf("priority %d: not a multiple of 4096 up to 61440", *r.Priority)
	}
	err := errors.Join(
		checkSeconds("ageing time", r.AgeingTime, 10, 1000000),
		checkSeconds("maximum age", r.MaxAge, 6, 40),
		checkSeconds("forward delay", r.ForwardDelay, 4, 30),
		checkRange("transmit hold count", r.TransmitHoldCount, 1, 10))
	if err != nil {
		return err
	}
	return checkAge(cmp.Or(r.MaxAge, defaultMaxAge), r.ForwardDelay)
}

// checkAge compares as the standards do, 802.1D-2004 section 17.14.
func checkAge(age, delay time.Duration) error {
	delay = cmp.Or(delay, defaultForwardDelay)
	if age > 2*(delay-time.Second) {
		return fmt.Errorf("maximum age %v: more than 2*(forward delay %v - 1s)", age, delay)
	}
	return nil
}

// otherConfig is what the settings are in Bridge.other_config; what is empty is
// not to be there.
func (s *STP) otherConfig() map[string]string {
	return map[string]string{
		"stp-system-id":     s.SystemID.String(),
		"stp-priority":      integer(s.Priority),
		"stp-hello-time":    seconds(s.HelloTime),
		"stp-max-age":       seconds(s.MaxAge),
		"stp-forward-delay": seconds(s.ForwardDelay),
	}
}

func (r *RSTP) otherConfig() map[string]string {
	version := ""
	if r.ForceSTP {
		version = versionSTP
	}
	return map[string]string{
		"rstp-address":                r.Address.String(),
		"rstp-priority":               integer(r.Priority),
		"rstp-ageing-time":            seconds(r.AgeingTime),
		"rstp-force-protocol-version": version,
		"rstp-max-age":                seconds(r.MaxAge),
		"rstp-forward-delay":          seconds(r.ForwardDelay),
		"rstp-transmit-hold-count":    count(r.TransmitHoldCount),
	}
}

// integer is a number as other_config has it, empty for nil.
func integer(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}

// count is a number as other_config has it, empty for 0.
func count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// seconds is a time as other_config has it, empty for 0.
func seconds(d time.Duration) string { return count(int(d / time.Second)) }
