// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

// Hook has a manager that nobody uses yet tell of each step before it is taken. The
// hook's error fails the step.
func (m *Manager) Hook(hook func(step string) error) { m.hook = hook }
