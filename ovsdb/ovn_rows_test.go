// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"math"
	"slices"
	"strings"

	"github.com/ovskit/ovskit/ovsdb/internal/ovn/nb"
	"github.com/ovskit/ovskit/ovsdb/internal/ovn/sb"
)

func nbTables() []copied {
	return []copied{
		tableOf[nb.ACL](nb.TableACL),
		tableOf[nb.AddressSet](nb.TableAddressSet),
		tableOf[nb.BFD](nb.TableBFD),
		tableOf[nb.ChassisTemplateVar](nb.TableChassisTemplateVar),
		tableOf[nb.Connection](nb.TableConnection),
		tableOf[nb.CoPP](nb.TableCoPP),
		tableOf[nb.DHCPOptions](nb.TableDHCPOptions),
		tableOf[nb.DNS](nb.TableDNS),
		tableOf[nb.ForwardingGroup](nb.TableForwardingGroup),
		tableOf[nb.GatewayChassis](nb.TableGatewayChassis),
		tableOf[nb.HAChassis](nb.TableHAChassis),
		tableOf[nb.HAChassisGroup](nb.TableHAChassisGroup),
		tableOf[nb.LoadBalancer](nb.TableLoadBalancer),
		tableOf[nb.LoadBalancerGroup](nb.TableLoadBalancerGroup),
		tableOf[nb.LoadBalancerHealthCheck](nb.TableLoadBalancerHealthCheck),
		tableOf[nb.LogicalRouter](nb.TableLogicalRouter),
		tableOf[nb.LogicalRouterPolicy](nb.TableLogicalRouterPolicy),
		tableOf[nb.LogicalRouterPort](nb.TableLogicalRouterPort),
		tableOf[nb.LogicalRouterStaticRoute](nb.TableLogicalRouterStaticRoute),
		tableOf[nb.LogicalSwitch](nb.TableLogicalSwitch),
		tableOf[nb.LogicalSwitchPort](nb.TableLogicalSwitchPort),
		tableOf[nb.Meter](nb.TableMeter),
		tableOf[nb.MeterBand](nb.TableMeterBand),
		tableOf[nb.Mirror](nb.TableMirror),
		tableOf[nb.NAT](nb.TableNAT),
		tableOf[nb.NBGlobal](nb.TableNBGlobal),
		tableOf[nb.PortGroup](nb.TablePortGroup),
		tableOf[nb.QoS](nb.TableQoS),
		tableOf[nb.SSL](nb.TableSSL),
		tableOf[nb.StaticMACBinding](nb.TableStaticMACBinding),
	}
}

func sbTables() []copied {
	return []copied{
		tableOf[sb.AddressSet](sb.TableAddressSet),
		tableOf[sb.BFD](sb.TableBFD),
		tableOf[sb.Chassis](sb.TableChassis),
		tableOf[sb.ChassisPrivate](sb.TableChassisPrivate),
		tableOf[sb.ChassisTemplateVar](sb.TableChassisTemplateVar),
		tableOf[sb.Connection](sb.TableConnection),
		tableOf[sb.ControllerEvent](sb.TableControllerEvent),
		tableOf[sb.DHCPOptions](sb.TableDHCPOptions),
		tableOf[sb.DHCPv6Options](sb.TableDHCPv6Options),
		tableOf[sb.DNS](sb.TableDNS),
		tableOf[sb.DatapathBinding](sb.TableDatapathBinding),
		tableOf[sb.Encap](sb.TableEncap),
		tableOf[sb.FDB](sb.TableFDB),
		tableOf[sb.GatewayChassis](sb.TableGatewayChassis),
		tableOf[sb.HAChassis](sb.TableHAChassis),
		tableOf[sb.HAChassisGroup](sb.TableHAChassisGroup),
		tableOf[sb.IGMPGroup](sb.TableIGMPGroup),
		tableOf[sb.IPMulticast](sb.TableIPMulticast),
		tableOf[sb.LoadBalancer](sb.TableLoadBalancer),
		tableOf[sb.LogicalDPGroup](sb.TableLogicalDPGroup),
		tableOf[sb.LogicalFlow](sb.TableLogicalFlow),
		tableOf[sb.MACBinding](sb.TableMACBinding),
		tableOf[sb.Meter](sb.TableMeter),
		tableOf[sb.MeterBand](sb.TableMeterBand),
		tableOf[sb.Mirror](sb.TableMirror),
		tableOf[sb.MulticastGroup](sb.TableMulticastGroup),
		tableOf[sb.PortBinding](sb.TablePortBinding),
		tableOf[sb.PortGroup](sb.TablePortGroup),
		tableOf[sb.RBACPermission](sb.TableRBACPermission),
		tableOf[sb.RBACRole](sb.TableRBACRole),
		tableOf[sb.SBGlobal](sb.TableSBGlobal),
		tableOf[sb.SSL](sb.TableSSL),
		tableOf[sb.ServiceMonitor](sb.TableServiceMonitor),
		tableOf[sb.StaticMACBinding](sb.TableStaticMACBinding),
	}
}

// nbSamples has rows of OVN_Northbound.
func nbSamples(uuid func(string) string) []sample {
	return []sample{
		{name: "global", table: nb.TableNBGlobal,
			row: &nb.NBGlobal{UUID: uuid("global"), Name: "cluster", NBCfg: math.MaxInt64, SBCfg: math.MinInt64, HVCfg: -1, IPsec: true,
				Options: map[string]string{"": "empty", "é\n\"": "\\ \t", "mac_prefix": "02:00:00"}, SSL: ptr(uuid("ssl")),
				Connections: sorted(uuid("tcp"), uuid("tls"))},
			next:    &nb.NBGlobal{UUID: uuid("global"), NBCfg: math.MinInt64, SBCfg: 0, HVCfg: 1<<53 + 1, Connections: []string{uuid("tls")}},
			columns: []string{"name", "nb_cfg", "sb_cfg", "hv_cfg", "ipsec", "options", "ssl", "connections"}},
		{name: "ssl", table: nb.TableSSL, gone: true, row: &nb.SSL{UUID: uuid("ssl"), BootstrapCACert: true, CACert: "ca", Certificate: "cert"}},
		{name: "tcp", table: nb.TableConnection, gone: true, row: &nb.Connection{UUID: uuid("tcp"), Target: "ptcp:6641", InactivityProbe: ptr(int64(0))}},
		{name: "tls", table: nb.TableConnection, row: &nb.Connection{UUID: uuid("tls"), Target: "pssl:6641", MaxBackoff: ptr(int64(1000))}},
		{name: "web", table: nb.TableLogicalSwitch,
			row: &nb.LogicalSwitch{UUID: uuid("web"), Name: "web", Ports: sorted(uuid("p1"), uuid("p2")),
				ACLs: sorted(uuid("acl"), uuid("plain_acl")), QoSRules: []string{uuid("qos")}, LoadBalancer: []string{uuid("lb")},
				DNSRecords: []string{uuid("dns")}, OtherConfig: map[string]string{"subnet": "10.0.0.0/24"}},
			next: &nb.LogicalSwitch{UUID: uuid("web"), Name: "web", Ports: sorted(uuid("p1"), uuid("p2")),
				ACLs: sorted(uuid("acl"), uuid("plain_acl")), QoSRules: []string{uuid("qos")},
				OtherConfig: map[string]string{"subnet": "10.0.1.0/24", "exclude_ips": "10.0.1.9"}},
			columns: []string{"load_balancer", "dns_records", "other_config"}},
		{name: "p1", table: nb.TableLogicalSwitchPort,
			row: &nb.LogicalSwitchPort{UUID: uuid("p1"), Name: "p1", Addresses: []string{"02:00:00:00:00:01 10.0.0.1", "unknown"},
				Tag: ptr(int64(4095)), TagRequest: ptr(int64(0)), Up: ptr(false), Enabled: ptr(true), ParentName: ptr(""),
				DHCPv4Options: ptr(uuid("dhcp")), MirrorRules: []string{uuid("mirror")}, HAChassisGroup: ptr(uuid("ha"))},
			next: &nb.LogicalSwitchPort{UUID: uuid("p1"), Name: "p1", Addresses: []string{"dynamic", "unknown"},
				Tag: ptr(int64(1)), Up: ptr(true), HAChassisGroup: ptr(uuid("ha"))},
			columns: []string{"addresses", "tag", "tag_request", "up", "enabled", "parent_name", "dhcpv4_options", "mirror_rules"}},
		{name: "p2", table: nb.TableLogicalSwitchPort, row: &nb.LogicalSwitchPort{UUID: uuid("p2"), Name: "p2", Type: "router"}},
		{name: "acl", table: nb.TableACL,
			row: &nb.ACL{UUID: uuid("acl"), Action: nb.ACLActionAllowRelated, Direction: nb.ACLDirectionFromLPort, Label: math.MaxUint32,
				Log: true, Match: `inport == "p1"`, Meter: ptr("log"), Name: ptr(strings.Repeat("n", 63)), Priority: 32767,
				Severity: ptr(nb.ACLSeverityAlert)},
			next: &nb.ACL{UUID: uuid("acl"), Action: nb.ACLActionReject, Direction: nb.ACLDirectionToLPort, Match: `inport == "p1"`,
				Severity: ptr(nb.ACLSeverityDebug)},
			columns: []string{"action", "direction", "label", "log", "meter", "name", "priority", "severity"}},
		{name: "plain_acl", table: nb.TableACL,
			row: &nb.ACL{UUID: uuid("plain_acl"), Action: nb.ACLActionDrop, Direction: nb.ACLDirectionToLPort}},
		{name: "qos", table: nb.TableQoS,
			row: &nb.QoS{UUID: uuid("qos"), Direction: nb.QoSDirectionToLPort, Action: map[string]int64{nb.QoSActionDSCP: 63},
				Bandwidth: map[string]int64{nb.QoSBandwidthRate: math.MaxUint32, nb.QoSBandwidthBurst: 1}},
			next: &nb.QoS{UUID: uuid("qos"), Direction: nb.QoSDirectionToLPort, Action: map[string]int64{nb.QoSActionDSCP: 0},
				Bandwidth: map[string]int64{nb.QoSBandwidthRate: 1}},
			columns: []string{"action", "bandwidth"}},
		{name: "lb", table: nb.TableLoadBalancer,
			row: &nb.LoadBalancer{UUID: uuid("lb"), Name: "lb", Protocol: ptr(nb.LoadBalancerProtocolSCTP),
				SelectionFields: []string{nb.LoadBalancerSelectionFieldsIPDst, nb.LoadBalancerSelectionFieldsIPSrc},
				VIPs:            map[string]string{"10.0.0.9:80": "10.0.0.1:80,10.0.0.2:80"}},
			next: &nb.LoadBalancer{UUID: uuid("lb"), Name: "lb",
				SelectionFields: []string{nb.LoadBalancerSelectionFieldsEthSrc, nb.LoadBalancerSelectionFieldsIPDst}},
			columns: []string{"protocol", "selection_fields", "vips"}},
		{name: "dns", table: nb.TableDNS, row: &nb.DNS{UUID: uuid("dns"), Records: map[string]string{"p1.web": "10.0.0.1"}}},
		{name: "dhcp", table: nb.TableDHCPOptions, row: &nb.DHCPOptions{UUID: uuid("dhcp"), CIDR: "10.0.0.0/24"}},
		{name: "mirror", table: nb.TableMirror,
			row: &nb.Mirror{UUID: uuid("mirror"), Name: "m", Filter: nb.MirrorFilterFromLPort, Type: nb.MirrorTypeERSPAN, Index: math.MinInt64}},
		{name: "ha", table: nb.TableHAChassisGroup, row: &nb.HAChassisGroup{UUID: uuid("ha"), Name: "ha", HAChassis: []string{uuid("hac")}}},
		{name: "hac", table: nb.TableHAChassis, row: &nb.HAChassis{UUID: uuid("hac"), ChassisName: "c1", Priority: 32767}},
	}
}

// sbSamples has rows of OVN_Southbound.
func sbSamples(uuid func(string) string) []sample {
	return []sample{
		{name: "dp", table: sb.TableDatapathBinding,
			row: &sb.DatapathBinding{UUID: uuid("dp"), TunnelKey: 1<<24 - 1, ExternalIDs: map[string]string{"name": "web"}}},
		{name: "other_dp", table: sb.TableDatapathBinding, row: &sb.DatapathBinding{UUID: uuid("other_dp"), TunnelKey: 1}},
		{name: "dps", table: sb.TableLogicalDPGroup,
			row:     &sb.LogicalDPGroup{UUID: uuid("dps"), Datapaths: sorted(uuid("dp"), uuid("other_dp"))},
			next:    &sb.LogicalDPGroup{UUID: uuid("dps"), Datapaths: []string{uuid("other_dp")}},
			columns: []string{"datapaths"}},
		{name: "flow", table: sb.TableLogicalFlow,
			row: &sb.LogicalFlow{UUID: uuid("flow"), LogicalDatapath: ptr(uuid("dp")), Pipeline: sb.LogicalFlowPipelineIngress, TableID: 32,
				Priority: math.MaxUint16, Match: "ip4 && ip.ttl == {0, 1}", Actions: "drop;", Tags: map[string]string{"in_out_port": "p1"}},
			next: &sb.LogicalFlow{UUID: uuid("flow"), LogicalDPGroup: ptr(uuid("dps")), Pipeline: sb.LogicalFlowPipelineEgress,
				Match: "1", Actions: "next;", ControllerMeter: ptr("m")},
			columns: []string{"logical_datapath", "logical_dp_group", "pipeline", "table_id", "priority", "match", "actions", "tags",
				"controller_meter"}},
		{name: "shared", table: sb.TableLogicalFlow, row: &sb.LogicalFlow{UUID: uuid("shared"), LogicalDPGroup: ptr(uuid("dps")),
			Pipeline: sb.LogicalFlowPipelineEgress}},
		{name: "chassis", table: sb.TableChassis,
			row: &sb.Chassis{UUID: uuid("chassis"), Name: "c1", Hostname: "host", Encaps: sorted(uuid("geneve"), uuid("vxlan")),
				TransportZones: []string{"a", "b"}, OtherConfig: map[string]string{"is-interconn": "false"}},
			next: &sb.Chassis{UUID: uuid("chassis"), Name: "c1", Hostname: "host", Encaps: sorted(uuid("geneve"), uuid("vxlan")),
				NBCfg: math.MaxInt64, TransportZones: []string{"b", "c"}, OtherConfig: map[string]string{"is-interconn": "true"}},
			columns: []string{"nb_cfg", "transport_zones", "other_config"}},
		{name: "geneve", table: sb.TableEncap,
			row: &sb.Encap{UUID: uuid("geneve"), Type: sb.EncapTypeGeneve, IP: "192.0.2.1", Options: map[string]string{"csum": "true"}}},
		{name: "vxlan", table: sb.TableEncap, row: &sb.Encap{UUID: uuid("vxlan"), Type: sb.EncapTypeVXLAN, IP: "192.0.2.1"}},
		{name: "port", table: sb.TablePortBinding,
			row: &sb.PortBinding{UUID: uuid("port"), LogicalPort: "p1", Datapath: uuid("dp"), TunnelKey: 32767, Tag: ptr(int64(1)),
				Chassis: ptr(uuid("chassis")), Encap: ptr(uuid("geneve")), AdditionalEncap: sorted(uuid("geneve"), uuid("vxlan")),
				MAC: []string{"02:00:00:00:00:01"}, Up: ptr(false)},
			next: &sb.PortBinding{UUID: uuid("port"), LogicalPort: "p1", Datapath: uuid("other_dp"), TunnelKey: 1, Tag: ptr(int64(4095)),
				AdditionalEncap: []string{uuid("vxlan")}, MAC: []string{"router"}, Up: ptr(true), RequestedChassis: ptr(uuid("chassis"))},
			columns: []string{"datapath", "tunnel_key", "tag", "chassis", "encap", "additional_encap", "mac", "up", "requested_chassis"}},
		{name: "group", table: sb.TableMulticastGroup,
			row: &sb.MulticastGroup{UUID: uuid("group"), Name: "flood", Datapath: uuid("dp"), TunnelKey: 65535, Ports: []string{uuid("port")}}},
		{name: "role", table: sb.TableRBACRole,
			row: &sb.RBACRole{UUID: uuid("role"), Name: "ovn-controller",
				Permissions: map[string]string{"Chassis": uuid("permission"), "Encap": uuid("permission")}},
			next:    &sb.RBACRole{UUID: uuid("role"), Name: "ovn-controller", Permissions: map[string]string{"Chassis": uuid("permission")}},
			columns: []string{"permissions"}},
		{name: "permission", table: sb.TableRBACPermission,
			row: &sb.RBACPermission{UUID: uuid("permission"), Table: "Chassis", Authorization: []string{"name"}, InsertDelete: true}},
		{name: "bfd", table: sb.TableBFD,
			row: &sb.BFD{UUID: uuid("bfd"), LogicalPort: "p1", DstIP: "192.0.2.2", SrcPort: 49152, Status: sb.BFDStatusAdminDown, Disc: -1},
			next: &sb.BFD{UUID: uuid("bfd"), LogicalPort: "p1", DstIP: "192.0.2.2", SrcPort: 65535, Status: sb.BFDStatusUp,
				DetectMult: 3},
			columns: []string{"src_port", "status", "disc", "detect_mult"}},
		{name: "service", table: sb.TableServiceMonitor,
			row: &sb.ServiceMonitor{UUID: uuid("service"), IP: "10.0.0.1", Port: math.MaxUint16, Protocol: ptr(sb.ServiceMonitorProtocolUDP)},
			next: &sb.ServiceMonitor{UUID: uuid("service"), IP: "10.0.0.1", Port: 0, Protocol: ptr(sb.ServiceMonitorProtocolUDP),
				Status: ptr(sb.ServiceMonitorStatusOnline)},
			columns: []string{"port", "status"}},
	}
}

// sorted puts references into the order in which sets are read.
func sorted(uuids ...string) []string {
	slices.Sort(uuids)
	return uuids
}
