// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

func checkNetFlow(r *vswitch.NetFlow) error {
	return errors.Join(
		checkCollectors(r.Targets),
		checkColumn("engine type", r.EngineType, 0, math.MaxUint8),
		checkColumn("engine id", r.EngineID, 0, math.MaxUint8),
		checkColumn("active timeout", &r.ActiveTimeout, -1, math.MaxInt32))
}

func checkSFlow(r *vswitch.SFlow) error {
	return errors.Join(
		checkCollectors(r.Targets),
		checkColumn("sampling", r.Sampling, 0, math.MaxUint32),
		checkColumn("polling", r.Polling, 0, math.MaxInt32),
		checkColumn("header", r.Header, 0, math.MaxInt32))
}

func checkIPFIX(r *vswitch.IPFIX) error {
	return errors.Join(
		checkCollectors(r.Targets),
		checkColumn("sampling", r.Sampling, 1, math.MaxUint32),
		checkColumn("observation domain id", r.ObsDomainID, 0, math.MaxUint32),
		checkColumn("observation point id", r.ObsPointID, 0, math.MaxUint32),
		checkColumn("cache active timeout", r.CacheActiveTimeout, 0, 4200),
		checkColumn("cache maximum flows", r.CacheMaxFlows, 0, math.MaxUint32))
}

// checkCollectors reports what is not an address of a collector.
func checkCollectors(targets []string) error {
	for i, t := range targets {
		switch {
		case t == "" || t[0] == ':' || strings.ContainsFunc(t, invalidInTarget):
			return fmt.Errorf("target %q: want HOST:PORT", t)
		case slices.Contains(targets[:i], t):
			return fmt.Errorf("target %q: given twice", t)
		}
	}
	return nil
}

func checkColumn(what string, value *int64, least, most int64) error {
	if value != nil && (*value < least || *value > most) {
		return fmt.Errorf("%s %d: not between %d and %d", what, *value, least, most)
	}
	return nil
}

// An exporter is the row of one of the tables NetFlow, sFlow and IPFIX, to which a
// column of Bridge refers. Such a row is never changed, since others may refer to
// it too: another one takes its place, and the server removes it if nobody refers
// to it any more.
type exporter struct {
	table, column string
	uuid          string // empty if it is not in the database
	columns       ovsdb.Row
}

// exports reports whether there is anybody to export to. Without, a bridge has no
// such row.
func (e *exporter) exports() bool { return len(e.columns["targets"].([]string)) > 0 }

func netFlowExporter(r *vswitch.NetFlow) *exporter {
	return &exporter{vswitch.TableNetFlow, "netflow", r.UUID, ovsdb.Row{
		"targets": r.Targets, "engine_type": r.EngineType, "engine_id": r.EngineID,
		"add_id_to_interface": r.AddIDToInterface, "active_timeout": r.ActiveTimeout, "external_ids": r.ExternalIDs,
	}}
}

func sFlowExporter(r *vswitch.SFlow) *exporter {
	return &exporter{vswitch.TableSFlow, "sflow", r.UUID, ovsdb.Row{
		"targets": r.Targets, "sampling": r.Sampling, "polling": r.Polling, "header": r.Header,
		"agent": r.Agent, "external_ids": r.ExternalIDs,
	}}
}

func ipfixExporter(r *vswitch.IPFIX) *exporter {
	return &exporter{vswitch.TableIPFIX, "ipfix", r.UUID, ovsdb.Row{
		"targets": r.Targets, "sampling": r.Sampling, "obs_domain_id": r.ObsDomainID, "obs_point_id": r.ObsPointID,
		"cache_active_timeout": r.CacheActiveTimeout, "cache_max_flows": r.CacheMaxFlows,
		"other_config": r.OtherConfig, "external_ids": r.ExternalIDs,
	}}
}
