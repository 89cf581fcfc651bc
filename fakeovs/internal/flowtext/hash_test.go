// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowtext_test

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/flowtext"
	"github.com/ovskit/ovskit/fakeovs/internal/ovshash"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// TestHashAsOpenVSwitch: the action multipath chooses the same, whatever it hashes and however it chooses.
func TestHashAsOpenVSwitch(t *testing.T) {
	const basis, links, arg = 50, 1000, 1500
	r := startReal(t)
	m := maker{rand.New(rand.NewPCG(13, 14))}
	for algorithm := openflow.MultipathModuloN; algorithm <= openflow.MultipathIterHash; algorithm++ {
		for _, links := range []int{1, 3, 64, links} {
			var actions []string
			for f := openflow.HashEthSrc; f <= openflow.HashSymmetricL3; f++ {
				actions = append(actions, fmt.Sprintf("multipath(%v,%d,%v,%d,%d,NXM_NX_REG%d[])", f, basis, algorithm, links, arg, f))
			}
			r.program("actions=" + strings.Join(actions, ","))
			for range 12 {
				text, k := m.flow()
				for f := openflow.HashEthSrc; f <= openflow.HashSymmetricL3; f++ {
					link := packet.ChooseLink(k.Hash(f, basis), algorithm, links, arg)
					k.SetUint(openflow.FieldReg0+openflow.Field(f), uint64(link))
				}
				out := r.appctl("ofproto/trace", text)
				_, want, _ := strings.Cut(out, "\nFinal flow: ")
				want, _, _ = strings.Cut(want, "\n")
				got := flowtext.FormatFlow(&k, nil)
				if want == "unchanged" {
					k.SetMetadata(&packet.Key{})
					k.SetUint(openflow.FieldInPort, 1)
					want = flowtext.FormatFlow(&k, nil)
				}
				if got != want {
					t.Errorf("%v among %d of %s:\ngot  %s\nwant %s", algorithm, links, text, got, want)
				}
			}
		}
	}
}

// TestMembersAsOpenVSwitch: the action bundle chooses the same member of those that are up.
func TestMembersAsOpenVSwitch(t *testing.T) {
	const basis = 7
	r := startReal(t)
	r.appctl("netdev-dummy/set-admin-state", "up")
	r.run("ovs-ofctl", "mod-port", r.ovs.Management("br0"), "p3", "down")
	for port, state := range map[string]string{"p1": "up", "p2": "up", "p3": "down", "p4": "up"} {
		r.run("ovs-vsctl", "--db="+r.ovs.DatabaseEndpoint(), "wait-until", "interface", port, "admin_state="+state)
	}
	m := maker{rand.New(rand.NewPCG(17, 18))}
	for f := openflow.HashEthSrc; f <= openflow.HashSymmetricL3; f++ {
		r.program(fmt.Sprintf("actions=bundle_load(%v,%d,hrw,ofport,NXM_NX_REG0[],members:1,2,3,4,LOCAL)", f, basis))
		for range 15 {
			text, k := m.flow()
			i := packet.ChooseMember(k.Hash(f, basis), 5, func(i int) bool { return i != 2 })
			k.SetUint(openflow.FieldReg0, []uint64{1, 2, 3, 4, 0xfffe}[i])
			_, want, _ := strings.Cut(r.appctl("ofproto/trace", text), "\nFinal flow: ")
			want, _, _ = strings.Cut(want, "\n")
			if got := flowtext.FormatFlow(&k, nil); got != want {
				t.Errorf("%v of %s:\ngot  %s\nwant %s", f, text, got, want)
			}
		}
	}
}

// TestDPHashAsOpenVSwitch: packets come back from the datapath with the same hash.
func TestDPHashAsOpenVSwitch(t *testing.T) {
	const basis = 9
	r := startReal(t)
	m := maker{rand.New(rand.NewPCG(19, 20))}
	for algorithm, hash := range []func(*packet.Key) uint32{
		func(k *packet.Key) uint32 { return ovshash.Int(k.Hash5Tuple(0), basis) },
		func(k *packet.Key) uint32 { return k.HashSymmetricL3L4(basis, false) },
	} {
		group := fmt.Sprintf("group_id=1,type=select,selection_method=dp_hash,selection_method_param=%#x,bucket=output:2,bucket=output:3",
			algorithm<<32|basis)
		r.run("ovs-ofctl", "-O", "OpenFlow15", "--may-create", "mod-group", r.ovs.Management("br0"), group)
		r.program("actions=group:1")
		for range 8 {
			_, k := m.flow()
			frame := packet.Compose(&k, packet.Filler(20))
			r.appctl("dpctl/del-flows")
			var p packet.Packet
			p.Init(frame, openflow.PacketEthernet, packet.MaxVLANs)
			want := fmt.Sprintf("dp_hash(0x%x/", hash(&p.Key))
			r.appctl("netdev-dummy/receive", "p1", hex.EncodeToString(frame))
			for {
				flows := r.appctl("dpctl/dump-flows")
				if !strings.Contains(flows, "dp_hash") {
					continue // not yet, or the test is at its end
				}
				if !strings.Contains(flows, want) {
					t.Errorf("hash of %x: want %s, got\n%s", frame, want, flows)
				}
				break
			}
		}
	}
}

// flow is a datapath's flow of a random frame from port 1.
func (m maker) flow() (string, packet.Key) {
	o := flowtext.ODP{VLANs: packet.MaxVLANs, Verbose: true}
	for {
		var p packet.Packet
		p.Init(m.frame(), openflow.PacketEthernet, packet.MaxVLANs)
		k := p.Key
		k.SetUint(openflow.FieldInPort, 1)
		text := o.Format(&k, nil)
		if k, _, err := o.Parse(text, nil); err == nil {
			return text, k
		}
	}
}

// TestHashMaskAsOpenVSwitch: a megaflow looks at what is hashed and at no more.
func TestHashMaskAsOpenVSwitch(t *testing.T) {
	r := startReal(t)
	m := maker{rand.New(rand.NewPCG(15, 16))}
	for f := openflow.HashEthSrc; f <= openflow.HashSymmetricL3; f++ {
		r.program(fmt.Sprintf("actions=multipath(%v,0,modulo_n,5,0,NXM_NX_REG0[])", f))
		for range 25 {
			text, k := m.flow()
			var mask packet.Key
			mask.Mask(openflow.FieldRecircID, openflow.FieldPacketType, openflow.FieldInPort, openflow.FieldEthType)
			if typ := k.Uint(openflow.FieldEthType); typ == openflow.EthTypeIPv4 || typ == openflow.EthTypeIPv6 {
				mask.Mask(openflow.FieldIPFrag)
			}
			mask.MaskHash(&k, f)
			megaflow(&k, &mask)
			out := r.appctl("ofproto/trace", text)
			_, want, _ := strings.Cut(out, "\nMegaflow: ")
			want, _, _ = strings.Cut(want, "\n")
			if got := flowtext.FormatMatch(&k, &mask, nil); got != want {
				t.Errorf("%v of %s:\ngot  %s\nwant %s", f, text, got, want)
			}
		}
	}
}

// megaflow takes out of a mask what the packet does not have, and what a datapath does not match, as Open vSwitch does.
func megaflow(k, mask *packet.Key) {
	if !k.Has(packet.VLANTPID) {
		mask.SetUint(openflow.FieldVLANTCI, 0)
	}
	if !k.Has(packet.InnerVLANTPID) {
		mask.SetUint(packet.InnerVLANTCI, 0)
	}
	proto := k.Uint(openflow.FieldIPProto)
	for _, f := range []openflow.Field{openflow.FieldTCPSrc, openflow.FieldTCPDst} {
		if proto == openflow.IPProtoICMP && k.Uint(openflow.FieldEthType) == openflow.EthTypeIPv4 ||
			proto == openflow.IPProtoICMPv6 && k.Uint(openflow.FieldEthType) == openflow.EthTypeIPv6 {
			mask.SetUint(f, mask.Uint(f)&0xff)
		}
		if k.Uint(openflow.FieldIPFrag)&2 != 0 {
			mask.SetUint(f, 0)
		}
	}
}
