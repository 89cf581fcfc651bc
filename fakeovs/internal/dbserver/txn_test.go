// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
	"strings"
	"testing"
)

// TestUndoneChanges inserts rows, deletes them and inserts them anew in one transaction, of as many rows as are looked
// through one after the other, and of more.
func TestUndoneChanges(t *testing.T) {
	for _, n := range []int{1, fewChanges/3 + 1, fewChanges, fewChanges + 1, 3 * fewChanges} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			c := connect(t, startServer(t, Options{}))
			var ops []string
			uuid := func(i int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", i+1) }
			insert := func(i, value int) {
				ops = append(ops, fmt.Sprintf(`{"op":"insert","table":"root","uuid":"%s","row":{"name":"n%d","i":%d,"some":1}}`,
					uuid(i), i, value))
			}
			for i := range n {
				insert(i, i)
			}
			ops = append(ops, `{"op":"delete","table":"root","where":[["i",">=",0]]}`)
			for i := range n {
				insert(i, 100+i)
			}
			ops = append(ops, `{"op":"select","table":"root","where":[],"columns":["i"],"sort":["i"]}`,
				fmt.Sprintf(`{"op":"mutate","table":"root","where":[["_uuid","==",["uuid","%s"]]],"mutations":[["i","+=",1000]]}`, uuid(0)))
			results := c.transact("[" + strings.Join(ops, ",") + "]")
			if got, want := len(results), len(ops); got != want {
				t.Fatalf("results: got %d, want %d: %s", got, want, jsonText(results))
			}
			var rows []string
			for i := range n {
				rows = append(rows, fmt.Sprintf(`{"i":%d}`, 100+i))
			}
			for at, want := range map[int]string{
				n:           fmt.Sprintf(`{"count":%d}`, n),
				2*n + 1:     `{"rows":[` + strings.Join(rows, ",") + `]}`,
				2 * (n + 1): `{"count":1}`,
			} {
				if got := jsonText(results[at]); got != want {
					t.Errorf("result %d: got %s, want %s", at, got, want)
				}
			}
			want := fmt.Sprintf(`[{"rows":[{"i":%d}]}]`, 1100)
			if got := jsonText(c.transact(`[{"op":"select","table":"root","where":[["i",">=",1000]],"columns":["i"]}]`)); got != want {
				t.Errorf("rows that were mutated: got %s, want %s", got, want)
			}
		})
	}
}
