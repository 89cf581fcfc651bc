// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

// words are strings that most requests have, as values: none of them is allocated anew.
var words = func() map[string]any {
	all := map[string]any{}
	for _, w := range []string{
		"method", "params", "id", "result", "error",
		"transact", "echo", "monitor", "monitor_cond", "monitor_cond_since", "monitor_cancel",
		"op", "insert", "select", "update", "mutate", "delete", "wait", "commit", "abort", "comment", "assert",
		"table", "row", "uuid-name", "where", "columns", "mutations", "timeout", "until", "rows", "durable", "lock",
		"==", "!=", "includes", "excludes", "+=", "-=", "uuid", "named-uuid", "set", "map",
		"_uuid", "Open_vSwitch", "Bridge", "Port", "Interface", "name", "external_ids", "bridges", "ports", "interfaces", "next_cfg",
	} {
		all[w] = w
	}
	return all
}()

// maxWord is how long words are at most.
const maxWord = 18

// word returns the string that is next if it is one of the words, else nil.
func (p *jsonParser) word() any {
	rest := p.b[p.i+1:]
	for i, c := range rest[:min(len(rest), maxWord+1)] {
		if c != '"' {
			continue
		}
		w := words[string(rest[:i])]
		if w != nil {
			if p.take(scalarSize+i) != nil {
				return nil
			}
			p.i += i + 2
		}
		return w
	}
	return nil
}
