// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

// tellMonitors sends some monitors what a transaction changed. An update is made once for all monitors that ask for the same, and a
// message once for all that also have the same id, as those of many clients of one kind have.
func (db *Database) tellMonitors(changes []*change, which func(*monitor) bool) {
	updates := map[string]rawJSON{} // by what is asked for
	var last *monitor
	var message *parcel
	for _, m := range db.monitors {
		if !which(m) {
			continue
		}
		update, made := updates[m.asks]
		if !made {
			update = m.update(changes)
			updates[m.asks] = update
		}
		if update == nil {
			continue
		}
		if last == nil || last.asks != m.asks || last.idText != m.idText {
			last, message = m, newParcel(m.notification(update), &db.server.backlog)
		}
		m.session.sendParcel(message)
	}
}

func (m *monitor) setID(id any) { m.id, m.idText = id, jsonText(id) }

// asked notes what a new monitor asks for.
func (m *monitor) asked(requests any) {
	m.requests = jsonText(requests)
	m.conditionsChanged()
}

// conditionsChanged notes what conditions have become of the first ones.
func (m *monitor) conditionsChanged() {
	b := append([]byte{byte('0' + m.version)}, m.requests...)
	for _, mt := range m.order {
		if mt.nextText == "" {
			continue
		}
		for _, text := range []string{mt.table.name, mt.whereText, mt.nextText} {
			b = appendString(b, text)
		}
		for _, c := range mt.unseen {
			b = appendString(b, c.name)
		}
	}
	m.asks = string(b)
}
