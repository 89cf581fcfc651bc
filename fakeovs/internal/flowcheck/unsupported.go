// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowcheck

import (
	"fmt"

	"github.com/ovskit/ovskit/openflow"
)

// UnsupportedError refuses what Open vSwitch can do and this switch cannot. A controller sees the code only.
type UnsupportedError struct {
	code openflow.ErrorCode
	what string
}

// Unsupported makes such an error, of a code.
func Unsupported(code openflow.ErrorCode, format string, args ...any) error {
	return &UnsupportedError{code, fmt.Sprintf(format, args...)}
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("%v: no support for %s", e.code, e.what)
}

// Unwrap returns the code.
func (e *UnsupportedError) Unwrap() error { return e.code }
