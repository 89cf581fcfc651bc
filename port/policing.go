// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"errors"
	"math"

	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// Policing limits what the switch takes from a port: it drops what exceeds the
// rate. The zero Policing limits nothing. See ingress_policing_rate and its like
// in table Interface of ovs-vswitchd.conf.db(5).
//
// A datapath in user space takes packets from devices of the kernel before these are
// policed, and Open vSwitch 3.1 then limits nothing; nor does it limit an Internal port
// with any datapath. In place of that either the Rate or the PacketRate is kept by the
// interface of a Veth or Internal port in a namespace, by a queueing discipline
// (tc-tbf(8)), which those who may configure the namespace can remove; what is above the
// limit waits for up to a tenth of a second before it is dropped. What nobody would limit
// Attach refuses with [ErrNotPoliced]: there a meter of OpenFlow can.
type Policing struct {
	// Rate is the limit in kbit/s; 0 is none.
	Rate uint32 `json:"rate,omitempty"`
	// Burst is how much may come at once, in kbit; 0 means 8000. It is to be at
	// least the size of the largest packet, and for TCP about a tenth of a
	// second's Rate.
	Burst uint32 `json:"burst,omitempty"`
	// PacketRate is the limit in thousands of packets per second; 0 is none.
	PacketRate uint32 `json:"packetRate,omitempty"`
	// PacketBurst is how many thousands of packets may come at once; 0 means
	// 16.
	PacketBurst uint32 `json:"packetBurst,omitempty"`
}

func (p Policing) check() error {
	switch {
	case p.Rate == 0 && p.Burst != 0 || p.PacketRate == 0 && p.PacketBurst != 0:
		return errors.New("policing: a burst without a rate")
	case max(p.Rate, p.Burst, p.PacketRate, p.PacketBurst) > math.MaxInt32:
		return errors.New("policing: a rate or burst above 2147483647")
	}
	return nil
}

func (p Policing) write(row *vswitch.Interface) {
	row.IngressPolicingRate, row.IngressPolicingBurst = int64(p.Rate), int64(p.Burst)
	row.IngressPolicingKPktsRate, row.IngressPolicingKPktsBurst = int64(p.PacketRate), int64(p.PacketBurst)
}

func readPolicing(row *vswitch.Interface) Policing {
	return Policing{
		Rate: uint32(row.IngressPolicingRate), Burst: uint32(row.IngressPolicingBurst),
		PacketRate: uint32(row.IngressPolicingKPktsRate), PacketBurst: uint32(row.IngressPolicingKPktsBurst),
	}
}
