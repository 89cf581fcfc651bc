// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// FeaturesRequest asks for a FeaturesReply (OpenFlow 1.3.5, 7.3.1).
type FeaturesRequest struct{}

// FeaturesReply says what a switch is.
type FeaturesReply struct {
	// DatapathID is unique to the switch: its low 48 bits are a MAC address.
	DatapathID uint64
	// Buffers is how many packets the switch can hold back; Tables how many flow tables it has.
	Buffers     uint32
	Tables      uint8
	AuxiliaryID uint8
	// Capabilities are OFPC_ flags.
	Capabilities Capabilities
	// Actions has the bits of the OFPAT_ numbers of the actions that the switch has; OpenFlow 1.0 only.
	Actions uint32
	// Ports are the ports; OpenFlow 1.0 to 1.2 only.
	Ports []PortDesc
}

// Capabilities are the OFPC_ flags of a switch (OpenFlow 1.3.5, 7.3.1; OpenFlow 1.5.1, 7.3.1, which has the last two).
type Capabilities uint32

// The capabilities.
const (
	CapFlowStats   Capabilities = 1 << 0
	CapTableStats  Capabilities = 1 << 1
	CapPortStats   Capabilities = 1 << 2
	CapGroupStats  Capabilities = 1 << 3
	CapIPReasm     Capabilities = 1 << 5
	CapQueueStats  Capabilities = 1 << 6
	CapPortBlocked Capabilities = 1 << 8
	CapBundles     Capabilities = 1 << 9
	CapMonitoring  Capabilities = 1 << 10
)

func (FeaturesRequest) describe() string { return "features request" }
func (FeaturesReply) describe() string   { return "features reply" }

func (FeaturesRequest) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	return b, typeFeaturesRequest, nil
}

func (m FeaturesReply) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	b = be.AppendUint64(b, m.DatapathID)
	b = be.AppendUint32(b, m.Buffers)
	b = append(b, m.Tables, m.AuxiliaryID, 0, 0)
	return pad(be.AppendUint32(b, uint32(m.Capabilities)), 4), typeFeaturesReply, nil
}

func decodeFeaturesReply(r *reader) (Message, error) {
	m := FeaturesReply{DatapathID: r.u64(), Buffers: r.u32(), Tables: r.u8(), AuxiliaryID: r.u8()}
	r.skip(2)
	m.Capabilities = Capabilities(r.u32())
	r.skip(4)
	return ended(r, m)
}
