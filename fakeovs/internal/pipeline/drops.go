// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import "maps"

// dropCounters are the names of the events that a packet is dropped for a reason (ovs-appctl(8), coverage/read-counter).
var dropCounters = map[failure]string{
	"":               "drop_action_of_pipeline",
	failedDepth:      "drop_action_recursion_too_deep",
	failedResubmits:  "drop_action_too_many_resubmit",
	failedStack:      "drop_action_stack_too_deep",
	failedRecirc:     "drop_action_no_recirculation_context",
	failedLabels:     "drop_action_too_many_mpls_labels",
	failedPacketType: "drop_action_unsupported_packet_type",
}

// otherDrops are the names of events that do not happen here: what they are about is not there.
var otherDrops = []string{
	"drop_action_bridge_not_found", "drop_action_congestion", "drop_action_forwarding_disabled",
	"drop_action_invalid_tunnel_metadata", "drop_action_recirculation_conflict",
	"datapath_drop_invalid_bond", "datapath_drop_invalid_port",
	"datapath_drop_invalid_tnl_port", "datapath_drop_lock_error", "datapath_drop_nsh_decap_error", "datapath_drop_recirc_error",
	"datapath_drop_rx_invalid_packet", "datapath_drop_sample_error", "datapath_drop_tunnel_pop_error",
	"datapath_drop_tunnel_push_error", "datapath_drop_upcall_error", "datapath_drop_userspace_action_error",
}

// meterDrops is the name of the event that a meter drops a packet.
const meterDrops = "datapath_drop_meter"

func newDrops() map[string]uint64 {
	drops := map[string]uint64{meterDrops: 0}
	for _, event := range dropCounters {
		drops[event] = 0
	}
	for _, event := range otherDrops {
		drops[event] = 0
	}
	return drops
}

// drop counts a dropped packet. The datapath is locked.
func (d *Datapath) drop(event string) { d.drops[event]++ }

// DropEvents are how many packets were dropped, by the names that coverage/read-counter has for the reasons.
func (d *Datapath) DropEvents() map[string]uint64 {
	d.tables.Lock()
	defer d.tables.Unlock()
	return maps.Clone(d.drops)
}
