// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"strings"
	"testing"

	"github.com/ovskit/ovskit/flows"
)

func TestTopologies(t *testing.T) {
	web2, web3, db2 := flows.EndpointNamed("web2"), flows.EndpointNamed("web3"), flows.EndpointNamed("db2")
	for _, tt := range []struct {
		name  string
		rules []flows.Rule
		pairs string // who reaches whom
	}{
		{"nobody", flows.OneToMany("t", web2, nil), ""},
		{"one to one", flows.OneToOne("t", web2, db2), "web2-db2 db2-web2"},
		{"one to many", flows.OneToMany("t", db2, []flows.Selector{web2, web3}), "web2-db2 db2-web2 web3-db2 db2-web3"},
		{"many to many", flows.ManyToMany("t", []flows.Selector{web2, web3}), "web2-web3 web3-web2"},
		{"none of many", flows.ManyToMany("t", nil), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLab(t)
			l.web.Isolated = true
			l.mustSet(l.web)
			for _, r := range tt.rules {
				l.mustSet(r)
			}
			want := map[string]bool{}
			for pair := range strings.FieldsSeq(tt.pairs) {
				want[pair] = true
			}
			stations := []*station{l.web2, l.web3, l.db2}
			for i, from := range stations {
				for j, to := range stations {
					if from != to {
						l.passes("tcp", from, to, uint16(1000+10*i+j), 80, want[from.name+"-"+to.name])
					}
				}
			}
		})
	}
}
