// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	of "github.com/ovskit/ovskit/openflow"
)

// numbered is a flow of table 1 that differs from others in its number.
func numbered(i uint32) of.Flow {
	return of.Flow{Table: 1, Priority: 5, Match: of.Match{of.Reg(1, i)}, Instructions: apply(of.Output{Port: 1})}
}

func TestRealBundleIsAllOrNothing(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	eachVersion(t, of.Version13, func(t *testing.T, v of.Version) {
		ctx := testContext(t)
		c := dial(t, endpoint, v)
		must(t, c.Apply(ctx, deleteAll))
		if err := c.Bundle(ctx, of.Add(numbered(1000))); err != nil {
			t.Fatal(err)
		}
		overlapping := numbered(1000)
		overlapping.Match, overlapping.Flags = nil, of.FlowCheckOverlap
		for _, tc := range []struct {
			name string
			bad  of.FlowMod
			want error // nil: the message cannot be encoded
		}{
			{"refused when added", of.Add(of.Flow{Match: of.Match{of.TCPDst(80)}}), of.ErrBadPrereq},
			{"refused when committed", of.Add(overlapping), of.ErrOverlap},
			{"bad goto", of.Add(of.Flow{Table: 3, Instructions: of.Instructions{Goto: 2}}), of.ErrBadInstructionTable},
			{"cannot be encoded", of.Add(of.Flow{Match: of.Match{{Field: of.FieldReg0, Value: []byte{1}}}}), nil},
		} {
			t.Run(tc.name, func(t *testing.T) {
				var mods []of.Modification
				for i := range uint32(20) {
					mods = append(mods, of.Add(numbered(i)))
				}
				const position = 13
				mods[position] = tc.bad
				err := c.Bundle(ctx, mods...)
				var refused *of.RequestError
				if !errors.As(err, &refused) {
					t.Fatalf("Bundle gives %v, want a RequestError", err)
				}
				if tc.want != nil && !errors.Is(err, tc.want) {
					t.Errorf("Bundle gives %v, want %v", err, tc.want)
				}
				if refused.Index != position || refused.Endpoint != endpoint {
					t.Errorf("refused is message %d of %q, want %d of %q", refused.Index, refused.Endpoint, position, endpoint)
				}
				if got, want := fmt.Sprint(refused.Request), fmt.Sprint(tc.bad); got != want {
					t.Errorf("refused is %s, want %s", got, want)
				}
				if !strings.Contains(err.Error(), endpoint) {
					t.Errorf("error %q does not name %s", err, endpoint)
				}
				if n := strings.Count(err.Error(), "modification "); n != 1 {
					t.Errorf("error %q is about %d modifications, want 1", err, n)
				}
				if got := flowsOf(t, c); len(got) != 1 {
					t.Errorf("%d flows after a bundle that failed, want the 1 from before: %v", len(got), got)
				}
			})
		}
		// The connection is as good as before.
		if err := c.Bundle(ctx, of.Add(numbered(1)), of.DeleteStrict(numbered(1000))); err != nil {
			t.Fatal(err)
		}
		if got := flowsOf(t, c); len(got) != 1 {
			t.Errorf("%d flows after the last bundle, want 1: %v", len(got), got)
		}
	})
}

func TestRealBundleIsOrdered(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	eachVersion(t, of.Version13, func(t *testing.T, v of.Version) {
		c := dial(t, endpoint, v)
		must(t, c.Apply(testContext(t), deleteAll))
		first, second := numbered(1), numbered(1)
		second.Instructions = apply(of.Output{Port: 2})
		if err := c.Bundle(testContext(t), of.Add(first), of.DeleteStrict(first), of.Add(second)); err != nil {
			t.Fatal(err)
		}
		got := flowsOf(t, c)
		if f := got[first.Key()]; len(got) != 1 || !f.Equal(second) {
			t.Errorf("flows are %v, want %v", got, second)
		}
	})
}

func TestRealApplyNamesEachRefusal(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	eachVersion(t, of.Version13, func(t *testing.T, v of.Version) {
		c := dial(t, endpoint, v)
		must(t, c.Apply(testContext(t), deleteAll))
		bad := of.Add(of.Flow{Match: of.Match{of.TCPDst(80)}})
		err := c.Apply(testContext(t), of.Add(numbered(1)), bad, of.Add(numbered(2)),
			of.Add(of.Flow{Match: of.Match{of.InPort(1), of.InPort(2)}}), bad)
		joined, ok := err.(interface{ Unwrap() []error })
		if !ok {
			t.Fatalf("Apply gives %v, want joined errors", err)
		}
		var positions []int
		for _, err := range joined.Unwrap() {
			var refused *of.RequestError
			if errors.As(err, &refused) {
				positions = append(positions, refused.Index)
			}
		}
		if got, want := fmt.Sprint(positions), "[1 3 4]"; got != want {
			t.Errorf("refused are %s, want %s: %v", got, want, err)
		}
		if got := flowsOf(t, c); len(got) != 2 {
			t.Errorf("%d flows, want the 2 that were not refused", len(got))
		}
	})
}

// TestRealManyErrors sends so many bad flow-mods that neither side could go on if the other one stopped reading.
func TestRealManyErrors(t *testing.T) {
	t.Parallel()
	ovs := realSwitch(t)
	c := dial(t, ovs.Management("br0"))
	mods := make([]of.Modification, 20_000)
	for i := range mods {
		mods[i] = of.Add(of.Flow{Match: of.Match{of.TCPDst(uint16(i))}})
	}
	err := c.Apply(testContext(t), mods...)
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || len(joined.Unwrap()) != len(mods) {
		t.Fatalf("not %d errors", len(mods))
	}
}

func TestRealLargeBundle(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	eachVersion(t, of.Version13, func(t *testing.T, v of.Version) {
		ctx := testContext(t)
		c := dial(t, endpoint, v)
		must(t, c.Apply(ctx, deleteAll))
		n := 50_000
		if v > of.Version13 {
			n = 10_000
		}
		mods := make([]of.Modification, n)
		for i := range mods {
			mods[i] = of.Add(numbered(uint32(i)))
		}
		if err := c.Bundle(ctx, mods...); err != nil {
			t.Fatal(err)
		}
		got := flowsOf(t, c)
		if len(got) != len(mods) {
			t.Fatalf("%d flows, want %d", len(got), len(mods))
		}
		for i := range mods {
			if want := numbered(uint32(i)); !got[want.Key()].Equal(want) {
				t.Fatalf("dumped %v, added %v", got[want.Key()], want)
			}
		}
	})
}

func TestRealConcurrentBundles(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	eachVersion(t, of.Version13, func(t *testing.T, v of.Version) {
		ctx := testContext(t)
		c := dial(t, endpoint, v)
		must(t, c.Apply(ctx, deleteAll))
		var wg sync.WaitGroup
		for i := range uint32(8) {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for j := range uint32(20) {
					if err := c.Bundle(ctx, of.Add(numbered(100*i+2*j)), of.Add(numbered(100*i+2*j+1))); err != nil {
						t.Error(err)
					}
					if err := c.Echo(ctx); err != nil {
						t.Error(err)
					}
				}
			}()
		}
		wg.Wait()
		if got := flowsOf(t, c); len(got) != 320 {
			t.Errorf("%d flows, want 320", len(got))
		}
	})
}

func TestRealSwitchGoesAway(t *testing.T) {
	t.Parallel()
	ovs := realSwitch(t)
	ctx := testContext(t)
	endpoint := ovs.Management("br0")
	c := dial(t, endpoint)
	ended := make(chan error, 1)
	started := make(chan struct{})
	go func() {
		mods := make([]of.Modification, 500)
		for i := range mods {
			mods[i] = of.Add(numbered(uint32(i)))
		}
		for i := 0; ; i++ {
			if err := c.Bundle(ctx, mods...); err != nil {
				ended <- err
				return
			}
			if i == 0 {
				close(started)
			}
		}
	}()
	<-started
	if err := ovs.KillSwitch(); err != nil {
		t.Fatal(err)
	}
	err := <-ended
	var broken *of.ConnError
	if !errors.As(err, &broken) || broken.Endpoint != endpoint {
		t.Errorf("Bundle gives %v, want a ConnError of %s", err, endpoint)
	}
	<-c.Done()
	if err := c.Err(); !errors.As(err, &broken) {
		t.Errorf("Err() = %v, want a ConnError", err)
	}
	if _, err := of.Dial(ctx, endpoint, of.Options{}); !errors.As(err, &broken) || broken.Endpoint != endpoint {
		t.Errorf("Dial gives %v, want a ConnError of %s", err, endpoint)
	}
}

func TestRealNotOpenFlow(t *testing.T) {
	t.Parallel()
	ovs := realSwitch(t)
	endpoint := ovs.DatabaseEndpoint()
	_, err := of.Dial(testContext(t), endpoint, of.Options{})
	if err == nil || !strings.Contains(err.Error(), endpoint) || !strings.Contains(err.Error(), "OpenFlow") {
		t.Errorf("Dial of a database gives %v, want an error that names %s and OpenFlow", err, endpoint)
	}
	t.Log(err)
}
