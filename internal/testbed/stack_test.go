// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"bytes"
	"context"
	"errors"
	"testing"
)

func TestStackCaptureOverflow(t *testing.T) {
	ctx := context.Background()
	_, b := stackPair(t)
	capture, err := b.Capture(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for range captureFrames + 1 {
		b.(*StackStation).Receive(strange)
	}
	if _, err := capture.Next(ctx); !errors.Is(err, ErrLost) {
		t.Errorf("next frame of a capture that overflowed: got %v, want %v", err, ErrLost)
	}
	if err := capture.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestStackClose(t *testing.T) {
	ctx := context.Background()
	_, b := stackPair(t)
	capture, err := b.Capture(ctx)
	if err != nil {
		t.Fatal(err)
	}
	b.(*StackStation).Close()
	if _, err := capture.Next(ctx); !errors.Is(err, ErrClosed) {
		t.Errorf("next frame: got %v, want %v", err, ErrClosed)
	}
	if err := b.SendFrame(strange); !errors.Is(err, ErrClosed) {
		t.Errorf("send a frame: got %v, want %v", err, ErrClosed)
	}
	if _, err := b.Capture(ctx); !errors.Is(err, ErrClosed) {
		t.Errorf("capture: got %v, want %v", err, ErrClosed)
	}
}

// What is for another machine's Ethernet address is not the station's, even if the IP address is.
func TestStackIgnoresOtherMAC(t *testing.T) {
	ctx := context.Background()
	a, b := stackPair(t)
	capture, err := a.Capture(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer capture.Close()
	request := func(dst byte) []byte {
		return []byte{
			2, 0, 0, 0, 0, dst, 2, 0, 0, 0, 0, 1, 8, 6,
			0, 1, 8, 0, 6, 4, 0, 1,
			2, 0, 0, 0, 0, 1, 192, 0, 2, 200 + dst,
			0, 0, 0, 0, 0, 0, 192, 0, 2, 2,
		}
	}
	for _, dst := range []byte{9, 2} {
		if err := a.SendFrame(request(dst)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := capture.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if want := []byte{192, 0, 2, 202}; !bytes.Equal(got[38:42], want) {
		t.Errorf("%s answered the request of %v first, want %v", b.Name(), got[38:42], want)
	}
}
