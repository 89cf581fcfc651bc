// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

// Since is what has been counted after earlier counters of the same intents. What was not there then, or has less than it had
// because the switch has begun anew, counts from zero.
func (c *Counters) Since(earlier *Counters) *Counters {
	d := &Counters{
		Endpoints: since(c.Endpoints, earlier.Endpoints, func(e EndpointCounters) string { return e.Name }, EndpointCounters.since),
		Published: since(c.Published, earlier.Published, PublishedCounters.key, PublishedCounters.since),
		Rules:     since(c.Rules, earlier.Rules, func(r RuleCounters) string { return r.Name }, RuleCounters.since),
		Allowed:   c.Allowed.since(earlier.Allowed),
		Denied:    c.Denied.since(earlier.Denied),
		Dropped:   []TableDrops{},
		Strays:    since(c.Strays, earlier.Strays, func(s Stray) string { return s.Cookie }, Stray.since),
	}
	for _, t := range since(c.Dropped, earlier.Dropped, func(t TableDrops) uint8 { return t.Table }, TableDrops.since) {
		if t.Unmatched+t.Refused > 0 {
			d.Dropped = append(d.Dropped, t)
		}
	}
	return d
}

// since subtracts from each what was counted of the same before.
func since[T any, K comparable](now, before []T, key func(T) K, sub func(now, before T) T) []T {
	had := make(map[K]T, len(before))
	for _, b := range before {
		had[key(b)] = b
	}
	out := make([]T, len(now))
	for i, n := range now {
		out[i] = sub(n, had[key(n)])
	}
	return out
}

func (c Count) since(b Count) Count {
	if c.Packets < b.Packets || c.Bytes < b.Bytes {
		return c
	}
	return Count{c.Packets - b.Packets, c.Bytes - b.Bytes}
}

func (e EndpointCounters) since(b EndpointCounters) EndpointCounters {
	e.Sent, e.Received, e.Exceeding = e.Sent.since(b.Sent), e.Received.since(b.Received), e.Exceeding.since(b.Exceeding)
	return e
}

func (p PublishedCounters) key() string { return p.Endpoint + "\x00" + p.Mapping.String() }

func (p PublishedCounters) since(b PublishedCounters) PublishedCounters {
	p.Connections = less(p.Connections, b.Connections)
	return p
}

func (r RuleCounters) since(b RuleCounters) RuleCounters {
	r.Decided = r.Decided.since(b.Decided)
	return r
}

func (t TableDrops) since(b TableDrops) TableDrops {
	t.Unmatched, t.Refused = less(t.Unmatched, b.Unmatched), less(t.Refused, b.Refused)
	return t
}

func (s Stray) since(b Stray) Stray {
	s.Matched = s.Matched.since(b.Matched)
	return s
}

// less is n without what was counted before, unless counting has begun anew.
func less(n, before uint64) uint64 {
	if n < before {
		return n
	}
	return n - before
}
