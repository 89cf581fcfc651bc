// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The orders are those in which an ovsdb-server 3.1 writes members that it put into an object one after the other.
func TestHashOrder(t *testing.T) {
	var many []string
	for i := range 40 {
		many = append(many, fmt.Sprintf("c%d", i))
	}
	for _, tt := range []struct {
		names []string
		want  string
	}{
		{nil, ""},
		{[]string{"a"}, "a"},
		{[]string{"result", "error", "id"}, "id result error"},
		{[]string{"error", "details", "syntax"}, "syntax details error"},
		{[]string{"test", "_Server"}, "test _Server"},
	} {
		if got := strings.Join(hashOrder(tt.names), " "); got != tt.want {
			t.Errorf("%v: got %s, want %s", tt.names, got, tt.want)
		}
	}
	got := hashOrder(many)
	slices.Sort(got)
	slices.Sort(many)
	if !slices.Equal(got, many) {
		t.Errorf("got %v, want an order of %v", got, many)
	}
}
