// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// SwitchConfig is what SetConfig sets and GetConfigReply tells.
type SwitchConfig struct {
	// Flags say how IP fragments are handled, such as FragDrop; before OpenFlow 1.3 InvalidTTLToController may be set as well.
	Flags uint16
	// MissSendLen is how many bytes of a packet the switch sends to the controller of its own accord.
	MissSendLen uint16
}

// How IP fragments are handled: as any other packet, dropped, put together first, which Open vSwitch cannot, or so that
// the first fragment of a packet matches as if it were whole (ovs-fields(7), ip_frag).
const (
	FragNormal uint16 = iota
	FragDrop
	FragReassemble
	FragMatch
)

// InvalidTTLToController has a controller told of the packets whose TTL is used up (OpenFlow 1.2, A.3.2). Open vSwitch
// takes it in 1.0 and 1.1 too.
const InvalidTTLToController uint16 = 1 << 2

// GetConfigRequest asks for a GetConfigReply (OpenFlow 1.3.5, 7.3.2).
type GetConfigRequest struct{}

// GetConfigReply answers a GetConfigRequest.
type GetConfigReply struct{ SwitchConfig }

// SetConfig changes the configuration. It has no reply.
type SetConfig struct{ SwitchConfig }

func (GetConfigRequest) describe() string { return "get-config request" }
func (GetConfigReply) describe() string   { return "get-config reply" }
func (SetConfig) describe() string        { return "set-config" }

func (GetConfigRequest) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	return b, typeGetConfigRequest, nil
}

func (m GetConfigReply) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	return m.SwitchConfig.append(b), typeGetConfigReply, nil
}

func (m SetConfig) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	return m.SwitchConfig.append(b), typeSetConfig, nil
}

func (c SwitchConfig) append(b []byte) []byte {
	return be.AppendUint16(be.AppendUint16(b, c.Flags), c.MissSendLen)
}

func decodeSwitchConfig(r *reader) SwitchConfig {
	return SwitchConfig{Flags: r.u16(), MissSendLen: r.u16()}
}
