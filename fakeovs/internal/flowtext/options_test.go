// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowtext_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/flowtext"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/internal/unixctl"
	"github.com/ovskit/ovskit/openflow"
)

// TestOptionsAsOpenVSwitch: ofproto/trace reads the options of Geneve the same, in both notations, and writes them so.
func TestOptionsAsOpenVSwitch(t *testing.T) {
	r := startReal(t)
	r.program("actions=2")
	r.run("ovs-vsctl", "--db="+r.ovs.DatabaseEndpoint(), "add-port", "br0", "geneve", "--", "set", "interface", "geneve",
		"type=geneve", "options:remote_ip=flow", "options:key=flow", "ofport_request=5")
	var options packet.Options
	var maps []string
	for _, m := range []openflow.TLVMap{
		{Class: 0xffff, Type: 0, Length: 4, Index: 0}, {Class: 0xffff, Type: 1, Length: 8, Index: 2},
		{Class: 0x102, Type: 0x80, Length: 124, Index: 63},
	} {
		if !options.Add(m) {
			t.Fatalf("no room for %v", m)
		}
		maps = append(maps, m.String())
	}
	r.run("ovs-ofctl", "add-tlv-map", r.ovs.Management("br0"), strings.Join(maps, ","))
	notation := flowtext.Notation{Options: &options}
	for _, text := range optionTexts {
		odp := strings.Contains(text, "eth(")
		args := []string{"br0", text}
		var k packet.Key
		var err error
		if odp {
			args = args[1:]
			k, _, err = flowtext.ODP{Options: &options}.Parse(text, map[string]uint32{"genev_sys_6081": 5})
		} else {
			k, err = notation.ParseFlow(text)
		}
		got := notation.Flow(&k)
		switch {
		case err == nil:
		case !odp:
			got = "Bad openflow flow syntax: " + err.Error()
		case errors.As(err, new(*flowtext.SyntaxError)):
			got = err.Error() + " (or the bridge name was omitted)"
		default:
			got = err.Error()
		}
		out, err := unixctl.Call(r.ctx, r.socket, "ofproto/trace", args...)
		want, _, _ := strings.Cut(strings.TrimPrefix(out, "Flow: "), "\n")
		if err != nil {
			_, want, _ = strings.Cut(err.Error(), ".ctl: ")
		}
		if got != want {
			t.Errorf("flow %q:\ngot  %s\nwant %s", text, got, want)
		}
	}
}

const geneve = "in_port(genev_sys_6081),tunnel(tun_id=0x5,src=1.1.1.1,dst=2.2.2.2,ttl=64,"

var optionTexts = []string{
	geneve + "geneve({class=0xffff,type=0,len=4,0xa}),flags(key)),eth()",
	geneve + "geneve({class=0xffff,type=0,len=4,0xa}{class=0xffff,type=0x1,len=8,0x123456789abcdef}),flags(key)),eth()",
	geneve + "geneve({class=0xffff,type=0,len=4}{class=5,type=0x1,len=8,0x1}),flags(key)),eth()",
	geneve + "geneve({class=0xffff,type=0,len=5,0xa}),flags(key)),eth()", geneve + "geneve({class=0xffff,type=0,len=4,0x123456789}),flags(key)),eth()",
	geneve + "geneve({class=0x102,type=0x80,len=124,0xff00000000000000000000000000000000000000000000000000001}),flags(key)),eth()",
	geneve + "geneve({class=0xffff,type=0,len=4,10),flags(key)),eth()",
	"tun_dst=1.1.1.1,tun_metadata0=0x1234", "tun_dst=1.1.1.1,tun_metadata0=5,tun_metadata2=0x123456789a", "tun_dst=1.1.1.1,tun_metadata1=5",
	"tun_dst=1.1.1.1,tun_metadata0=5/0xff", "tun_dst=1.1.1.1,tun_metadata0=x", "tun_dst=1.1.1.1,tun_metadata0=5,tun_metadata0=6",
	"tun_dst=1.1.1.1,tun_metadata0=0", "tun_dst=1.1.1.1,tun_metadata0", "tun_dst=1.1.1.1,tun_metadata0=*", "tun_metadata2=1",
}

// TestOptionsText: options have their masks with them, in both notations.
func TestOptionsText(t *testing.T) {
	var options packet.Options
	options.Add(openflow.TLVMap{Class: 0xffff, Length: 4})
	options.Add(openflow.TLVMap{Class: 0xffff, Type: 1, Length: 4, Index: 1})
	options.Add(openflow.TLVMap{Class: 0xffff, Type: 2, Length: 4, Index: 2})
	o := flowtext.ODP{Options: &options}
	const text = "tunnel(dst=2.2.2.2,ttl=64/0,geneve({class=0xffff,type=0,len=4,0xa/0xf}" +
		"{class=0xffff,type=0x1,len=4,0x5}{class=0xffff,type=0x2,len=4}),flags(-df+csum)),recirc_id(0),in_port(1),packet_type(ns=0,id=0)"
	value, mask, err := o.Parse(strings.Replace(text, "{class=0xffff,type=0x2,len=4}", "{class=0xffff,type=0x2,len=4,0x7/0}", 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	mask.SetUint(openflow.FieldEthType, 0)
	got, _, _ := strings.Cut(o.Format(&value, &mask), ",eth_type")
	if want := strings.Replace(text, "ttl=64/0,", "", 1); got != want {
		t.Errorf("flow of a datapath:\ngot  %s\nwant %s", got, want)
	}
	var only packet.Key
	for i, m := range [][]byte{{0, 0, 0, 0xf}, {0xff, 0xff, 0xff, 0xff}, {}} {
		options.Set(&only, openflow.FieldTunMetadata0+openflow.Field(i), m)
	}
	n := flowtext.Notation{Options: &options}
	if got, want := n.Match(&value, &only), "tun_metadata0=0xa/0xf,tun_metadata1=0x5,tun_metadata2"; got != want {
		t.Errorf("match: got %s, want %s", got, want)
	}
	if got, want := n.Match(&packet.Key{}, &only), "tun_metadata0=NP,tun_metadata1=NP,tun_metadata2=NP"; got != want {
		t.Errorf("match: got %s, want %s", got, want)
	}
}
