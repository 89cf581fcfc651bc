// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/bits"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// counters is a database of integers by name. Two constraints are checked at
// commit, as most are on a real server: names are unique, and integers at most
// 3. No change makes up for another's violation of them.
type counters struct {
	ints         map[string]int64
	transactions int
}

func (db *counters) reset() { *db = counters{ints: map[string]int64{}} }

type counterOp struct {
	Op, Comment, Lock string
	Row               struct{ Name string }
	Where             [][3]any
	Mutations         [][3]any
}

// transact runs a transaction and returns its result.
func (db *counters) transact(params json.RawMessage) string {
	var ops []json.RawMessage
	if err := json.Unmarshal(params, &ops); err != nil {
		return "malformed"
	}
	db.transactions++
	next := maps.Clone(db.ints)
	twice := false
	var results []any
	for _, text := range ops[1:] {
		var o counterOp
		if err := json.Unmarshal(text, &o); err != nil {
			return "malformed"
		}
		switch o.Op {
		case "comment":
			results = append(results, struct{}{})
		case "assert":
			return refuseAt(results, len(ops)-1, "not owner")
		case "insert":
			_, exists := next[o.Row.Name]
			twice = twice || exists
			if !exists {
				next[o.Row.Name] = 0
			}
			results = append(results, map[string]any{"uuid": [2]string{"uuid", uuidA}})
		case "mutate":
			name, count := o.Where[0][2].(string), 0
			if n, ok := next[name]; ok {
				by := int64(o.Mutations[0][2].(float64))
				switch {
				case n > 3:
					return refuseAt(results, len(ops)-1, "range error")
				case n == 2 && by == 2:
					return refuseAt(results, len(ops)-1, "domain error")
				}
				next[name] = n + by
				count = 1
			}
			results = append(results, map[string]int{"count": count})
		case "select":
			var rows []any
			if n, ok := next[o.Where[0][2].(string)]; ok {
				rows = append(rows, map[string]int64{"int": n})
			}
			results = append(results, map[string]any{"rows": append([]any{}, rows...)})
		}
	}
	for _, n := range next {
		if twice || n > 3 {
			return refuseAt(results, len(results), "constraint violation")
		}
	}
	db.ints = next
	return encodeResult(results)
}

// refuseAt ends the results with a refusal, and null for each operation that
// is left.
func refuseAt(results []any, n int, name string) string {
	results = append(results, map[string]string{"error": name})
	for len(results) < n {
		results = append(results, nil)
	}
	return encodeResult(results)
}

func encodeResult(results []any) string {
	text, err := json.Marshal(results)
	if err != nil {
		return "malformed"
	}
	return string(text)
}

// outcome is what a caller sees.
type outcome struct {
	Results []Result
	Err     string
}

func outcomeOf(results []Result, err error) outcome {
	o := outcome{Results: results}
	if err != nil {
		o.Err = err.Error()
	}
	return o
}

// drawChange makes operations on three counters, some of which the server
// refuses, at the operation or at commit, depending on what others did.
func drawChange(t *rapid.T, i int) []Operation {
	name := rapid.SampledFrom([]string{"a", "b", "c"})
	draw := func(t *rapid.T) Operation {
		byName := Where("name", Equal, name.Draw(t, "name"))
		switch rapid.SampledFrom([]string{"insert", "add", "add", "select", "add two", "assert"}).Draw(t, "kind") {
		case "insert":
			return Insert("T", Row{"name": name.Draw(t, "new"), "ref": "row"}).Named("row")
		case "add":
			return Mutate("T", []Mutation{Change("int", Add, 1)}, byName)
		case "add two":
			return Mutate("T", []Mutation{Change("int", Add, 2)}, byName)
		case "assert":
			return Assert("l")
		default:
			return Select("T", []string{"int"}, byName)
		}
	}
	ops := []Operation{Comment(fmt.Sprint(i))}
	for range rapid.IntRange(1, 2).Draw(t, "operations") {
		o := draw(t)
		if o.uuidName != "" && len(ops) > 1 && ops[1].uuidName != "" {
			o = o.Named("other")
			o.row = Row{"name": o.row.(Row)["name"]}
		}
		ops = append(ops, o)
	}
	return ops
}

// Whatever the changes and however they share transactions, every caller sees
// what it would see if the changes were made one by one, and so does the
// database.
func TestBatchIsOneByOne(t *testing.T) {
	db := &counters{}
	c := dialPeer(t, func(p *peer) {
		for {
			r, ok := p.next()
			if !ok {
				return
			}
			p.answer(r, db.transact(r.Params))
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 24).Draw(t, "changes")
		sets := make([][]Operation, n)
		for i := range sets {
			sets[i] = drawChange(t, i)
		}
		size := rapid.SampledFrom([]int{1, 1000, math.MaxInt}).Draw(t, "size")
		b := NewBatcher(c, BatchOptions{MaxSize: size, Epilogue: []Operation{Comment("end")}})

		db.reset()
		for _, ops := range sets {
			change, err := b.change(ops)
			if err != nil {
				t.Fatal(err)
			}
			b.queue = append(b.queue, change)
		}
		var got []outcome
		changes := b.queue
		b.run()
		for _, c := range changes {
			<-c.ended
			got = append(got, outcomeOf(c.results, c.err))
		}
		shared, transactions := db.ints, db.transactions

		db.reset()
		var want []outcome
		failed := 0
		for _, ops := range sets {
			o := outcomeOf(c.Transact(context.Background(), ops...))
			if o.Err != "" {
				failed++
			}
			want = append(want, o)
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("outcomes (-one by one +batch):\n%s", diff)
		}
		if diff := gocmp.Diff(db.ints, shared); diff != "" {
			t.Errorf("database (-one by one +batch):\n%s", diff)
		}
		if most := 1 + 2*failed*(1+bits.Len(uint(n))); size == math.MaxInt && transactions > most {
			t.Errorf("%d changes, %d of them refused: got %d transactions, want at most %d", n, failed, transactions, most)
		}
	})
}
