// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import "errors"

// LacksSupport reports whether an error refuses what Open vSwitch can do.
func LacksSupport(err error) bool {
	var lack *unsupportedError
	return errors.As(err, &lack)
}
