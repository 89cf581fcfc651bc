// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"strings"
	"testing"
)

// pathSizes are how many endpoints are declared beside the two that there is traffic with. A single pair takes the first and
// the last alone.
var pathSizes = []int{1, 10, 100, 1000, 10000}

// pathLadder measures what packets cost the switch with ever more endpoints declared: the processor time of ovs-vswitchd, and
// the megaflows that the datapath needs. It bears the name of the first of its ratios.
var pathLadder = []pathStudy{
	{"flows.packet-at-10000/at-1", "a packet of a known connection, in µs of ovs-vswitchd's processor time", (*pathSite).packets, 5},
	{"flows.connection-at-10000/at-1", "a packet of a TCP connection that ends at once, likewise", (*pathSite).connections, 5},
	{"flows.first-packet-at-10000/at-1", "a packet that no megaflow is for, likewise", (*pathSite).firstPackets, 5},
	{"flows.megaflows-at-10000/at-1", "megaflows for many connections", (*pathSite).megaflows, 1},
}

// pathStudy is one of the ratios: the sum of what is measured at the first size divided by that at the last.
type pathStudy struct {
	ratio, what string
	measures    func(*pathSite) []pathMeasure
	samples     int // of each measure a pair, at all sizes in turn
}

func runPaths(b *testing.B) {
	if isProbe(b) {
		return
	}
	sizes := pathSizes
	if b.N == 1 {
		sizes = []int{sizes[0], sizes[len(sizes)-1]}
	}
	sites := make([]*pathSite, len(sizes))
	for i, size := range sizes {
		sites[i] = newPathSite(b, size)
	}
	b.ResetTimer()
	for _, study := range pathLadder {
		quotients, text := study.run(b, sites)
		ratios[study.ratio] = median(quotients)
		name, _, _ := strings.Cut(study.ratio, "-at-")
		b.ReportMetric(ratios[study.ratio], name)
		header := fmt.Sprintf("%s\n%44s", study.what, "endpoints")
		for _, size := range sizes {
			header += fmt.Sprintf(" %7d", size)
		}
		tables = append(tables, header+text)
	}
	b.ReportMetric(0, "ns/op")
}

// run takes all samples; its text has a line for each measure.
func (p pathStudy) run(b *testing.B, sites []*pathSite) (quotients []float64, text string) {
	measures := make([][]pathMeasure, len(sites))
	for i, s := range sites {
		measures[i] = p.measures(s)
	}
	all := make([][][]float64, len(measures[0])) // values by measure and size
	for pair := range b.N {
		var first, last float64
		for k := range all {
			if all[k] == nil {
				all[k] = make([][]float64, len(sites))
			}
			for sample := range p.samples {
				for i := range sites {
					if (pair+sample)%2 == 1 {
						i = len(sites) - 1 - i
					}
					m := measures[i][k]
					v, err := m.run()
					if err != nil {
						b.Fatalf("%s: %s: %v", p.what, m.name, err)
					}
					all[k][i] = append(all[k][i], v)
				}
			}
			latest := func(values []float64) float64 { return median(values[pair*p.samples:]) }
			first, last = first+latest(all[k][0]), last+latest(all[k][len(sites)-1])
		}
		quotients = append(quotients, first/last)
	}
	for k, m := range measures[0] {
		text += fmt.Sprintf("\n%44s", m.name)
		for _, values := range all[k] {
			text += fmt.Sprintf(" %7.1f", median(values))
		}
	}
	return quotients, text
}
