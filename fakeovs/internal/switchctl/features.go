// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package switchctl

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/ctlserver"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
)

// feature is something that a datapath can do: how much of it, or if it is only a matter of yes or no 1.
type feature struct {
	name, title string
	amount      int
	countable   bool
}

// allFeatures are those of the datapath, in the order in which Open vSwitch lists them to someone who may set them.
var allFeatures = [...]feature{
	{name: "sample_nesting", title: "Sample nesting", amount: 10, countable: true},
	{name: "clone", title: "Clone action", amount: 1},
	{name: "ufid", title: "Ufid", amount: 1},
	{name: "lb_output_action", title: "Optimized Balance TCP mode", amount: 1},
	{name: "nd_ext", title: "IPv6 ND Extension", amount: 1},
	{name: "ct_orig_tuple", title: "CT orig tuple", amount: 1},
	{name: "tnl_push_pop", title: "Tunnel push pop", amount: 1},
	{name: "ct_eventmask", title: "Conntrack eventmask", amount: 1},
	{name: "ct_state", title: "CT state", amount: 1},
	{name: "ct_zero_snat", title: "Conntrack all-zero IP SNAT", amount: 1},
	{name: "ct_clear", title: "Conntrack clear", amount: 1},
	{name: "max_vlan_headers", title: "Max VLAN headers", amount: 1, countable: true},
	{name: "recirc", title: "Recirc", amount: 1},
	{name: "ct_label", title: "CT label", amount: 1},
	{name: "max_hash_alg", title: "Max dp_hash algorithm", amount: 1, countable: true},
	{name: "add_mpls", title: "MPLS Label add", amount: 1},
	{name: "ct_state_nat", title: "CT state NAT", amount: 1},
	{name: "ct_timeout", title: "Conntrack timeout policy", amount: 1},
	{name: "explicit_drop_action", title: "Explicit Drop action", amount: 1},
	{name: "ct_mark", title: "CT mark", amount: 1},
	{name: "ct_orig_tuple6", title: "CT orig tuple for IPv6", amount: 1},
	{name: "max_mpls_depth", title: "Max MPLS depth", amount: 3, countable: true},
	{name: "masked_set_action", title: "Masked set action", amount: 1},
	{name: "check_pkt_len", title: "Check pkt length action", amount: 1},
	{name: "ct_zone", title: "CT zone", amount: 1},
	{name: "trunc", title: "Truncate action", amount: 1},
}

// setFeatures limits what a datapath is believed to be able to do. Translations go by that as far as the features of package
// pipeline say.
type setFeatures struct {
	t Target
	// limits are by the type of the datapath and the name of the feature.
	limits map[string]map[string]int
}

func (t Target) featureCommands() []ctlserver.Command {
	f := setFeatures{t: t, limits: make(map[string]map[string]int)}
	// It takes more than its usage tells of.
	return []ctlserver.Command{{Name: "dpif/set-dp-features", Usage: "bridge", Min: 1, Max: 3, Run: f.run}}
}

func (s setFeatures) run(args []string) (string, error) {
	if _, err := s.t.bridge(args[0]); err != nil {
		return "", err
	}
	bridge, _ := s.t.info(args[0])
	limits := s.limits[bridge.DatapathType]
	if limits == nil {
		limits = make(map[string]int)
		s.limits[bridge.DatapathType] = limits
	}
	if len(args) == 1 {
		var b strings.Builder
		for _, f := range allFeatures {
			b.WriteString(f.text(limits))
		}
		return b.String(), nil
	}
	for _, f := range allFeatures {
		if f.name != args[1] {
			continue
		}
		if len(args) == 2 {
			return f.text(limits), nil
		}
		n, refusal := f.parse(args[2])
		if refusal == "" {
			if now, limited := limits[f.name]; !limited && n != f.amount || limited && n != now {
				s.t.Daemon.PurgeCache() // of flows that are not as they would be made now
			}
			limits[f.name] = n
			for _, b := range s.t.Daemon.Bridges() {
				if sw, ok := s.t.Daemon.Bridge(b.Name); ok && b.DatapathType == bridge.DatapathType {
					sw.LimitFeature(pipeline.Feature(f.name), n)
				}
			}
		}
		return refusal, nil
	}
	return "Unexpected support field", nil
}

// text is how much of the feature may be made use of, and how much there is.
func (f feature) text(limits map[string]int) string {
	limit, ok := limits[f.name]
	if !ok {
		limit = f.amount
	}
	if f.countable {
		return fmt.Sprintf("%s (%s) : [run time]:%d, [boot time]:%d\n", f.name, f.title, limit, f.amount)
	}
	return fmt.Sprintf("%s (%s) : [run time]:%t, [boot time]:%t\n", f.name, f.title, limit != 0, f.amount != 0)
}

// parse reads a limit, or says what is wrong with it.
func (f feature) parse(text string) (n int, refusal string) {
	if !f.countable {
		switch {
		case strings.EqualFold(text, "true"):
			return 1, ""
		case strings.EqualFold(text, "false"):
			return 0, ""
		}
		return 0, "Boolean value expected"
	}
	v, err := strconv.ParseInt(text, 10, 32)
	switch {
	case err != nil:
		return 0, "Integer number expected"
	case v < 0:
		return 0, "Negative number not expected"
	case int(v) > f.amount:
		return 0, "Can not set value beyond the datapath capability"
	}
	return int(v), ""
}
