// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package switchctl

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/ctlserver"
	"github.com/ovskit/ovskit/fakeovs/internal/flowtext"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/openflow"
)

func (t Target) traceCommands() []ctlserver.Command {
	return []ctlserver.Command{
		{
			Name: "ofproto/trace", Usage: "{[dp_name] odp_flow | bridge br_flow} [OPTIONS...] [-generate|packet]",
			Min: 1, Max: ctlserver.Any, Run: t.trace,
		},
		{
			Name:  "ofproto/trace-packet-out",
			Usage: "[-consistent] {[dp_name] odp_flow | bridge br_flow} [OPTIONS...] [-generate|packet] actions",
			Min:   2, Max: ctlserver.Any, Run: t.tracePacketOut,
		},
	}
}

func (t Target) trace(args []string) (string, error) {
	o, err := parseTrace(args, false)
	if err != nil {
		return "", err
	}
	sw, flow, err := t.tracedFlow(o)
	if err != nil {
		return "", err
	}
	return sw.Trace(&flow, o.TraceOptions), nil
}

func (t Target) tracePacketOut(args []string) (string, error) {
	in, err := openflow.ParseActions(args[len(args)-1], nil)
	if err != nil {
		return "", err
	}
	o, err := parseTrace(args[:len(args)-1], true)
	if err != nil {
		return "", err
	}
	sw, flow, err := t.tracedFlow(o)
	if err != nil {
		return "", err
	}
	port := uint32(flow.Uint(openflow.FieldInPort))
	o.Actions = in.Apply // as with Open vSwitch, no actions are those of the flow tables
	if o.consistent {
		m := &openflow.PacketOut{InPort: port, Actions: o.Actions, Data: packet.Compose(&flow, nil)}
		if _, err := sw.PreparePacketOut(m); err != nil {
			code := openflow.ErrBadRequestLen
			errors.As(err, &code)
			return "", fmt.Errorf("Bad actions: %w", code) //lint:ignore ST1005 the words of ovs-vswitchd
		}
	}
	return sw.Trace(&flow, o.TraceOptions), nil
}

// traceArgs is what a trace is asked for.
type traceArgs struct {
	pipeline.TraceOptions
	words                []string // what is no option: a name or not, a flow, a packet or not
	generate, consistent bool
	payload              []byte
}

const (
	maxPayload = 64000
	maxWords   = 3
)

// parseTrace sorts arguments.
func parseTrace(args []string, packetOut bool) (*traceArgs, error) {
	o := &traceArgs{payload: packet.Filler(fillerLen)}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "-generate" || arg == "--generate":
			o.generate = true
		case packetOut && (arg == "-consistent" || arg == "--consistent"):
			o.consistent = true
		case arg == "-names" || arg == "--names":
			o.Names = true
		case arg == "--l7" || arg == "--l7-len" || arg == "--ct-next":
			if i++; i == len(args) {
				return nil, ctlserver.Refusal("Missing argument for option " + arg)
			}
			if err := o.option(arg, args[i]); err != nil {
				return nil, err
			}
		case strings.HasPrefix(arg, "-"):
			return nil, fmt.Errorf("%s: unknown option", arg)
		case len(o.words) == maxWords:
			return nil, errors.New("too many arguments")
		default:
			o.words = append(o.words, arg)
		}
	}
	return o, nil
}

func (o *traceArgs) option(name, value string) error {
	switch name {
	case "--l7":
		b, err := hexBytes(value)
		if err != nil {
			return err
		}
		o.payload = b
	case "--l7-len":
		n := atoi(value)
		if n < 0 || n > maxPayload {
			return fmt.Errorf("%s: too much L7 data", value)
		}
		o.payload = packet.Filler(int(n))
	case "--ct-next":
		state, err := connectionState(value)
		if err != nil {
			return err
		}
		o.States = append(o.States, state)
	}
	return nil
}

// tracedFlow finds the switch that a flow comes into, and completes the flow by the packet, if there is one.
func (t Target) tracedFlow(o *traceArgs) (*pipeline.Bridge, packet.Key, error) {
	var frame []byte
	if n := len(o.words); !o.generate && n > 1 {
		b, err := hexFrame(o.words[n-1])
		switch {
		case err == nil:
			frame, o.words = b, o.words[:n-1]
		case n == maxWords:
			return nil, packet.Key{}, err
		}
	}
	if n := len(o.words); n != 1 && n != 2 {
		return nil, packet.Key{}, ctlserver.Refusal("Syntax error")
	}
	sw, flow, err := t.parseTraced(o.words)
	switch {
	case err != nil:
		return nil, packet.Key{}, err
	case o.generate:
		o.Frame = packet.Compose(&flow, o.payload)
	case frame != nil:
		var p packet.Packet
		p.Init(slices.Clone(frame), openflow.PacketEthernet, t.Daemon.VLANLimit())
		key := p.Key
		key.SetMetadata(&flow)
		flow, o.Frame = key, frame
	}
	return sw, flow, nil
}

// parseTraced reads the flow, which is the last of one or two words: one of the datapath that the other names, or of the
// only one, or of the bridge that it names.
func (t Target) parseTraced(words []string) (*pipeline.Bridge, packet.Key, error) {
	text := words[len(words)-1]
	var dp *datapath
	all := t.datapaths()
	if len(words) == 2 {
		kind := strings.TrimPrefix(words[0], "ovs-")
		if at := slices.IndexFunc(all, func(d *datapath) bool { return d.kind == kind }); at >= 0 {
			dp = all[at]
		}
	} else if len(all) == 1 {
		dp = all[0]
	}
	flow, _, err := flowtext.ODP{VLANs: t.Daemon.VLANLimit()}.Parse(text, dp.ports())
	var syntax *flowtext.SyntaxError
	switch {
	case err == nil && dp == nil:
		return nil, flow, ctlserver.Refusal("Cannot find the datapath")
	case err == nil:
		sw, err := t.receiver(dp, &flow)
		if err == nil && flow.TunnelSet() {
			flow, err = withOptions(flow, text, sw, dp)
		}
		return sw, flow, err
	case !errors.As(err, &syntax):
		return nil, flow, err
	case len(words) == 1:
		return nil, flow, fmt.Errorf("%w (or the bridge name was omitted)", err)
	}
	sw, ok := t.Daemon.Bridge(words[0])
	if !ok {
		return nil, flow, fmt.Errorf("%s: unknown bridge", words[0])
	}
	info, _ := t.info(words[0])
	names := &openflow.Names{Ports: map[uint32]string{}}
	for _, p := range info.Ports {
		names.Ports[p.No] = p.Name
	}
	flow, err = flowtext.Notation{Names: names, Options: sw.Options()}.ParseFlow(text)
	if err != nil {
		return nil, flow, fmt.Errorf("Bad openflow flow syntax: %w", err) //lint:ignore ST1005 the words of ovs-vswitchd
	}
	return sw.Bridge, flow, nil
}

// withOptions is a datapath's flow with the options of its tunnel, which are fields only in the bridge it comes in to.
func withOptions(flow packet.Key, text string, sw *pipeline.Bridge, dp *datapath) (packet.Key, error) {
	full, _, err := flowtext.ODP{Options: sw.Options()}.Parse(text, dp.ports())
	full.SetUint(openflow.FieldInPort, flow.Uint(openflow.FieldInPort))
	return full, err
}

// ports are the numbers of a datapath's ports by name; none of a nil one.
func (d *datapath) ports() map[string]uint32 {
	ports := map[string]uint32{}
	if d == nil {
		return ports
	}
	ports["ovs-"+d.kind] = 0
	for _, b := range d.bridges {
		for _, p := range b.Ports {
			if p.Datapath != 0 {
				ports[p.Name] = p.Datapath
			}
		}
	}
	return ports
}

// receiver is the switch whose port a datapath's flow comes in by, which is written to the flow in the place of the
// datapath's.
func (t Target) receiver(dp *datapath, flow *packet.Key) (*pipeline.Bridge, error) {
	if sw, ok, err := t.recirculated(dp, flow); ok || err != nil {
		return sw, err
	}
	in := uint32(flow.Uint(openflow.FieldInPort))
	if flow.TunnelSet() {
		return t.tunnelReceiver(dp, flow, in)
	}
	for _, b := range dp.bridges {
		for _, p := range b.Ports {
			if p.Datapath == 0 || p.Datapath != in {
				continue
			}
			if sw, ok := t.Daemon.Bridge(b.Name); ok {
				flow.SetUint(openflow.FieldInPort, uint64(p.No))
				return sw.Bridge, nil
			}
		}
	}
	return nil, fmt.Errorf("no OpenFlow port for datapath port %d", in)
}

// tunnelReceiver is receiver for a flow that comes through a tunnel.
func (t Target) tunnelReceiver(dp *datapath, flow *packet.Key, in uint32) (*pipeline.Bridge, error) {
	for _, b := range dp.bridges {
		sw, ok := t.Daemon.Bridge(b.Name)
		if !ok {
			continue
		}
		if sw, port, ok := sw.Datapath().Receiver(in, flow); ok {
			flow.SetUint(openflow.FieldInPort, uint64(port))
			return sw, nil
		}
		break
	}
	return nil, errors.New("no OpenFlow tunnel port for this packet")
}

// recirculated is receiver for a flow that comes back; ok is false for others.
func (t Target) recirculated(dp *datapath, flow *packet.Key) (sw *pipeline.Bridge, ok bool, err error) {
	id := uint32(flow.Uint(openflow.FieldRecircID))
	if id == 0 {
		return nil, false, nil
	}
	for _, b := range dp.bridges {
		if sw, ok := t.Daemon.Bridge(b.Name); ok {
			if sw, port, ok := sw.Datapath().Recirculated(id); ok {
				flow.SetUint(openflow.FieldInPort, uint64(port))
				return sw, true, nil
			}
			break
		}
	}
	return nil, false, fmt.Errorf("no recirculation data for recirc_id %#x", id)
}

// stateFlags are the names of the connection states.
var stateFlags = []struct {
	name string
	flag openflow.CTFlags
}{
	{"new", openflow.CTNew}, {"est", openflow.CTEstablished}, {"rel", openflow.CTRelated}, {"rpl", openflow.CTReply},
	{"inv", openflow.CTInvalid}, {"trk", openflow.CTTracked}, {"snat", openflow.CTSrcNAT}, {"dnat", openflow.CTDstNAT},
}

// connectionState reads a list of states, and refuses what no connection can be.
func connectionState(text string) (openflow.CTFlags, error) {
	var state openflow.CTFlags
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		at := slices.IndexFunc(stateFlags, func(f struct {
			name string
			flag openflow.CTFlags
		}) bool {
			return f.name == word
		})
		if at < 0 {
			return 0, fmt.Errorf("%s: unknown connection tracking state flag", word)
		}
		state |= stateFlags[at].flag
	}
	var names []string
	for _, f := range stateFlags {
		if state&f.flag != 0 {
			names = append(names, f.name)
		}
	}
	has := func(f openflow.CTFlags) bool { return state&f != 0 }
	var wrong strings.Builder
	for _, rule := range []struct {
		broken bool
		text   string
	}{
		{state != 0 && !has(openflow.CTTracked), `If "trk" is unset, no other flags are set`},
		{has(openflow.CTInvalid) && has(^(openflow.CTTracked | openflow.CTInvalid)), `when "inv" is set, only "trk" may also be set`},
		{has(openflow.CTNew) && has(openflow.CTEstablished), `"new" and "est" are mutually exclusive`},
		{has(openflow.CTNew) && has(openflow.CTReply), `"new" and "rpy" are mutually exclusive`},
	} {
		if rule.broken {
			fmt.Fprintf(&wrong, "%s: invalid connection state: %s\n", strings.Join(names, "|"), rule.text)
		}
	}
	if wrong.Len() > 0 {
		return 0, ctlserver.Refusal(wrong.String())
	}
	return state, nil
}
