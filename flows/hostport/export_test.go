// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package hostport

// ClientCount is how many clients have their answers forwarded.
func (p *Ports) ClientCount() int {
	p.clients.mu.Lock()
	defer p.clients.mu.Unlock()
	return len(p.clients.all)
}
