// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/dbserver"
	"github.com/ovskit/ovskit/fakeovs/internal/ofswitch"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/openflow"
)

// settle gives a bridge the settings that are about OpenFlow.
func (d *Daemon) settle(b *bridge, c *bridgeConfig) {
	b.sw.SetVersions(versions(c.row.Get("protocols").Strings()))
	config := c.row.Get("other_config")
	b.sw.SetDescription(ofswitch.Description{Datapath: config.Lookup("dp-desc"), SerialNumber: config.Lookup("dp-sn")})
	b.sw.SetTables(d.tables(c))
	for _, i := range c.interfaces {
		if p := b.ports[i.name]; p != nil {
			d.setQueues(b, p, i)
			d.setPolicing(b, p, i)
		}
	}
}

// versions are OpenFlow versions as the switch wants them; 0 for none, which means all.
func versions(protocols []string) (mask uint32) {
	for _, p := range protocols {
		if minor, err := strconv.Atoi(strings.TrimPrefix(p, "OpenFlow1")); err == nil && minor >= 0 && minor <= 5 {
			mask |= 1 << (openflow.Version10 + openflow.Version(minor))
		}
	}
	return mask
}

// tables are the settings of the flow tables that have some.
func (d *Daemon) tables(c *bridgeConfig) map[uint8]pipeline.TableOptions {
	tables := map[uint8]pipeline.TableOptions{}
	column := c.row.Get("flow_tables")
	uuids := column.Values()
	for i, number := range column.Ints() {
		row := d.config.tables["Flow_Table"][uuids[i]]
		if number >= ofTables || row == nil {
			continue
		}
		o := pipeline.TableOptions{Name: row.Get("name").String(), Evict: row.Get("overflow_policy").String() == "evict"}
		o.FlowLimit, o.Limited = row.Get("flow_limit").Integer()
		o.Prefixes = row.Get("prefixes").Strings()
		for _, text := range row.Get("groups").Strings() {
			if f, ok := subfield(text); ok {
				o.Groups = append(o.Groups, f)
			} else {
				d.log.Warn("group of a flow table not understood", "bridge", c.name, "table", number, "group", text)
			}
		}
		tables[uint8(number)] = o
	}
	return tables
}

// ofTables is how many tables a switch has, but for the one that it keeps to itself.
const ofTables = 254

// subfield reads a part of a field, as in "NXM_OF_VLAN_TCI[0..11]".
func subfield(text string) (openflow.Subfield, bool) {
	in, err := openflow.ParseActions("push:"+text, nil)
	if err != nil || len(in.Apply) != 1 {
		return openflow.Subfield{}, false
	}
	push, ok := in.Apply[0].(openflow.StackPush)
	return push.Src, ok
}

// setQueues lets the switch know the queues of a port. A dummy has one and takes no others.
func (d *Daemon) setQueues(b *bridge, p *port, i *interfaceConfig) {
	var queues []uint32
	switch {
	case p.isVirtual():
	case p.dummy:
		queues = []uint32{0}
	default:
		if qos := d.qos(i); qos != nil && qos.Get("type").String() != "" {
			queues = append(queues, 0)
			for _, n := range qos.Get("queues").Ints() {
				if n != 0 {
					queues = append(queues, uint32(n))
				}
			}
		}
	}
	dscp := d.queuesDSCP(i)
	if now, ok := b.sw.Port(p.no); ok && (!slices.Equal(now.Queues, queues) || !maps.Equal(now.DSCP, dscp)) {
		b.sw.ChangePort(p.no, func(p *pipeline.Port) { p.Queues, p.DSCP = queues, dscp })
	}
}

// setPolicing lets the switch know how much may come in by a port. Dummies, tunnels and patches take any amount.
func (d *Daemon) setPolicing(b *bridge, p *port, i *interfaceConfig) {
	var policing pipeline.Policing
	if i.row != nil && !p.dummy && !p.isVirtual() {
		number := func(column string) uint32 {
			n, _ := i.row.Get(column).Integer()
			return uint32(min(max(n, 0), math.MaxUint32))
		}
		policing = pipeline.Policing{
			Rate: number("ingress_policing_rate"), Burst: number("ingress_policing_burst"),
			PacketRate: number("ingress_policing_kpkts_rate"), PacketBurst: number("ingress_policing_kpkts_burst"),
		}
	}
	if now, ok := b.sw.Port(p.no); ok && now.Policing != policing {
		b.sw.ChangePort(p.no, func(p *pipeline.Port) { p.Policing = policing })
	}
}

// queuesDSCP is what the queues of an interface have packets marked with.
func (d *Daemon) queuesDSCP(i *interfaceConfig) map[uint32]uint8 {
	qos := d.qos(i)
	if qos == nil || qos.Get("type").String() == "" {
		return nil
	}
	marks := map[uint32]uint8{}
	queues := qos.Get("queues")
	uuids := queues.Values()
	for at, n := range queues.Ints() {
		if row := d.config.tables["Queue"][uuids[at]]; row != nil {
			if dscp, ok := row.Get("dscp").Integer(); ok {
				marks[uint32(n)] = uint8(dscp)
			}
		}
	}
	return marks
}

// qos is the quality of service that is configured for an interface; nil for none.
func (d *Daemon) qos(i *interfaceConfig) *dbserver.Row {
	if i.port.row == nil {
		return nil
	}
	return d.config.tables["QoS"][i.port.row.Get("qos").String()]
}

// settleDatapath takes over what the database says to all bridges.
func (d *Daemon) settleDatapath(c *config) {
	if c.root == nil {
		return
	}
	seconds, _ := strconv.Atoi(c.root.Get("other_config").Lookup("bundle-idle-timeout"))
	d.datapath.SetBundleIdle(time.Duration(max(0, seconds)) * time.Second)
	vlans, err := strconv.Atoi(c.root.Get("other_config").Lookup("vlan-limit"))
	if err != nil {
		vlans = 1
	}
	d.datapath.SetVLANLimit(vlans)
}
