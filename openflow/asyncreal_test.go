// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	of "github.com/ovskit/ovskit/openflow"
)

// udp is a packet as netdev-dummy/receive reads it.
func udp(src, dst int) string {
	return fmt.Sprintf("in_port(1),eth(src=0a:00:00:00:00:01,dst=0a:00:00:00:00:02),eth_type(0x0800),"+
		"ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,tos=0,ttl=64,frag=no),udp(src=%d,dst=%d)", src, dst)
}

// TestRealPacketIn has packets handed over in each format, and goes on with one that was paused.
func TestRealPacketIn(t *testing.T) {
	t.Parallel()
	ovs := realSwitch(t)
	endpoint := ovs.Management("br0")
	eachVersion(t, of.Version13, func(t *testing.T, v of.Version) {
		ctx := testContext(t)
		c, s := attend(t, endpoint, v)
		ofctl(t, v, "del-flows", endpoint)
		addFlowLines(t, v, endpoint, "table=0,cookie=0x77,in_port=1 actions=set_field:5->metadata,resubmit(,1)\n"+
			"table=1,cookie=0x78,in_port=1,metadata=5 "+
			"actions=controller(userdata=01.02.03,pause),set_field:6->metadata,controller(reason=invalid_ttl)")
		// What the datapath has kept of the flows of other versions; a flow that a revalidator looks at is not purged.
		for _, method := range []string{"revalidator/pause", "revalidator/purge", "revalidator/resume"} {
			appctl(t, ovs, method)
		}
		// A packet that was paused counts for the flow that it came in by.
		want := of.PacketIn{BufferID: of.NoBuffer, Table: 0, Cookie: 0x77, Reason: of.PacketInAction,
			Match: of.Match{of.InPort(1), of.Uint(of.FieldMetadata, 5)}}
		for _, format := range []of.PacketInFormat{of.PacketInStandard, of.PacketInNX, of.PacketInNX2} {
			must(t, c.SetPacketInFormat(ctx, format))
			appctl(t, ovs, "netdev-dummy/receive", "p1", udp(1000, 2000))
			in := nextOf[of.PacketIn](t, s)
			if len(in.Data) < 42 || int(in.TotalLen) != len(in.Data) {
				t.Errorf("%v: packet of %d bytes, %d of them here", format, in.TotalLen, len(in.Data))
			}
			if format == of.PacketInNX2 && (string(in.Userdata) != "\x01\x02\x03" || len(in.Continuation) == 0) {
				t.Errorf("userdata % x, continuation of %d bytes", in.Userdata, len(in.Continuation))
			}
			got := in
			got.Format, got.Data, got.TotalLen, got.Userdata, got.Continuation = 0, nil, 0, nil, nil
			if diff := cmp.Diff(want, got, cmpOptions); diff != "" || in.Format != format {
				t.Errorf("format %v, want %v (-want +got):\n%s", in.Format, format, diff)
			}
			if format != of.PacketInNX2 {
				continue
			}
			in.Data = bytes.Clone(in.Data)
			in.Data[len(in.Data)-1] = 0x99
			must(t, c.Resume(ctx, in))
			resumed := nextOf[of.PacketIn](t, s)
			if !bytes.Equal(resumed.Data, in.Data) || resumed.Reason != of.PacketInInvalidTTL ||
				!resumed.Match[1].Equal(of.Uint(of.FieldMetadata, 6)) || len(resumed.Userdata) != 0 {
				t.Errorf("after the packet was resumed there comes %+v", resumed)
			}
			quiet(t, c, s)
		}
		stale := of.PacketIn{BufferID: of.NoBuffer, Match: want.Match, Data: make([]byte, 60), TotalLen: 60}
		if err := c.Resume(ctx, stale); !errors.Is(err, of.ErrResumeStale) {
			t.Errorf("a packet without continuation gives %v, want %v", err, of.ErrResumeStale)
		}
		if err := c.SetPacketInFormat(ctx, 9); !errors.Is(err, of.ErrRequestPermission) {
			t.Errorf("an unknown format gives %v, want %v", err, of.ErrRequestPermission)
		}

		// The reason says more from OpenFlow 1.4 on.
		packet := of.PacketOut{InPort: 2, Actions: []of.Action{of.Output{Port: of.PortController, MaxLen: of.WholePacket}},
			Data: make([]byte, 60)}
		reason, match := of.PacketInAction, of.Match{of.InPort(2)}
		if v >= of.Version14 {
			reason = of.PacketInPacketOut
		}
		if v >= of.Version15 {
			packet.Match = of.Match{of.Uint(of.FieldMetadata, 8)}
			match = match.With(packet.Match...)
		}
		must(t, c.Apply(ctx, packet))
		in := nextOf[of.PacketIn](t, s)
		if in.Reason != reason || !bytes.Equal(in.Data, packet.Data) || cmp.Diff(match, in.Match, cmpOptions) != "" {
			t.Errorf("the packet that was sent comes back as %+v", in)
		}

		// Another controller's packets go by.
		must(t, c.SetControllerID(ctx, 7), c.Apply(ctx, packet))
		quiet(t, c, s)
		ofctl(t, v, "add-flow", endpoint, "table=0,in_port=2 actions=controller(id=7)")
		must(t, c.Apply(ctx, of.PacketOut{InPort: 2, Actions: []of.Action{of.Output{Port: of.PortTable}}, Data: make([]byte, 60)}))
		nextOf[of.PacketIn](t, s)
	})
}

func TestRealFlowRemoved(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	eachVersion(t, of.Version13, func(t *testing.T, v of.Version) {
		c, s := attend(t, endpoint, v)
		flow := of.Flow{Table: 3, Priority: 7, Cookie: 9, IdleTimeout: 1, HardTimeout: 100, Flags: of.FlowSendRemoved, Match: of.Match{of.InPort(1)}}
		for _, reason := range []of.FlowRemovedReason{of.FlowRemovedDelete, of.FlowRemovedIdle} {
			must(t, c.Apply(testContext(t), of.Add(flow)))
			if reason == of.FlowRemovedDelete {
				ofctl(t, v, "del-flows", endpoint, "table=3,in_port=1")
			}
			got := nextOf[of.FlowRemoved](t, s)
			if got.Reason != reason || got.Stats.Duration <= 0 || got.Stats.Packets != 0 || got.Stats.Bytes != 0 {
				t.Errorf("%+v; want reason %d", got, reason)
			}
			want := flow
			want.Flags = 0
			if !got.Stats.Flow.Equal(want) {
				t.Errorf("removed is\n%v, want\n%v", got.Stats.Flow, want)
			}
		}
	})
}

func TestRealRoleStatus(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	// In OpenFlow 1.3 there is no way to ask for it.
	eachVersion(t, of.Version14, func(t *testing.T, v of.Version) {
		one, s := attend(t, endpoint, v)
		other := dial(t, endpoint, v)
		generation := uint64(v)
		for _, c := range []*of.Conn{one, other} {
			if _, _, err := c.Role(testContext(t), of.RolePrimary, generation); err != nil {
				t.Fatal(err)
			}
		}
		want := of.RoleStatus{Role: uint32(of.RoleSecondary), Reason: of.RoleMasterRequest, Generation: generation}
		if got := nextOf[of.RoleStatus](t, s); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	})
}

func TestRealPortStatus(t *testing.T) {
	t.Parallel()
	ovs := realSwitch(t)
	for _, v := range versions {
		_, s := attend(t, ovs.Management("br0"), v)
		vsctl(t, ovs, "add-port", "br0", "p3", "--", "set", "interface", "p3", "type=dummy", "ofport_request=3")
		if got := nextOf[of.PortStatus](t, s); got.Reason != of.PortAdded || got.Port.No != 3 || got.Port.Name != "p3" {
			t.Errorf("%v: an added port is told as %+v", v, got)
		}
		vsctl(t, ovs, "del-port", "p3")
		for {
			got := nextOf[of.PortStatus](t, s)
			if got.Port.No != 3 || got.Port.Name != "p3" {
				t.Fatalf("%v: a removed port is told as %+v", v, got)
			}
			if got.Reason == of.PortDeleted {
				break
			}
		}
	}
}

// TestRealPacketInMethods uses the methods of a connection.
func TestRealPacketInMethods(t *testing.T) {
	t.Parallel()
	ovs := realSwitch(t)
	ctx := testContext(t)
	c := dial(t, ovs.Management("br0"))
	if err := errors.Join(c.SetPacketInFormat(ctx, of.PacketInNX2), c.SetControllerID(ctx, 3)); err != nil {
		t.Error(err)
	}
	if err := c.SetPacketInFormat(ctx, 3); !errors.Is(err, of.ErrRequestPermission) {
		t.Errorf("an unknown format gives %v, want %v", err, of.ErrRequestPermission)
	}
	err := c.Resume(ctx, of.PacketIn{BufferID: of.NoBuffer, Match: of.Match{of.InPort(1)}, Data: make([]byte, 60), TotalLen: 60})
	if !errors.Is(err, of.ErrResumeStale) {
		t.Errorf("a packet without continuation gives %v, want %v", err, of.ErrResumeStale)
	}
}

// TestRealTableStatus fills a table up to where the switch tells of it.
func TestRealTableStatus(t *testing.T) {
	t.Parallel()
	ovs := realSwitch(t)
	vsctl(t, ovs, "--", "--id=@t", "create", "Flow_Table", "flow_limit=10", "--", "set", "bridge", "br0", "flow_tables:1=@t")
	endpoint := ovs.Management("br0")
	eachVersion(t, of.Version14, func(t *testing.T, v of.Version) {
		ctx := testContext(t)
		ofctl(t, v, "del-flows", endpoint)
		ofctl(t, v, "mod-table", endpoint, "1", "novacancy")
		ofctl(t, v, "mod-table", endpoint, "1", "vacancy:40,80")
		c, s := attend(t, endpoint, v)
		for i := range uint32(7) {
			must(t, c.Apply(ctx, of.Add(of.Flow{Table: 1, Match: of.Match{of.InPort(i + 1)}})))
		}
		told := func(reason of.TableReason) {
			t.Helper()
			m := nextOf[of.TableStatus](t, s)
			vacancy := m.Table.Vacancy
			if m.Reason != reason || m.Table.Table != 1 || m.Table.Config != 1<<3 || vacancy == nil ||
				vacancy.Down != 40 || vacancy.Up != 80 {
				t.Errorf("got %+v with %+v, want reason %d", m, vacancy, reason)
			}
		}
		told(of.TableVacancyDown)
		must(t, c.Apply(ctx, of.FlowMod{Command: of.FlowDelete, Flow: of.Flow{Table: 1}}))
		told(of.TableVacancyUp)
	})
}

// TestRealRequestForward has ovs-ofctl change groups, of which another controller is told.
func TestRealRequestForward(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	eachVersion(t, of.Version14, func(t *testing.T, v of.Version) {
		_, s := attend(t, endpoint, v)
		ofctl(t, v, "add-group", endpoint, "group_id=7,type=all,bucket=actions=output:1")
		m := nextOf[of.RequestForward](t, s)
		b, err := of.Encode(v, m.Request, m.Xid)
		if err != nil || b[1] != 15 {
			t.Errorf("%+v is forwarded, encoded as % x, error %v; want a group-mod", m, b, err)
		}
		ofctl(t, v, "del-groups", endpoint)
		nextOf[of.RequestForward](t, s)
	})
}

// TestRealSwitchConfig has what a switch says of itself in each version.
func TestRealSwitchConfig(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	for _, v := range versions {
		features := dial(t, endpoint, v).Features()
		const common = of.CapFlowStats | of.CapTableStats | of.CapPortStats | of.CapGroupStats | of.CapQueueStats
		if features.DatapathID == 0 || features.Tables != 254 || features.Capabilities&common != common {
			t.Errorf("%v: features %+v", v, features)
		}
		if bundles := features.Capabilities&of.CapBundles != 0; bundles && v == of.Version13 {
			t.Errorf("%v: bundles are a capability", v)
		}
		want := of.SwitchConfig{Flags: of.FragDrop, MissSendLen: 100}
		answer := dialPeer(t, endpoint, v).ask(of.SetConfig{SwitchConfig: want}, of.GetConfigRequest{})
		if len(answer) != 1 || answer[0].Message != (of.GetConfigReply{SwitchConfig: want}) {
			t.Errorf("%v: configuration %+v, want %+v", v, answer, want)
		}
	}
}
