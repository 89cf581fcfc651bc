// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"github.com/ovskit/ovskit/fakeovs/internal/flowcheck"
	"github.com/ovskit/ovskit/openflow"
)

// actions10 are the actions of OpenFlow 1.0: all of them.
const actions10 = 1<<12 - 1

// capBundles is what switches that know bundles say from OpenFlow 1.4 on.
const capBundles openflow.Capabilities = 1 << 9

func (s *Switch) features(v openflow.Version) openflow.FeaturesReply {
	r := openflow.FeaturesReply{
		DatapathID: s.datapathID.Load(),
		Tables:     flowcheck.VisibleTables,
		Capabilities: openflow.CapFlowStats | openflow.CapTableStats | openflow.CapPortStats | openflow.CapGroupStats |
			openflow.CapQueueStats,
	}
	switch {
	case v >= openflow.Version14:
		r.Capabilities |= capBundles
	case v < openflow.Version13:
		r.Ports, r.Actions = s.PortDescs(), actions10
	}
	return r
}

// Description is what a switch says of itself. Empty fields are as Open vSwitch fills them.
type Description struct{ Manufacturer, Hardware, Software, SerialNumber, Datapath string }

// SetDescription changes what the switch says of itself.
func (s *Switch) SetDescription(d Description) {
	s.connMu.Lock()
	defer s.connMu.Unlock()
	s.desc = d
}

// SetDatapathID changes what the switch answers to a features request. Whoever is connected is cut off, as there is no
// way to tell him.
func (s *Switch) SetDatapathID(id uint64) {
	if s.datapathID.Swap(id) == id {
		return
	}
	s.connMu.Lock()
	defer s.connMu.Unlock()
	for c := range s.conns {
		c.close()
	}
}

func (s *Switch) description() openflow.DescReply {
	s.connMu.Lock()
	d := s.desc
	s.connMu.Unlock()
	or := func(text, usual string) string {
		if text == "" {
			return usual
		}
		return text
	}
	return openflow.DescReply{
		Manufacturer: or(d.Manufacturer, "Nicira, Inc."),
		Hardware:     or(d.Hardware, "Open vSwitch"),
		Software:     or(d.Software, "3.1.0"),
		SerialNumber: or(d.SerialNumber, "None"),
		Datapath:     or(d.Datapath, "None"),
	}
}
