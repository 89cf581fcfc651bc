// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

// peer is the other end of a patch port: the port of that name, if it is in the same datapath and names this one as its
// peer. It is nil if there is none.
func (d *Daemon) peer(b *bridge, p *port) *port {
	other, peer := d.find(p.peer)
	if peer == nil || peer.kind != patchType || peer.peer != p.name || other.datapathType != b.datapathType {
		return nil
	}
	return peer
}
