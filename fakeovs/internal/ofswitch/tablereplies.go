// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/openflow"
)

// maxFeatureTables is how many tables a request in parts may have: more are refused for naming one twice.
const maxFeatureTables = 256

// tableFeatures answers a request for what the tables can do. A request with tables changes it: Open vSwitch lets
// controllers set the names of tables, and claim less than there is.
func (c *conn) tableFeatures(m openflow.TableFeaturesRequest, xid uint32) error {
	if room := maxFeatureTables - len(c.features); len(m.Tables) > room {
		m.Tables = m.Tables[:room]
	}
	if m.More || len(c.features) > 0 {
		weight := pipeline.Weight(m.Tables)
		if !c.s.dp.Memory().Take(weight) {
			c.dropFeatures()
			return c.s.dp.Memory().Full(openflow.ErrMultipartOverflow)
		}
		c.featuresWeight += weight
	}
	c.features = append(c.features, m.Tables...)
	if m.More {
		return nil
	}
	tables := c.features
	c.dropFeatures()
	if len(tables) > 0 {
		if err := c.s.SetTableFeatures(c.version, tables); err != nil {
			return err
		}
	}
	c.sendTableFeatures(xid)
	return nil
}

// dropFeatures forgets the parts of a request.
func (c *conn) dropFeatures() {
	c.s.dp.Memory().GiveBack(c.featuresWeight)
	c.features, c.featuresWeight = nil, 0
}

// sendTableFeatures answers a request for what the tables can do.
func (c *conn) sendTableFeatures(xid uint32) {
	sendList(c, xid, c.s.TableFeatures(c.version), func(part []openflow.TableFeatures, more bool) openflow.Message {
		return openflow.TableFeaturesReply{Tables: part, More: more}
	})
}

// sendTables answers a request for the counters of the tables.
func (c *conn) sendTables(xid uint32) {
	sendList(c, xid, c.s.TableStats(c.version), func(part []openflow.TableStats, more bool) openflow.Message {
		return openflow.TableStatsReply{Tables: part, More: more}
	})
}

// sendTableDescs answers a request for the configuration of the tables.
func (c *conn) sendTableDescs(xid uint32) {
	sendList(c, xid, c.s.TableDescs(), func(part []openflow.TableDesc, more bool) openflow.Message {
		return openflow.TableDescReply{Tables: part, More: more}
	})
}
