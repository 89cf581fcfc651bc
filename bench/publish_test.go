// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"slices"
	"testing"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/openflow"
)

// publishingEndpoint is one that publishes some ports.
func publishingEndpoint(ports int) flows.Endpoint {
	var mappings []flows.PortMapping
	for i := range ports {
		mappings = append(mappings, flows.PortMapping{Proto: flows.TCP, HostPort: firstPublished + uint16(i), Port: 80})
	}
	return webEndpoint(0, mappings...)
}

// arrival is how what is there already has come: by a change for each endpoint, or by one for all.
type arrival bool

const (
	byAndBy  arrival = false
	allInOne arrival = true
)

// publishOthers has other endpoints publish ports, at most a thousand each. A range that begins elsewhere than the endpoint's has
// a flow for each of its ports.
func (s *flowSwitch) publishOthers(b *testing.B, ports int, a arrival) {
	var others []flows.Object
	for begin := 0; begin < ports; begin += manyPublished {
		first, n := uint16(20000+begin), uint16(min(manyPublished, ports-begin))
		others = append(others, webEndpoint(1+len(others), flows.PortMapping{
			Proto: flows.TCP, HostPort: first, HostPortEnd: first + n - 1, Port: 1,
		}))
	}
	size := 1
	if a == allInOne {
		size = max(1, len(others))
	}
	for some := range slices.Chunk(others, size) {
		if err := s.Set(context.Background(), some...); err != nil {
			b.Fatal(err)
		}
	}
}

// publishFlows publishes ports of one endpoint where others have published some.
func publishFlows(b *testing.B, ports, others int) side {
	ctx := context.Background()
	s := newFlowSwitch(b)
	s.publishOthers(b, others, byAndBy)
	with, without := publishingEndpoint(ports), publishingEndpoint(0)
	if err := s.Set(ctx, without); err != nil {
		b.Fatal(err)
	}
	return side{
		run:  func(int) error { return s.Set(ctx, with) },
		undo: func(int) error { return s.Set(ctx, without) },
	}
}

// compiled are the flows that objects are compiled to, by key.
func (s *flowSwitch) compiled(b *testing.B, objects ...flows.Object) map[string]openflow.Flow {
	b.Helper()
	all, err := flows.Compile(flows.Options{Owner: "bench"}, append(objects, s.base...)...)
	if err != nil {
		b.Fatal(err)
	}
	byKey := make(map[string]openflow.Flow, len(all))
	for _, f := range all {
		byKey[f.Key()] = f
	}
	return byKey
}

// publishRaw writes nothing but the bundles that publishFlows comes to.
func publishRaw(b *testing.B, ports, others int, a arrival) side {
	ctx := context.Background()
	s := newFlowSwitch(b)
	s.publishOthers(b, others, a)
	with, without := publishingEndpoint(ports), publishingEndpoint(0)
	if err := s.Set(ctx, without); err != nil {
		b.Fatal(err)
	}
	s.Close()
	before := s.compiled(b, without)
	var add, remove []openflow.Modification
	for key, f := range s.compiled(b, with) {
		if _, there := before[key]; !there {
			add, remove = append(add, openflow.Add(f)), append(remove, openflow.DeleteStrict(f))
		}
	}
	if len(add) != ports {
		b.Fatalf("%d flows for %d ports", len(add), ports)
	}
	raw := dialRawFlow(b, s.br.Management())
	adding, removing := bundleBlob(b, add...), bundleBlob(b, remove...)
	return side{
		run:  func(int) error { return raw.write(adding) },
		undo: func(int) error { return raw.write(removing) },
	}
}
