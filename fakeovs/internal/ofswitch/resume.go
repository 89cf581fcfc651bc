// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import "github.com/ovskit/ovskit/openflow"

// resume goes on with a packet that a controller action has paused.
func (s *Switch) resume(m openflow.Resume) error {
	return unsupported(openflow.ErrResumeUnsupported, "%T", m)
}
