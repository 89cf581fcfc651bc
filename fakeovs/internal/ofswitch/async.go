// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"encoding/binary"
	"fmt"

	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/openflow"
)

// defaultAsync is what a controller gets as long as it has not set anything: not the packets whose TTL is used up, and
// a secondary one only the ports.
func defaultAsync(v openflow.Version) openflow.AsyncConfig {
	removed := uint32(1<<openflow.FlowRemovedIdle | 1<<openflow.FlowRemovedHard | 1<<openflow.FlowRemovedDelete)
	if v >= openflow.Version13 {
		removed |= 1 << openflow.FlowRemovedGroup
	}
	if v >= openflow.Version14 {
		removed |= 1<<openflow.FlowRemovedMeter | 1<<openflow.FlowRemovedEviction
	}
	return openflow.AsyncConfig{
		Primary: openflow.AsyncMasks{
			PacketIn: allPacketIns &^ (1 << openflow.PacketInInvalidTTL), PortStatus: allPortChanges, FlowRemoved: removed,
		},
		Secondary: openflow.AsyncMasks{PortStatus: allPortChanges},
	}
}

// The bits of the masks: all reasons of OpenFlow 1.4, of which earlier versions know the first three for packets.
const (
	allPacketIns   = 1<<(openflow.PacketInPacketOut+1) - 1
	oldPacketIns   = 1<<openflow.PacketInNoMatch | 1<<openflow.PacketInAction | 1<<openflow.PacketInInvalidTTL
	newActions     = allPacketIns &^ oldPacketIns
	allPortChanges = 1<<openflow.PortAdded | 1<<openflow.PortDeleted | 1<<openflow.PortModified
	allRemovals    = 1<<(openflow.FlowRemovedEviction+1) - 1
	allRoleReasons = 1<<(openflow.RoleExperimenter+1) - 1
	allTableEvents = 1<<openflow.TableVacancyDown | 1<<openflow.TableVacancyUp
	allForwards    = 1<<forwardGroup | 1<<forwardMeter
)

// The reasons of a RequestForward (OpenFlow 1.4.1, 7.4.6).
const (
	forwardGroup = 0
	forwardMeter = 1
)

// defaultMissSendLen is the miss_send_len of a connection that says what it wants to be sent, but not that.
const defaultMissSendLen = 128

func (c *conn) getAsync() openflow.GetAsyncReply {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.async
	if c.version < openflow.Version14 {
		a.Primary.PacketIn &= oldPacketIns
		a.Secondary.PacketIn &= oldPacketIns
	}
	return openflow.GetAsyncReply{AsyncConfig: a}
}

// setAsync sets what the controller is told of. From OpenFlow 1.4 on, and before that in a message of Nicira's, it says it
// by properties, in raw, of which those that are not there change nothing.
func (c *conn) setAsync(config openflow.AsyncConfig, raw []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if properties := asyncProperties(c.version, raw); properties != nil {
		changed, err := changedAsync(c.async, properties)
		if err != nil {
			return err
		}
		config = changed
	} else {
		for _, m := range []*openflow.AsyncMasks{&config.Primary, &config.Secondary} {
			m.PacketIn &= oldPacketIns
			m.PortStatus &= allPortChanges
			m.FlowRemoved &= allRemovals
			if m.PacketIn>>openflow.PacketInAction&1 == 1 {
				m.PacketIn |= newActions
			}
		}
	}
	c.async = config
	if c.config.MissSendLen == 0 && c.service {
		c.config.MissSendLen = defaultMissSendLen
	}
	return nil
}

// asyncProperties are the properties in a message that sets what a controller is told of, nil if it has none but masks.
func asyncProperties(v openflow.Version, raw []byte) []byte {
	const vendorLen, setAsync2 = openflow.HeaderLen + 8, 27 // NXT_SET_ASYNC_CONFIG2
	switch {
	case raw[1] != typeVendor:
		if v >= openflow.Version14 {
			return raw[openflow.HeaderLen:]
		}
	case len(raw) >= vendorLen && binary.BigEndian.Uint32(raw[openflow.HeaderLen+4:]) == setAsync2:
		return raw[vendorLen:]
	}
	return nil
}

// changedAsync is a configuration with the masks that properties carry (OpenFlow 1.4.1, 7.3.10).
func changedAsync(config openflow.AsyncConfig, properties []byte) (openflow.AsyncConfig, error) {
	masks := func(m *openflow.AsyncMasks) []*uint32 {
		return []*uint32{&m.PacketIn, &m.PortStatus, &m.FlowRemoved, &m.RoleStatus, &m.TableStatus, &m.RequestForward}
	}
	allowed := []uint32{allPacketIns, allPortChanges, allRemovals, allRoleReasons, allTableEvents, allForwards}
	primary, secondary := masks(&config.Primary), masks(&config.Secondary)
	for b := properties; len(b) > 0; {
		typ, value, rest, err := cutProperty(b)
		switch {
		case err != nil:
			return config, err
		case int(typ)/2 >= len(allowed):
			return config, openflow.ErrAsyncUnsupported
		case len(value) != 4:
			return config, openflow.ErrBadPropertyLen
		}
		mask := binary.BigEndian.Uint32(value)
		if mask&^allowed[typ/2] != 0 {
			return config, openflow.ErrBadAsyncMask
		}
		if typ%2 == 0 {
			*secondary[typ/2] = mask
		} else {
			*primary[typ/2] = mask
		}
		b = rest
	}
	return config, nil
}

// cutProperty splits the first property off b (OpenFlow 1.4.1, 7.2.3).
func cutProperty(b []byte) (typ uint16, value, rest []byte, err error) {
	if len(b) < 4 {
		return 0, nil, nil, openflow.ErrBadPropertyLen
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	padded := (n + 7) / 8 * 8
	if n < 4 || padded > len(b) {
		return 0, nil, nil, openflow.ErrBadPropertyLen
	}
	return binary.BigEndian.Uint16(b), b[4:n], b[padded:], nil
}

// wants reports whether a controller gets a message that it did not ask for. The connections to a bridge's management
// socket get none before they set a miss_send_len. The connection is locked.
func (c *conn) wants(m openflow.Message) bool {
	if c.version == 0 || c.service && c.config.MissSendLen == 0 {
		return false
	}
	masks := &c.async.Primary
	if c.role == openflow.RoleSecondary {
		masks = &c.async.Secondary
	}
	switch m := m.(type) {
	case openflow.PacketIn:
		switch m.Reason {
		case pipeline.ReasonImplicitMiss:
			return c.version < openflow.Version13 && masks.PacketIn>>openflow.PacketInNoMatch&1 == 1
		case pipeline.ReasonExplicitMiss:
			return masks.PacketIn>>openflow.PacketInNoMatch&1 == 1
		}
		return masks.PacketIn>>m.Reason&1 == 1
	case openflow.PortStatus:
		return masks.PortStatus>>m.Reason&1 == 1
	case openflow.FlowRemoved:
		return masks.FlowRemoved>>m.Reason&1 == 1
	case openflow.TableStatus:
		return c.version >= openflow.Version14 && masks.TableStatus>>m.Reason&1 == 1
	case openflow.RequestForward:
		if _, meter := m.Request.(openflow.MeterMod); meter {
			return c.version >= openflow.Version13 && masks.RequestForward>>forwardMeter&1 == 1
		}
		return masks.RequestForward>>forwardGroup&1 == 1
	}
	return false
}

// announce sends a message to all controllers who want its kind.
func (s *Switch) announce(m openflow.Message) {
	s.announceTo(m, func(*conn) bool { return true })
}

// announceTo sends a message to those controllers who want its kind and are locked when they are looked at.
func (s *Switch) announceTo(m openflow.Message, chosen func(*conn) bool) {
	s.connMu.Lock()
	defer s.connMu.Unlock()
	in, isPacket := m.(openflow.PacketIn)
	waits := false
	encoded := make(map[openflow.Version][]byte)
	for c := range s.conns {
		c.mu.Lock()
		if chosen(c) && c.wants(m) && c.roomy() {
			b, ok := encoded[c.version]
			if !ok {
				var err error
				if b, err = encode(c.version, forVersion(c.version, m), 0); err != nil {
					s.log.Error("cannot encode a message", "message", fmt.Sprintf("%T", m), "error", err)
				}
				encoded[c.version] = b
			}
			if isPacket {
				waits = c.putPacket(&in, b) || waits
			} else {
				c.put(b)
			}
		}
		c.mu.Unlock()
	}
	if waits && s.held != nil {
		s.held()
	}
}

// tell sends a message to one controller, unless it has no word for it or too much is waiting.
func (c *conn) tell(m openflow.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, role := m.(openflow.RoleStatus); role && c.version < openflow.Version13 || !c.roomy() {
		return
	}
	b, err := encode(c.version, m, 0)
	if err != nil {
		c.log.Error("cannot encode a message", "message", fmt.Sprintf("%T", m), "error", err)
		return
	}
	c.put(b)
}
