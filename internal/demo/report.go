// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package demo

// Report is what a run of the scenario found. Its JSON form is for programs.
type Report struct {
	// Switch is what the scenario ran on: "real" or "fake".
	Switch string `json:"switch"`
	// OK says that every probe is.
	OK bool `json:"ok"`
	// Probes are in a fixed order.
	Probes []Probe `json:"probes"`

	// Why says why it was this switch.
	Why string `json:"-"`
	// Kept tells, line by line, how to look at what was left running and how to remove it; it is empty if nothing was.
	Kept []string `json:"-"`
}

// Probe is one question to the network.
type Probe struct {
	// Name begins with the egress of the network that was asked, and is no other probe's.
	Name string `json:"name"`
	Want string `json:"want"`
	Got  string `json:"got"`
	OK   bool   `json:"ok"`
}

// Passed counts the probes that are OK.
func (r *Report) Passed() int {
	n := 0
	for _, p := range r.Probes {
		if p.OK {
			n++
		}
	}
	return n
}

// What probes want and get; others name an address or an error.
const (
	reply       = "reply"
	refused     = "refused"
	unreachable = "unreachable"
	blocked     = "blocked" // no answer, and nothing arrived
	dropped     = "dropped" // nothing arrived of a frame sent as it is
	taken       = "taken"   // a port, by somebody else
	none        = "none"
)
