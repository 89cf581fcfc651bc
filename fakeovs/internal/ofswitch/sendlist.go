// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"fmt"

	"github.com/ovskit/ovskit/openflow"
)

// sendList answers a request with a list, in as many messages as it takes. An entry is measured by encoding it alone.
func sendList[T any](c *conn, xid uint32, list []T, message func(part []T, more bool) openflow.Message) {
	head, err := c.encode(message(nil, false), xid)
	if err != nil {
		c.log.Error("cannot encode a reply", "error", err)
		return
	}
	var part []T
	size := 0
	for _, entry := range list {
		b, err := c.encode(message([]T{entry}, false), xid)
		if err != nil {
			c.log.Error("cannot encode an entry of a reply", "entry", fmt.Sprintf("%T", entry), "error", err)
			continue
		}
		n := len(b) - len(head)
		if len(part) > 0 && len(head)+size+n > openflow.MaxMessage {
			c.reply(message(part, true), xid)
			part, size = nil, 0
		}
		part = append(part, entry)
		size += n
	}
	c.reply(message(part, false), xid)
}
