// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/openflow"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
)

// The stations of the tests, by MAC and address.
type station struct {
	name string
	mac  net.HardwareAddr
	addr netip.Addr
	// addr4 is the IPv4 address of a station that goes by its IPv6 one; else it is not valid.
	addr4   netip.Addr
	port    uint32
	network string // of an endpoint
}

// addrs are all of a station's addresses.
func (s *station) addrs() []netip.Addr {
	if s.addr4.IsValid() {
		return []netip.Addr{s.addr4, s.addr}
	}
	return []netip.Addr{s.addr}
}

func newStation(name string, n byte, addr string) *station {
	return &station{name: name, mac: net.HardwareAddr{2, 0, 0, 0, 1, n}, addr: netip.MustParseAddr(addr)}
}

// lab is a fake switch with two networks: web (10.1.0.0/24: web2, web3; host access both ways; web2 publishes tcp/8080
// as 80) and db (10.2.0.0/24: db2; no way out, no host access).
type lab struct {
	t       *testing.T
	ctx     context.Context
	ovs     *fakeovs.OVS
	db      *vswitch.DB
	br      *bridge.Bridge
	client  *openflow.Client
	conn    *openflow.Conn // to look at the switch by
	sw      *flows.Switch
	options flows.Options
	connect openflow.ClientOptions
	host    *station
	router  *station // outside, on the uplink
	web2    *station
	web3    *station
	db2     *station
	far     netip.Addr // beyond the router
	web     flows.Network
	dbNet   flows.Network
}

func newLab(t *testing.T) *lab {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	l := &lab{
		t: t, ctx: ctx, ovs: fakeovs.New(t), options: flows.Options{Owner: "lab"}, connect: quick,
		host:   newStation("host", 0xff, "192.0.2.1"),
		router: newStation("router", 0xfe, "192.0.2.254"),
		web2:   newStation("web2", 2, "10.1.0.2"),
		web3:   newStation("web3", 3, "10.1.0.3"),
		db2:    newStation("db2", 4, "10.2.0.2"),
		far:    netip.MustParseAddr("203.0.113.1"),
		web: flows.Network{
			Name: "web", Gateways: []netip.Prefix{netip.MustParsePrefix("10.1.0.1/24")},
			Egress: flows.Via("eth0"), Host: flows.ToHost | flows.FromHost,
		},
		dbNet: flows.Network{Name: "db", Gateways: []netip.Prefix{netip.MustParsePrefix("10.2.0.1/24")}},
	}
	var err error
	if l.db, err = vswitch.Dial(ctx, ovsdb.Options{Endpoint: l.ovs.DatabaseEndpoint()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.db.Close() })
	if l.br, err = bridge.Ensure(ctx, l.db, bridge.Config{Name: "br0", MAC: l.host.mac}); err != nil {
		t.Fatal(err)
	}
	l.host.port = openflow.PortLocal
	l.web2.network, l.web3.network, l.db2.network = "web", "web", "db"
	ports, err := port.Open(l.db, port.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer ports.Close()
	for _, s := range []*station{l.router, l.web2, l.web3, l.db2} {
		if _, err := l.ovs.AddDevice(s.name, nil); err != nil {
			t.Fatal(err)
		}
		p, err := ports.Attach(ctx, port.Config{Bridge: "br0", Kind: port.Device, Name: s.name})
		if err != nil {
			t.Fatal(err)
		}
		s.port = p.OFPort
	}
	l.open()
	if err := l.sw.Set(ctx, l.objects()...); err != nil {
		t.Fatal(err)
	}
	return l
}

// open connects to the switch, as a program does when it starts.
func (l *lab) open() {
	l.t.Helper()
	l.look()
	client, err := openflow.Connect(l.ctx, l.br.Management(), l.connect)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { client.Close() })
	sw, err := flows.Open(l.ctx, client, l.options)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { sw.Close() })
	l.client, l.sw = client, sw
}

// look connects to the switch to see what it holds.
func (l *lab) look() {
	l.t.Helper()
	conn, err := openflow.Dial(l.ctx, l.br.Management(), openflow.Options{})
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { conn.Close() })
	l.conn = conn
}

// quick makes a client look soon for a switch that was away; quick15 has it speak OpenFlow 1.5, as shared ports need it.
var (
	quick   = openflow.ClientOptions{MinBackoff: time.Millisecond, MaxBackoff: 20 * time.Millisecond}
	quick15 = openflow.ClientOptions{Options: newest, MinBackoff: quick.MinBackoff, MaxBackoff: quick.MaxBackoff}
	newest  = openflow.Options{Versions: []openflow.Version{openflow.Version15}}
)

// restart is the end of the program and its next start.
func (l *lab) restart() {
	l.t.Helper()
	l.sw.Close()
	l.client.Close()
	l.conn.Close()
	l.open()
}

func (l *lab) objects() []flows.Object {
	host := flows.Host{MAC: l.host.mac}
	for _, a := range l.host.addrs() {
		host.Addrs = append(host.Addrs, netip.PrefixFrom(a, a.BitLen()-8))
	}
	return []flows.Object{
		host,
		flows.Uplink{Name: "eth0", Port: l.router.port, Addrs: l.host.addrs()},
		l.web, l.dbNet,
		l.endpoint(l.web2, "web", flows.PortMapping{Proto: flows.TCP, HostPort: 8080, Port: 80}),
		l.endpoint(l.web3, "web"),
		l.endpoint(l.db2, "db"),
	}
}

func (l *lab) endpoint(s *station, network string, publish ...flows.PortMapping) flows.Endpoint {
	return flows.Endpoint{
		Name: s.name, Network: network, Port: s.port, MAC: s.mac, Addrs: s.addrs(), Publish: publish,
	}
}

// frame is a packet in the words of the tests: "tcp 10.1.0.2:1000 > 192.0.2.1:8080 S ttl 64", with the stations' MACs.
type frame struct {
	from, to net.HardwareAddr
	proto    string // tcp, udp, sctp, ping, pong, icmp, too big, arp?, arp!, nd?, nd!
	src, dst netip.AddrPort
	flags    string // of TCP: S, SA, A, R, F
	ttl      uint8
	seq, ack uint32     // of TCP
	payload  []byte     // if it is not to be "hello"; of TCP, if it has one; of "too big", the packet that it is about
	target   netip.Addr // of "nd?" and "nd!"
	ndFlags  byte       // of "nd!" (RFC 4861, 4.4)
	icmpType byte       // of "icmp", and what comes before the payload
	body     []byte
}

func (f frame) String() string {
	switch f.proto {
	case "nd?", "nd!":
		return fmt.Sprintf("%s>%s %s %s>%s for %s", f.from, f.to, f.proto, f.src.Addr(), f.dst.Addr(), f.target)
	case "arp?", "arp!":
		return fmt.Sprintf("%s>%s %s %s for %s", f.from, f.to, f.proto, f.src.Addr(), f.dst.Addr())
	}
	return fmt.Sprintf("%s>%s %s %s>%s %s ttl %d", f.from, f.to, f.proto, f.src, f.dst, f.flags, f.ttl)
}

func (f frame) reply() frame {
	f.from, f.to, f.src, f.dst = f.to, f.from, f.dst, f.src
	f.flags = map[string]string{"S": "SA"}[f.flags]
	if f.proto == "ping" {
		f.proto = "pong"
	}
	return f
}

func (f frame) bytes(t *testing.T) []byte {
	t.Helper()
	eth := &layers.Ethernet{SrcMAC: f.from, DstMAC: f.to, EthernetType: layers.EthernetTypeIPv4}
	stack := []gopacket.SerializableLayer{eth}
	switch {
	case strings.HasPrefix(f.proto, "arp"):
		eth.EthernetType = layers.EthernetTypeARP
		arp := &layers.ARP{
			AddrType: layers.LinkTypeEthernet, Protocol: layers.EthernetTypeIPv4, HwAddressSize: 6, ProtAddressSize: 4,
			Operation: layers.ARPRequest, SourceHwAddress: f.from, SourceProtAddress: f.src.Addr().AsSlice(),
			DstHwAddress: make([]byte, 6), DstProtAddress: f.dst.Addr().AsSlice(),
		}
		if f.proto == "arp!" {
			arp.Operation, arp.DstHwAddress = layers.ARPReply, f.to
		}
		stack = append(stack, arp)
	case f.src.Addr().Is6():
		eth.EthernetType = layers.EthernetTypeIPv6
		ip := &layers.IPv6{Version: 6, HopLimit: f.ttl, SrcIP: f.src.Addr().AsSlice(), DstIP: f.dst.Addr().AsSlice()}
		stack = append(append(stack, ip), f.transport(t, ip, func(p layers.IPProtocol) { ip.NextHeader = p })...)
	default:
		ip := &layers.IPv4{Version: 4, TTL: f.ttl, SrcIP: f.src.Addr().AsSlice(), DstIP: f.dst.Addr().AsSlice()}
		stack = append(append(stack, ip), f.transport(t, ip, func(p layers.IPProtocol) { ip.Protocol = p })...)
	}
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, stack...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// transport is what follows the frame's IP header, whose protocol it sets.
func (f frame) transport(t *testing.T, ip gopacket.NetworkLayer, setProto func(layers.IPProtocol)) []gopacket.SerializableLayer {
	t.Helper()
	var top gopacket.SerializableLayer
	var payload gopacket.Payload
	switch v6 := f.src.Addr().Is6(); {
	case f.proto == "tcp":
		setProto(layers.IPProtocolTCP)
		top = &layers.TCP{
			SrcPort: layers.TCPPort(f.src.Port()), DstPort: layers.TCPPort(f.dst.Port()), Window: 1024,
			SYN: strings.Contains(f.flags, "S"), ACK: strings.Contains(f.flags, "A"), RST: strings.Contains(f.flags, "R"),
			FIN: strings.Contains(f.flags, "F"), Seq: f.seq, Ack: f.ack,
		}
		payload = f.payload
	case f.proto == "udp":
		setProto(layers.IPProtocolUDP)
		top, payload = &layers.UDP{SrcPort: layers.UDPPort(f.src.Port()), DstPort: layers.UDPPort(f.dst.Port())}, f.content()
	case f.proto == "sctp":
		setProto(layers.IPProtocolSCTP)
		init := []byte{1, 0, 0, 20, 0, 0, 0, 1, 0, 0, 16, 0, 0, 1, 0, 1, 0, 0, 0, 1} // RFC 4960, 3.3.2
		top, payload = &layers.SCTP{SrcPort: layers.SCTPPort(f.src.Port()), DstPort: layers.SCTPPort(f.dst.Port())}, init
	case v6:
		setProto(layers.IPProtocolICMPv6)
		top, payload = f.icmpv6(t)
	case f.proto == "ping" || f.proto == "pong":
		icmp := &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(layers.ICMPv4TypeEchoRequest, 0), Id: f.src.Port()}
		if f.proto == "pong" {
			icmp.TypeCode, icmp.Id = layers.CreateICMPv4TypeCode(layers.ICMPv4TypeEchoReply, 0), f.dst.Port()
		}
		setProto(layers.IPProtocolICMPv4)
		top, payload = icmp, f.content()
	case f.proto == "too big":
		setProto(layers.IPProtocolICMPv4)
		top = &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(
			layers.ICMPv4TypeDestinationUnreachable, layers.ICMPv4CodeFragmentationNeeded)}
		payload = f.payload
	case f.proto == "icmp":
		setProto(layers.IPProtocolICMPv4)
		top, payload = &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(f.icmpType, 0)}, slices.Concat(f.body, f.payload)
	default:
		t.Fatalf("no such protocol %q", f.proto)
	}
	if c, ok := top.(interface {
		SetNetworkLayerForChecksum(gopacket.NetworkLayer) error
	}); ok {
		if err := c.SetNetworkLayerForChecksum(ip); err != nil {
			t.Fatal(err)
		}
	}
	if payload == nil {
		return []gopacket.SerializableLayer{top}
	}
	return []gopacket.SerializableLayer{top, payload}
}

// content is the payload of a frame that has one in any case.
func (f frame) content() []byte {
	if f.payload != nil {
		return f.payload
	}
	return []byte("hello")
}

// icmpv6 is the ICMPv6 message of a frame: of "ping" and "pong"; of "nd?", by which the sender asks for the MAC of target;
// of "nd!", by which it tells its own; and others.
func (f frame) icmpv6(t *testing.T) (*layers.ICMPv6, gopacket.Payload) {
	t.Helper()
	typ, id, body := uint8(0), f.src.Port(), f.content()
	option := func(kind byte, mac net.HardwareAddr) []byte {
		if mac == nil {
			return nil
		}
		return append([]byte{kind, 1}, mac...)
	}
	switch f.proto {
	case "ping":
		typ = layers.ICMPv6TypeEchoRequest
	case "pong":
		typ, id = layers.ICMPv6TypeEchoReply, f.dst.Port()
	case "nd?":
		typ = layers.ICMPv6TypeNeighborSolicitation
		asker := f.from
		if f.src.Addr().IsUnspecified() {
			asker = nil
		}
		body = slices.Concat(make([]byte, 4), f.target.AsSlice(), option(1, asker))
	case "nd!":
		typ = layers.ICMPv6TypeNeighborAdvertisement
		body = slices.Concat([]byte{f.ndFlags, 0, 0, 0}, f.target.AsSlice(), option(2, f.from))
	case "redirect": // what is for target, to target itself
		typ = layers.ICMPv6TypeRedirect
		body = slices.Concat(make([]byte, 4), f.target.AsSlice(), f.target.AsSlice())
	case "too big":
		typ = layers.ICMPv6TypePacketTooBig
		body = slices.Concat([]byte{0, 0, 5, 0}, f.payload)
	case "icmp":
		typ, body = f.icmpType, slices.Concat(f.body, f.payload)
	default:
		t.Fatalf("no such protocol %q", f.proto)
	}
	if typ == layers.ICMPv6TypeEchoRequest || typ == layers.ICMPv6TypeEchoReply {
		body = slices.Concat([]byte{byte(id >> 8), byte(id), 0, 0}, body)
	}
	return &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(typ, 0)}, body
}

// send puts a frame into the switch at a station's port and holds what comes out, as "port frame" lines, against want.
// Whole frames are compared, so that checksums count.
func (l *lab) send(from *station, f frame, want ...delivery) {
	l.t.Helper()
	in := l.ovs.Bridge("br0").Inject(from.port, f.bytes(l.t))
	if in.Err() != nil {
		l.t.Fatal(in.Err())
	}
	outputs := in.Outputs()
	ok := len(outputs) == len(want)
	for i := 0; ok && i < len(want); i++ {
		ok = outputs[i].Port == want[i].to.port && slices.Equal(outputs[i].Frame, want[i].frame.bytes(l.t))
	}
	if ok {
		return
	}
	var got strings.Builder
	for _, o := range outputs {
		fmt.Fprintf(&got, "port %d: %s\n", o.Port, gopacket.NewPacket(o.Frame, layers.LayerTypeEthernet, gopacket.Default))
	}
	l.t.Errorf("%s sends %s\ngot:\n%swant:\n%v\ntrace:\n%s", from.name, f, &got, want, in.Trace())
}

type delivery struct {
	to    *station
	frame frame
}

func (d delivery) String() string { return fmt.Sprintf("port %d: %s", d.to.port, d.frame) }

// packet is an IPv4 packet between two stations with TTL 64, and the flag S if it is TCP.
func packet(proto string, from, to *station, srcPort, dstPort uint16) frame {
	f := frame{
		from: from.mac, to: to.mac, proto: proto, ttl: 64,
		src: netip.AddrPortFrom(from.addr, srcPort), dst: netip.AddrPortFrom(to.addr, dstPort),
	}
	switch proto {
	case "tcp":
		f.flags = "S"
	case "ping":
		f.dst = netip.AddrPortFrom(to.addr, 0)
	}
	return f
}

func (f frame) with(change func(*frame)) frame {
	change(&f)
	return f
}

func (l *lab) mustSet(objects ...flows.Object) {
	l.t.Helper()
	if err := l.sw.Set(l.ctx, objects...); err != nil {
		l.t.Fatal(err)
	}
}
