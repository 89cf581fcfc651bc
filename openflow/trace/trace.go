// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/ovskit/ovskit/internal/unixctl"
)

// Options say how to trace. The zero value asks the ovs-vswitchd of this machine and has no side effects.
type Options struct {
	// Socket is the control socket of ovs-vswitchd. Empty: it is looked for in RunDir.
	Socket string
	// RunDir is the directory with ovs-vswitchd.pid and the control socket. Empty: OVS_RUNDIR of the environment,
	// else /var/run/openvswitch.
	RunDir string
	// Frame is the packet from its Ethernet header on, without frame check sequence. What is not in the frame, such as
	// in_port, is taken from the flow. Nil: there is no packet, only the flow. A trace with a packet has its side
	// effects, save that it is not output: MACs and flows are learned, and controllers get it.
	Frame []byte
	// Generate has the switch make a packet of the flow, with the side effects that a Frame has. Not beside Frame.
	Generate bool
	// CTNext are the connection states that the packet comes back from conntrack with, one for each time, such as
	// "trk,est". A connection is new, "trk,new", in those that are left.
	CTNext []string
	// Names writes the names of ports instead of their numbers.
	Names bool
}

// ErrOptions says that the arguments are no question that a switch can be asked.
var ErrOptions = errors.New("bad options")

// ErrUnknownBridge says that the switch has no bridge of that name.
var ErrUnknownBridge = errors.New("unknown bridge")

// RefusedError is a trace that the switch did not make.
type RefusedError struct {
	Bridge, Flow string
	// Reason is the switch's answer, such as "Bad openflow flow syntax: bla=1: unknown field bla".
	Reason string
}

func (e *RefusedError) Error() string {
	if e.Is(ErrUnknownBridge) {
		return fmt.Sprintf("trace on bridge %q: unknown bridge", e.Bridge)
	}
	return fmt.Sprintf("trace %q on bridge %q: %s", e.Flow, e.Bridge, e.Reason)
}

// Is reports whether target is ErrUnknownBridge and that is the reason.
func (e *RefusedError) Is(target error) bool {
	return target == ErrUnknownBridge && e.Reason == e.Bridge+": "+ErrUnknownBridge.Error()
}

// Packet traces a packet that comes into a bridge. The flow says what it looks like, as "in_port=1,udp,udp_dst=53":
// fields that it does not name are zero, those that a field depends on stand before it, and nothing is masked. Names of ports and
// of fields are those of ovs-fields(7); of fields with several, tp_src, tp_dst and icmp_type are not taken in all protocols.
//
// The trace is of the flow tables as they are; no cache is asked. It is a [*RefusedError] if the switch refuses, which
// is [ErrUnknownBridge] for errors.Is if it has no such bridge, and [ErrOptions] if it cannot be asked. An error of the
// socket is an [io/fs.ErrNotExist] or [io/fs.ErrPermission] where that is the matter.
func Packet(ctx context.Context, bridge, flow string, o Options) (*Result, error) {
	args, err := o.arguments(bridge, flow)
	if err != nil {
		return nil, fmt.Errorf("trace %q on bridge %q: %w", flow, bridge, err)
	}
	socket := o.Socket
	if socket == "" {
		if socket, err = unixctl.Socket(o.RunDir, "ovs-vswitchd"); err != nil {
			return nil, fmt.Errorf("trace on bridge %q: %w", bridge, err)
		}
	}
	text, err := unixctl.Call(ctx, socket, "ofproto/trace", args...)
	var refused *unixctl.RefusedError
	if errors.As(err, &refused) {
		return nil, &RefusedError{Bridge: bridge, Flow: flow, Reason: refused.Reason}
	}
	if err != nil {
		return nil, fmt.Errorf("trace on bridge %q: %w", bridge, err)
	}
	r, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("trace %q on bridge %q: %w", flow, bridge, err)
	}
	return r, nil
}

// arguments are those of ofproto/trace.
func (o Options) arguments(bridge, flow string) ([]string, error) {
	switch {
	case bridge == "":
		return nil, fmt.Errorf("%w: the bridge has no name", ErrOptions)
	case strings.TrimSpace(flow) == "":
		return nil, fmt.Errorf("%w: the flow is empty, want at least in_port=PORT", ErrOptions)
	case o.Generate && o.Frame != nil:
		return nil, fmt.Errorf("%w: the packet is given, and one is to be generated as well", ErrOptions)
	}
	for _, arg := range append([]string{bridge, flow}, o.CTNext...) {
		if strings.HasPrefix(arg, "-") {
			return nil, fmt.Errorf("%w: %q would be taken for an option", ErrOptions, arg)
		}
	}
	var args []string
	for _, state := range o.CTNext {
		args = append(args, "--ct-next", state)
	}
	if o.Names {
		args = append(args, "--names")
	}
	if o.Generate {
		args = append(args, "--generate")
	}
	args = append(args, bridge, flow)
	if o.Frame != nil {
		args = append(args, hex.EncodeToString(o.Frame))
	}
	return args, nil
}
