// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/conntrack"
	"github.com/ovskit/ovskit/fakeovs/internal/datapath"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// Options are the options of a new Switch.
type Options struct {
	// Name is the bridge's name.
	Name string
	// DatapathID is what the switch answers to a features request.
	DatapathID uint64
	// Versions has the bit 1<<v for each version v of OpenFlow that controllers may speak. 0 is all that there are.
	Versions uint32
	// PortChanged is called when a port has changed, if it is not nil. The switch is not locked.
	PortChanged func(port uint32)
	// Logger overrides the datapath's.
	Logger *slog.Logger
}

// Output is a frame that left the switch.
type Output struct {
	Port  uint32
	Frame []byte
	// Tunnel has the fields of the tunnel that the frame is sent through; nil without one.
	Tunnel *packet.Key

	port *Port
}

// Bridge is the bridge that the frame left by: another one than it came in to if it crossed a patch.
func (o *Output) Bridge() string { return o.port.s.name }

// Result is what became of a frame.
type Result struct {
	// Outputs are the frames that left the switch, in their order. None means that the frame was dropped.
	Outputs []Output

	in     uint32
	size   int
	tracer *tracer
}

// Switch is one bridge.
type Switch struct {
	dp          *Datapath
	portChanged func(port uint32)
	name        string
	datapathID  atomic.Uint64
	log         *slog.Logger

	// mu guards everything that packets and flow mods see. The bridges of a datapath share it, since packets cross from one
	// to another.
	mu    *sync.Mutex
	flows flowTables
	ports map[uint32]*Port
	// portNos are the port numbers in order; ordered are the ports in the order of their coming.
	portNos []uint32
	ordered []*Port
	macs    *macTable
	// groups are the members of multicast groups; nil where they are not heeded.
	groups *memberTable
	// links are what NORMAL sends packets to, in the order in which they came.
	links     []*link
	linkNames map[string]*link
	mirrors   [maxMirrors]*mirror
	// hits and misses are the look-ups in the datapath for packets that came in here.
	hits, misses uint64
	// failOpen is the flow of a switch whose controllers cannot be reached; nil where they can, or do not matter.
	failOpen *flow
	// mirroring says that there are mirrors.
	mirroring bool
	// limits are the features of the datapath that translations are kept from, to some amount.
	limits      map[Feature]int
	forwardBPDU bool
	// frags is how fragments are handled, as in a SwitchConfig.
	frags uint16
	desc  Description
	// events counts what flow monitors were told of; holding keeps back what they say.
	events  uint64
	holding bool
	// watching are the connections with flow monitors, as long as holding is set.
	watching []*conn
	// now is the time of the operation that holds mu.
	now time.Time

	// connMu guards the OpenFlow connections.
	connMu sync.Mutex
	conns  map[*conn]struct{}
	// internal are flows of the switch itself.
	internal internalFlows
	// connSerial is that of the last connection.
	connSerial uint64
	closed     bool
	// running are the goroutines of the connections.
	running sync.WaitGroup
	// versions are those that new connections may speak.
	versions uint32
	// generation is the last one a controller claimed a role with.
	generation    uint64
	hasGeneration bool
}

// NewSwitch makes a bridge without ports and flows.
func (d *Datapath) NewSwitch(o Options) *Switch {
	if o.Logger == nil {
		o.Logger = d.log
	}
	s := &Switch{
		dp:          d,
		mu:          &d.tables,
		name:        o.Name,
		portChanged: o.PortChanged,
		log:         o.Logger.With("bridge", o.Name),
		flows:       flowTables{seed: rand.Uint64() | 1},
		ports:       make(map[uint32]*Port),
		macs:        newMACTable(),
		linkNames:   make(map[string]*link),
		conns:       make(map[*conn]struct{}),
		internal:    newInternalFlows(),
	}
	s.flows.options.Store(new(packet.Options))
	s.datapathID.Store(o.DatapathID)
	s.SetVersions(o.Versions)
	s.addInternalFlows()
	return s
}

// Input evaluates a frame that comes in by a port, hands what leaves the switch to the ports' Receive functions, and
// says what happened. A frame on a port that does not exist is dropped.
//
// Receive functions run before Input returns, except those of frames that come of an Input within a Receive function
// or beside one in another goroutine: the Input that is handing frames over hands over those as well.
func (s *Switch) Input(port uint32, frame []byte) *Result { return s.InputTunnel(port, frame, nil) }

// Forward is Input without the account of what happened.
func (s *Switch) Forward(port uint32, frame []byte) {
	p := s.dp.parse(append([]byte(nil), frame...))
	s.begin()
	e := &evaluation{dp: s.dp, s: s}
	s.enter(e, p, port, len(frame))
	frames := s.deliveries(e.outputs, false)
	s.end()
	s.leave(frames, e.packetIns)
}

// enter lets a packet come in by a port. The switch is locked.
func (s *Switch) enter(e *evaluation, p *packet.Packet, port uint32, size int) {
	in := s.ports[port]
	if in == nil {
		return
	}
	in.countIn(size)
	if s.dp.held.Load() {
		return
	}
	p.Key.SetUint(openflow.FieldInPort, uint64(port))
	e.pass(p, &conntrack.Meta{}, nil, true)
}

// InputTunnel is Input for a frame that came through a tunnel with these fields; nil for none.
func (s *Switch) InputTunnel(port uint32, frame []byte, tunnel *packet.Key) *Result {
	p := s.dp.parse(append([]byte(nil), frame...))
	if tunnel != nil {
		copyTunnel(&p.Key, tunnel)
	}
	r := &Result{in: port, size: len(frame), tracer: newTracer()}
	s.begin()
	e := &evaluation{dp: s.dp, s: s, t: r.tracer}
	s.enter(e, p, port, len(frame))
	frames := s.deliveries(e.outputs, true)
	s.end()
	r.Outputs = e.outputs
	s.leave(frames, e.packetIns)
	return r
}

// packetOut is a checked PacketOut, ready to be carried out.
type packetOut struct {
	packet  *packet.Packet
	actions []openflow.Action
	// evaluation and made are what the flows make of it.
	evaluation *evaluation
	made       []datapath.Action
}

// preparePacketOut checks a message.
func (s *Switch) preparePacketOut(m *openflow.PacketOut) (*packetOut, error) {
	in := m.InPort
	if in == 0 {
		in = openflow.PortController
	}
	if in >= maxPort && in != openflow.PortLocal && in != openflow.PortController && in != openflow.PortAny {
		return nil, openflow.ErrBadPort
	}
	p := new(packet.Packet)
	given, _ := packet.Match(m.Match)
	p.Init(append([]byte(nil), m.Data...), openflow.PacketType(given.Uint(openflow.FieldPacketType)), s.dp.VLANLimit())
	options := s.Options()
	for _, f := range settled(m.Match, options) {
		if packet.Known(f.Field) || packet.IsOption(f.Field) {
			options.Write(&p.Key, f.Field, f.Value, f.Mask)
		}
	}
	c := checker{key: p.Key, mask: packet.PacketMask(&p.Key), options: options, used: new(uint64)}
	if err := c.actions(m.Actions); err != nil {
		return nil, err
	}
	p.Key.SetUint(openflow.FieldInPort, uint64(in))
	return &packetOut{packet: p, actions: m.Actions}, nil
}

// output carries the actions out on the frame, as if it had come in by a port.
func (s *Switch) output(out *packetOut) {
	s.begin()
	s.translate(out)
	s.end()
	s.send(out)
}

// translate finds what the flows that there are make of a packet-out. The switch is locked.
func (s *Switch) translate(out *packetOut) {
	e := &evaluation{dp: s.dp, s: s}
	x := newTranslation(e, s, &out.packet.Key)
	x.size, x.counts, x.effects, x.packet, x.packetOut = len(out.packet.Bytes()), true, true, out.packet, true
	out.evaluation, out.made = e, x.run(actionSteps(out.actions))
}

// send carries out what has been made of a packet-out.
func (s *Switch) send(out *packetOut) {
	s.begin()
	e := out.evaluation
	e.execute(out.packet, &conntrack.Meta{}, out.made)
	frames := s.deliveries(e.outputs, false)
	s.end()
	s.leave(frames, e.packetIns)
}

// begin locks the switch for an operation and lets time pass for it.
func (s *Switch) begin() {
	s.mu.Lock()
	s.pass(s.dp.now())
}

// pass lets time pass. The switch is locked.
func (s *Switch) pass(now time.Time) {
	s.now = now
	gone := s.flows.expired(now)
	for i := range gone {
		s.finished(gone[i:i+1], nil, 0)
	}
}

func (s *Switch) end() { s.mu.Unlock() }

// Expire lets time pass: flows and bundles whose time is over are removed, and the controllers told. Whatever else is
// done with the switch does that too.
func (s *Switch) Expire() {
	s.begin()
	now := s.now
	s.end()
	s.connMu.Lock()
	conns := s.sortedConns()
	s.connMu.Unlock()
	for _, c := range conns {
		c.expireBundles(now)
		c.probe(now)
	}
	s.runBonds()
}

// NextExpiry is the earliest time at which a flow may expire; false if none will.
func (s *Switch) NextExpiry() (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flows.next, len(s.flows.timed) > 0
}

// deliveries pairs frames with their receivers, who own them: kept says that the outputs are somebody else's.
func (s *Switch) deliveries(outputs []Output, kept bool) []delivery {
	frames := make([]delivery, 0, len(outputs))
	for _, o := range outputs {
		o.port.countOut(len(o.Frame))
		if o.port.Receive == nil {
			continue
		}
		frame := o.Frame
		if kept {
			frame = append([]byte(nil), frame...)
		}
		frames = append(frames, delivery{o.port.Receive, frame})
	}
	return frames
}

// leave sends what an evaluation has yielded on its way. The switch is not locked.
func (s *Switch) leave(frames []delivery, ins []packetIn) {
	for _, in := range ins {
		in.frozen.s.handOver(in)
	}
	if len(frames) > 0 {
		s.dp.deliver(frames)
	}
}

// AddFlow adds a flow as an OpenFlow flow-mod does, replacing one of the same table, priority and match. The error is
// or wraps the openflow.ErrorCode that a switch answers with.
func (s *Switch) AddFlow(f openflow.Flow) error {
	f.Match = f.Match.Canonical()
	return s.change(openflow.Add(f))
}

// ClearFlows removes all flows.
func (s *Switch) ClearFlows() {
	// Deleting everything cannot fail.
	_ = s.change(openflow.FlowMod{Command: openflow.FlowDelete, Flow: openflow.Flow{Table: openflow.AllTables}})
}

// Flush removes all flows, groups and meters, and tells controllers of the flows alone.
func (s *Switch) Flush() {
	s.ClearFlows()
	s.begin()
	defer s.end()
	s.finished(s.flows.deleteGroups(openflow.GroupAll), nil, 0)
	s.deleteMeters(openflow.MeterAll)
}

// change carries out a flow mod.
func (s *Switch) change(m openflow.FlowMod) error {
	f, err := prepare(m, s.Options())
	if err != nil {
		return err
	}
	return s.changeFlow(f, nil, 0)
}

// changeFlow carries out a checked flow mod, of a controller or, if that is nil, of the switch itself.
func (s *Switch) changeFlow(f *flowMod, c *conn, xid uint32) error {
	s.begin()
	defer s.end()
	changes, err := s.flows.apply(f, s.now)
	if err != nil {
		return err
	}
	s.finished(changes, c, xid)
	return nil
}
