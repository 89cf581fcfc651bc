// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/flowtext"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
)

// trace follows a packet through a bridge and returns what ofproto/trace says.
func (s *side) trace(bridge, flow string) string {
	s.t.Helper()
	if s.daemon == nil {
		return s.appctl("ofproto/trace", bridge, flow)
	}
	sw, ok := s.daemon.Bridge(bridge)
	if !ok {
		s.t.Fatalf("no bridge %s", bridge)
	}
	key, err := flowtext.Notation{Options: sw.Options()}.ParseFlow(flow)
	if err != nil {
		s.t.Fatal(err)
	}
	return sw.Trace(&key, pipeline.TraceOptions{})
}

// forwards notes where a packet is sent, with which tags: in the order of the ports, as the real one chooses an order by
// where things lie in its memory.
func (s *side) forwards(bridge, flow string) {
	s.t.Helper()
	s.note("trace of "+flow, func() string {
		_, actions, _ := strings.Cut(s.trace(bridge, flow), "Datapath actions: ")
		actions, slow, _ := strings.Cut(strings.TrimSpace(actions), "\n")
		return flow + " -> " + outputs(flow, actions) + slow
	})
}

var oneAction = regexp.MustCompile(`[^,(]+(\([^()]*(\([^()]*\))?[^()]*\))?`)

var tagInFlow = regexp.MustCompile(`dl_vlan=(\d+)(?:,dl_vlan_pcp=(\d))?`)

// outputs are the ports that datapath actions for a flow output to, each with the tags that the packet has there.
func outputs(flow, actions string) string {
	var tags, out []string
	if m := tagInFlow.FindStringSubmatch(flow); m != nil {
		pcp := m[2]
		if pcp == "" {
			pcp = "0"
		}
		tags = append(tags, fmt.Sprintf("push_vlan(vid=%s,pcp=%s)", m[1], pcp))
	}
	cut := ""
	for _, a := range oneAction.FindAllString(actions, -1) {
		switch {
		case strings.HasPrefix(a, "push_vlan"):
			tags = append(slices.Clip(tags), a)
		case a == "pop_vlan" && len(tags) > 0:
			tags = tags[:len(tags)-1]
		case strings.HasPrefix(a, "trunc"):
			cut = a
		default:
			out = append(out, fmt.Sprint(a, tags, cut))
			cut = ""
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

const bridge0 = "add-br br0 -- set bridge br0 datapath_type=dummy other_config:hwaddr=aa:55:aa:55:00:00"

// dummies are the words that add dummy ports with settings of their Port rows, numbered from 1.
func dummies(settings ...string) string {
	text := ""
	for i, set := range settings {
		text += fmt.Sprintf(" -- add-port br0 p%d %s -- set interface p%d type=dummy ofport_request=%d", i+1, set, i+1, i+1)
	}
	return text
}

func TestVLANs(t *testing.T) {
	onBoth(t, func(s *side) {
		s.sees(bridge0 + dummies(
			"trunks=10,12", "tag=10", "tag=12 other-config:priority-tags=if-nonzero", "tag=12 other-config:priority-tags=always",
			"vlan_mode=native-tagged tag=10", "vlan_mode=native-tagged tag=10 trunks=10,12", "vlan_mode=native-untagged tag=12",
			"vlan_mode=native-untagged tag=12 trunks=10,12 other-config:priority-tags=if-nonzero",
			"vlan_mode=dot1q-tunnel tag=10", "vlan_mode=dot1q-tunnel tag=10 cvlans=10,12 other-config:qinq-ethtype=802.1q",
			"vlan_mode=dot1q-tunnel tag=12 other-config:qinq-ethtype=802.1q other-config:priority-tags=if-nonzero",
			"vlan_mode=access", "protected=true", "protected=true"))
		for port := range 15 {
			in := fmt.Sprint(port)
			if port == 0 {
				in = "LOCAL"
			}
			for _, tag := range []string{
				"", "dl_vlan=0,dl_vlan_pcp=0", "dl_vlan=0,dl_vlan_pcp=1", "dl_vlan=10,dl_vlan_pcp=0", "dl_vlan=12,dl_vlan_pcp=1",
				"dl_vlan=11,dl_vlan_pcp=0",
			} {
				flow := "in_port=" + in + ",dl_type=0x88b5,dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02"
				if tag != "" {
					flow = "in_port=" + in + "," + tag + ",dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02"
				}
				s.forwards("br0", flow)
			}
		}
		s.sees("set Open_vSwitch . other_config:vlan-limit=2")
		s.forwards("br0", "in_port=10,dl_vlan=10,dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02")
		// What only next_cfg brings into effect.
		s.sees("set port p1 trunks=11")
		s.forwards("br0", "in_port=1,dl_vlan=11,dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02")
	})
}

// fdb notes a bridge's MAC learning table.
func (s *side) fdb() {
	s.t.Helper()
	s.note("fdb/show", func() string {
		if s.daemon == nil {
			return s.appctl("fdb/show", "br0") + s.appctl("fdb/stats-show", "br0")
		}
		sw, _ := s.daemon.Bridge("br0")
		return sw.ShowFDB() + sw.FDBStats()
	})
}

func TestLearning(t *testing.T) {
	onBoth(t, func(s *side) {
		s.sees(bridge0 + " other_config:mac-aging-time=20 other_config:mac-table-size=12" + dummies("", "", "tag=5"))
		s.stopTime()
		s.fdb()
		learn := func(port int, from byte) {
			s.receive(fmt.Sprint("p", port), frame(from, 9, 60))
			s.fdb()
		}
		learn(1, 1)
		learn(2, 2)
		s.warp(5 * time.Second)
		learn(1, 2)
		learn(3, 3)
		for from := range byte(12) {
			learn(2, 20+from)
		}
		for _, dst := range []string{"02:00:00:00:00:02", "02:00:00:00:00:03", "01:80:c2:00:00:00", "01:00:5e:00:00:01"} {
			s.forwards("br0", "in_port=2,dl_src=02:00:00:00:00:44,dl_type=0x88b5,dl_dst="+dst)
		}
		s.forwards("br0", "in_port=1,dl_src=02:00:00:00:00:44,dl_type=0x88b5,dl_dst=02:00:00:00:00:02")
		s.sees("set bridge br0 other_config:forward-bpdu=true")
		s.forwards("br0", "in_port=2,dl_src=02:00:00:00:00:44,dl_type=0x88b5,dl_dst=01:80:c2:00:00:00")
		s.sees("set port p1 tag=7")
		s.fdb()
		s.warp(18 * time.Second)
		s.fdb()
		s.warp(10 * time.Second)
		s.fdb()
		s.sees("set bridge br0 flood_vlans=7")
		learn(1, 1)
		s.sees("del-port p2")
		learn(3, 4)
	})
}

func TestMirrors(t *testing.T) {
	onBoth(t, func(s *side) {
		s.sees(bridge0 + dummies("", "", "", ""))
		mirror := func(words string) {
			s.t.Helper()
			s.vsctl("-- --id=@p1 get port p1 -- --id=@p2 get port p2 -- --id=@p3 get port p3 -- --id=@m create mirror name=m " + words + " -- set bridge br0 mirrors=@m")
			for _, flow := range []string{
				"in_port=1,dl_type=0x88b5", "in_port=2,dl_type=0x88b5", "in_port=3,dl_type=0x88b5", "in_port=1,dl_vlan=11", "in_port=2,dl_vlan=11",
			} {
				s.forwards("br0", flow+",dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02")
			}
		}
		mirror("select_all=true output_port=@p3")
		mirror("select_src_port=@p1,@p2 output_port=@p3")
		mirror("select_dst_port=@p1 output_port=@p3")
		mirror("select_all=true select_vlan=11 output_port=@p3")
		mirror("select_all=true output_vlan=12")
		mirror("select_src_port=@p2 output_vlan=11")
		mirror("select_all=true output_port=@p3 snaplen=100")
		mirror("select_all=true")
		s.sees("clear bridge br0 mirrors")
		s.forwards("br0", "in_port=1,dl_type=0x88b5,dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02")
		// Counters.
		s.stopTime()
		s.vsctl("-- --id=@p3 get port p3 -- --id=@m create mirror name=m select_all=true output_port=@p3 -- set bridge br0 mirrors=@m")
		s.receive("p1", frame(1, 2, 60))
		s.receive("p1", frame(1, 2, 100))
		s.warp(11 * time.Second)
		s.sees("get mirror m statistics")
	})
}
