// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package hostop_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/hostop"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/internal/tier"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errBusy = errors.New("busy")
	errStep = errors.New("this step fails")
)

func TestOneAtATime(t *testing.T) {
	tier.Need(t, tier.System)
	ctx := t.Context()
	db := switchtest.Fake(t).DB
	o := hostop.Options{Lock: "ovskit-test-" + t.Name(), Busy: errBusy}
	first, err := hostop.Open(ctx, db, o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hostop.Open(ctx, db, o); !errors.Is(err, errBusy) {
		t.Errorf("Open while another has the lock: %v, want %v", err, errBusy)
	}
	first.Close()
	second, err := hostop.Open(ctx, db, o)
	if err != nil {
		t.Fatalf("Open after Close: %v", err)
	}
	second.Close()
	o.Netns = "ovskit-there-is-none"
	if _, err := hostop.Open(ctx, db, o); !errors.Is(err, netns.ErrNotFound) {
		t.Errorf("Open in a namespace that is not there: %v, want %v", err, netns.ErrNotFound)
	}
}

func TestStep(t *testing.T) {
	tier.Need(t, tier.System)
	var told []string
	op, err := hostop.Open(t.Context(), switchtest.Fake(t).DB, hostop.Options{
		Lock: "ovskit-test-" + t.Name(), Busy: errBusy,
		Hook: func(step string) error {
			told = append(told, step)
			if step == "add 2" {
				return errStep
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer op.Close()
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(errBusy)
	for _, tt := range []struct {
		ctx  context.Context
		n    int
		want error
	}{{t.Context(), 1, nil}, {t.Context(), 2, errStep}, {ended, 3, errBusy}} {
		if err := op.Step(tt.ctx, "add %d", tt.n); !errors.Is(err, tt.want) {
			t.Errorf("step %d: %v, want %v", tt.n, err, tt.want)
		}
	}
	if want := []string{"add 1", "add 2"}; !slices.Equal(told, want) {
		t.Errorf("the hook was told of %q, want %q", told, want)
	}
}

// TestUndo takes back after the end of a context, with a bound of its own.
func TestUndo(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	err := hostop.Undo(ended, time.Minute, func(ctx context.Context) error {
		if _, bounded := ctx.Deadline(); !bounded || ctx.Err() != nil {
			t.Errorf("context with deadline %t, %v; want one that has not ended", bounded, ctx.Err())
		}
		return errStep
	})
	if !errors.Is(err, errStep) {
		t.Errorf("Undo: %v, want %v", err, errStep)
	}
	if err := hostop.Undo(ended, time.Minute, func(context.Context) error { return nil }); err != nil {
		t.Errorf("Undo: %v, want none", err)
	}
}
