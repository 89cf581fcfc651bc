// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package genl_test

import (
	"errors"
	"testing"

	"github.com/ovskit/ovskit/internal/genl"
	"golang.org/x/sys/unix"
)

// TestFamily asks for the family that all kernels have, and for one that none has.
func TestFamily(t *testing.T) {
	t.Parallel()
	if id, err := genl.Family("nlctrl"); err != nil || id != unix.GENL_ID_CTRL {
		t.Errorf("family nlctrl is %d, %v; want %d", id, err, unix.GENL_ID_CTRL)
	}
	if id, err := genl.Family("ovskit_nobody"); !errors.Is(err, unix.ENOENT) {
		t.Errorf("a family that is not there is %d, %v; want %v", id, err, unix.ENOENT)
	}
}
