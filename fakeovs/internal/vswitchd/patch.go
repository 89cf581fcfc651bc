// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

// link lets the patch ports of a bridge lead to their peers.
func (d *Daemon) link(b *bridge) {
	for _, p := range b.ports {
		if p.kind != patchType {
			continue
		}
		other, peer := d.peer(b, p)
		if peer == p.link {
			continue
		}
		p.link = peer
		if peer == nil {
			b.sw.ConnectPatch(p.no, nil, 0)
		} else {
			b.sw.ConnectPatch(p.no, other.sw.Bridge, peer.no)
		}
	}
}

// peer is the other end of a patch port: the port of that name, if it is in the same datapath and names this one as its
// peer. It is nil if there is none.
func (d *Daemon) peer(b *bridge, p *port) (*bridge, *port) {
	other, peer := d.find(p.peer)
	if peer == nil || peer.kind != patchType || peer.peer != p.name || other.datapathType != b.datapathType {
		return nil, nil
	}
	return other, peer
}
