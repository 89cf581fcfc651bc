// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// QoS shapes what the switch sends to a port, table QoS of
// ovs-vswitchd.conf.db(5).
type QoS struct {
	// Type is the discipline: "linux-htb" by default, "linux-hfsc",
	// "linux-sfq", "linux-codel", "linux-fq_codel", "linux-netem", "linux-noop",
	// "egress-policer", "trtcm-policer".
	Type string `json:"type,omitempty"`
	// MaxRate is the limit of all queues together in bit/s; 0 is the link's
	// speed.
	MaxRate uint64 `json:"maxRate,omitempty"`
	// Queues are the queues by their numbers, to which flows direct packets by
	// set_queue. What is directed to none goes to queue 0.
	Queues map[uint32]Queue `json:"queues,omitempty"`
	// OtherConfig are further keys of QoS.other_config.
	OtherConfig map[string]string `json:"otherConfig,omitempty"`
}

// A Queue is one queue of a [QoS].
type Queue struct {
	// MinRate is what it is sure of and MaxRate is its limit, in bit/s; 0 is
	// the discipline's default.
	MinRate uint64 `json:"minRate,omitempty"`
	MaxRate uint64 `json:"maxRate,omitempty"`
	// Burst is how much it may send at once, in bits.
	Burst uint64 `json:"burst,omitempty"`
	// Priority says who gets what nobody is sure of: the lowest first.
	Priority uint32 `json:"priority,omitempty"`
	// DSCP, if not nil, marks what passes the queue, 0 to 63.
	DSCP *uint8 `json:"dscp,omitempty"`
	// OtherConfig are further keys of Queue.other_config.
	OtherConfig map[string]string `json:"otherConfig,omitempty"`
}

const (
	defaultQoS = "linux-htb"
	maxQueue   = 0xfffffffe // OFPQ_ALL less one
)

func (q *QoS) check() error {
	if q == nil {
		return nil
	}
	for id, queue := range q.Queues {
		switch {
		case id > maxQueue:
			return fmt.Errorf("QoS: queue %d: above %d", id, uint32(maxQueue))
		case queue.MaxRate != 0 && queue.MinRate > queue.MaxRate:
			return fmt.Errorf("QoS: queue %d: its minimum of %d bit/s is above its maximum of %d", id, queue.MinRate, queue.MaxRate)
		case queue.DSCP != nil && *queue.DSCP > 63:
			return fmt.Errorf("QoS: queue %d: DSCP %d: above 63", id, *queue.DSCP)
		}
	}
	return nil
}

// insert makes the rows of a port. Its own refers to them by the name qosRow in the
// same transaction.
func (q *QoS) insert(owner, port string) []ovsdb.Operation {
	if q == nil {
		return nil
	}
	ids := qosMarks(owner, port)
	row := &vswitch.QoS{Type: defaultQoS, ExternalIDs: ids, OtherConfig: rates(q.OtherConfig, map[string]uint64{"max-rate": q.MaxRate})}
	if q.Type != "" {
		row.Type = q.Type
	}
	var ops []ovsdb.Operation
	for _, id := range slices.Sorted(maps.Keys(q.Queues)) {
		queue := q.Queues[id]
		name := fmt.Sprintf("queue_%d", id)
		queueRow := &vswitch.Queue{ExternalIDs: ids, OtherConfig: rates(queue.OtherConfig, map[string]uint64{
			"min-rate": queue.MinRate, "max-rate": queue.MaxRate, "burst": queue.Burst, "priority": uint64(queue.Priority),
		})}
		if queue.DSCP != nil {
			queueRow.DSCP = vswitch.Optional(int64(*queue.DSCP))
		}
		ops = append(ops, ovsdb.Insert(vswitch.TableQueue, queueRow).Named(name))
		if row.Queues == nil {
			row.Queues = make(map[int64]string)
		}
		row.Queues[int64(id)] = name
	}
	return append(ops, ovsdb.Insert(vswitch.TableQoS, row).Named(qosRow))
}

// removeQoS removes the rows that insert has made, which the server keeps when
// nothing refers to them.
func removeQoS(owner, port string) []ovsdb.Operation {
	ours := ovsdb.Where("external_ids", ovsdb.Includes, qosMarks(owner, port))
	return []ovsdb.Operation{ovsdb.Delete(vswitch.TableQoS, ours), ovsdb.Delete(vswitch.TableQueue, ours)}
}

func qosMarks(owner, port string) map[string]string {
	return map[string]string{mark.Owner: owner, mark.Port: port}
}

// qosRow names the row of the QoS in a transaction.
const qosRow = "new_qos"

// rates adds numbers that are not zero to other keys of a column.
func rates(others map[string]string, numbers map[string]uint64) map[string]string {
	column := make(map[string]string)
	maps.Copy(column, others)
	for key, n := range numbers {
		if n != 0 {
			column[key] = strconv.FormatUint(n, 10)
		}
	}
	return column
}
