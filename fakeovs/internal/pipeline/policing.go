// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"math"
	"time"
)

// Policing is how much may come in by a port (ovs-vswitchd.conf.db(5), "Ingress Policing"); the zero value is any number of
// frames.
type Policing struct {
	// Rate is in kbit/s of 1000 bits, Burst in kbit of 1024 bits; 0 is no limit, and a burst of 8000 kbit.
	Rate, Burst uint32
	// PacketRate is in thousands of packets a second, PacketBurst in thousands of packets; 0 is no limit, and a burst of
	// 16000 packets.
	PacketRate, PacketBurst uint32
}

const (
	defaultBurst       = 8000
	defaultPacketBurst = 16
)

// policer is the token buckets of a port.
type policer struct {
	policing       Policing
	bytes, packets tokens
	// at is the time that the buckets are of.
	at time.Time
}

// tokens is a bucket, in which there is time: that in which the rate refills as much.
type tokens struct {
	rate        int64 // a second, 0 for no limit
	burst, left time.Duration
}

func newTokens(rate, burst int64) tokens {
	t := tokens{rate: rate}
	t.burst = t.time(burst)
	t.left = t.burst
	return t
}

// time is what an amount costs.
func (t *tokens) time(amount int64) time.Duration {
	if t.rate == 0 {
		return 0
	}
	return time.Duration(min(amount, math.MaxInt64/int64(time.Second)) * int64(time.Second) / t.rate)
}

// after is what is left when some time has passed and an amount was taken; less than 0 if there was not as much.
func (t *tokens) after(passed time.Duration, amount int64) time.Duration {
	return min(t.left+min(passed, t.burst), t.burst) - t.time(amount)
}

// newPolicer makes a policer whose buckets are full.
func newPolicer(p Policing, now time.Time) policer {
	burst, packets := p.Burst, p.PacketBurst
	if burst == 0 {
		burst = defaultBurst
	}
	if packets == 0 {
		packets = defaultPacketBurst
	}
	return policer{
		policing: p, at: now,
		bytes:   newTokens(int64(p.Rate)*1000/8, int64(min(burst, math.MaxUint32/1024))*1024/8),
		packets: newTokens(int64(p.PacketRate)*1000, int64(packets)*1000),
	}
}

// admit reports whether a frame may come in. One that may not takes nothing out of the buckets.
func (p *policer) admit(now time.Time, size int) bool {
	if p.bytes.rate == 0 && p.packets.rate == 0 {
		return true
	}
	passed := max(now.Sub(p.at), 0)
	bytes, packets := p.bytes.after(passed, int64(size)), p.packets.after(passed, 1)
	if bytes < 0 || packets < 0 {
		return false
	}
	p.bytes.left, p.packets.left, p.at = bytes, packets, now
	return true
}

// polices reports whether policing drops a frame that comes in by the port, which counts all the same: it is the host's
// policing that drops it, between the device and the switch. The bridge is locked.
func (p *Port) polices(now time.Time, size int) bool {
	if p.police.policing != p.Policing {
		p.police = newPolicer(p.Policing, now)
	}
	return !p.police.admit(now, size)
}
