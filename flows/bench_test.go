// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"fmt"
	"net/netip"
	"testing"
)

// manyEndpoints are a host, an uplink, a network of each family and n endpoints with published ports.
func manyEndpoints(n, published int) []Object {
	all := []Object{testHost, testUp, Network{
		Name: "big", Gateways: []netip.Prefix{netip.MustParsePrefix("10.64.0.1/10")}, Egress: Via("eth0"), Host: ToHost,
	}}
	for i := range n {
		e := Endpoint{
			Name: fmt.Sprint("e", i), Network: "big", Port: uint32(i + 2), MAC: []byte{2, 1, 0, byte(i >> 16), byte(i >> 8), byte(i)},
			Addrs: []netip.Addr{netip.AddrFrom4([4]byte{10, 64, byte(i>>8) + 1, byte(i)})},
		}
		for p := range published {
			e.Publish = append(e.Publish, PortMapping{Proto: TCP, HostPort: uint16(i*published + p + 1), Port: 80})
		}
		all = append(all, e)
	}
	return all
}

func BenchmarkCompile(b *testing.B) {
	for _, n := range []int{1, 100, 10000} {
		objects := manyEndpoints(n, 3)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s := newState(env{natZone: 1})
				if err := s.set(objects, kept{}); err != nil {
					b.Fatal(err)
				}
				n := 0
				for _, o := range s.outputs() {
					n += len(o.flows)
				}
				b.ReportMetric(float64(n), "flows")
			}
		})
	}
}

// One endpoint more that shares a port, of those that share it.
func BenchmarkCompileBackend(b *testing.B) {
	for _, n := range []int{1, 16, maxBackends - 1} {
		objects := manyEndpoints(n+1, 0)
		for i, o := range objects {
			if e, ok := o.(Endpoint); ok {
				e.Publish = []PortMapping{shared(80, ByClientIP)}
				objects[i] = e
			}
		}
		last := objects[len(objects)-1]
		s := newState(env{natZone: 1})
		if err := s.set(objects[:len(objects)-1], kept{}); err != nil {
			b.Fatal(err)
		}
		s.outputs()
		s.commit()
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := s.set([]Object{last}, kept{}); err != nil {
					b.Fatal(err)
				}
				s.outputs()
				s.rollback()
			}
		})
	}
}

// One endpoint more, where there are n.
func BenchmarkCompileEndpoint(b *testing.B) {
	for _, n := range []int{1, 100, 10000} {
		objects := manyEndpoints(n+1, 3)
		last := objects[len(objects)-1]
		s := newState(env{natZone: 1})
		if err := s.set(objects[:len(objects)-1], kept{}); err != nil {
			b.Fatal(err)
		}
		s.outputs()
		s.commit()
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := s.set([]Object{last}, kept{}); err != nil {
					b.Fatal(err)
				}
				s.outputs()
				s.rollback()
			}
		})
	}
}
