// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
	"testing"
)

// BenchmarkTransact makes a small transaction on a unix socket.
func BenchmarkTransact(b *testing.B) {
	c := dialUnix(b, startServer(b, Options{}))
	c.transact(insertSingle)
	request := []byte(`{"id":1,"method":"transact","params":["test",{"op":"mutate","table":"single","where":[],"mutations":[["x","+=",1]]}]}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.conn.Write(request); err != nil {
			b.Fatal(err)
		}
		if _, err := c.r.next(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkInsertIntoSet adds a row and a reference to it to a set of so many.
func BenchmarkInsertIntoSet(b *testing.B) {
	for _, n := range []int{1, 100, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := startServer(b, Options{})
			c := connect(b, s)
			add := func(n int) string {
				ops := `[{"op":"mutate","table":"root","where":[],"mutations":[["kids","insert",["set",[`
				for i := range n {
					if i > 0 {
						ops += ","
					}
					ops += fmt.Sprintf(`["named-uuid","k%d"]`, i)
				}
				ops += `]]]]}`
				for i := range n {
					ops += fmt.Sprintf(`,{"op":"insert","table":"kid","row":{},"uuid-name":"k%d"}`, i)
				}
				return ops + `]`
			}
			c.transact(`[{"op":"insert","table":"root","row":{"some":1}}]`)
			for left := n; left > 0; left -= 100 {
				c.transact(add(min(left, 100)))
			}
			one := newSession(s, &sink{})
			request := []byte(`{"id":1,"method":"transact","params":["test",` + add(1)[1:] + `}`)
			b.ReportAllocs()
			for b.Loop() {
				if err := one.handle(request); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
