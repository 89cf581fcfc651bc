// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package uplink

import (
	"context"

	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// AdoptHooked is Adopt with a function that is told of each step before it is
// taken and can fail it.
func AdoptHooked(ctx context.Context, db *vswitch.DB, c Config, h func(step string) error) (*Uplink, error) {
	return adopt(ctx, db, c, h)
}

// ReleaseHooked is Release with such a function.
func ReleaseHooked(ctx context.Context, db *vswitch.DB, device string, h func(step string) error) error {
	return release(ctx, db, device, h)
}

// RecoverHooked is Recover with such a function.
func RecoverHooked(ctx context.Context, db *vswitch.DB, h func(step string) error) ([]string, error) {
	return recoverAll(ctx, db, h)
}

// WithBoot returns a journal as if it had been written before the machine was
// started anew.
func WithBoot(text, boot string) (string, error) {
	j, err := decodeJournal(text)
	if err != nil {
		return "", err
	}
	j.Boot = boot
	return j.encode()
}

// DecodeJournal reports whether a journal can be read.
func DecodeJournal(text string) error {
	_, err := decodeJournal(text)
	return err
}
