// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "net"

// Message is one OpenFlow message without its header's transaction number. The implementations are the message types
// of this package, by value; [Encode] and [Decode] turn them into bytes and back.
type Message interface {
	message()
}

// Hello opens a connection (OpenFlow 1.3.5, 7.5.1).
type Hello struct {
	// Version is the highest version its sender speaks.
	Version Version
	// Bitmap has bit n set for each version n its sender speaks, up to 31; 0 stands for an absent bitmap.
	Bitmap uint32
}

// Supports reports whether the sender speaks a version: as its bitmap says or, without one, if it is not above Version.
func (h Hello) Supports(version Version) bool {
	if h.Bitmap == 0 {
		return version <= h.Version
	}
	return version < 32 && h.Bitmap>>version&1 == 1
}

// EchoRequest asks for an EchoReply with the same data (OpenFlow 1.3.5, 7.5.2).
type EchoRequest struct{ Data []byte }

// EchoReply answers an EchoRequest.
type EchoReply struct{ Data []byte }

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
}

// Capabilities are the OFPC_ flags of a switch (OpenFlow 1.3.5, 7.3.1).
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
)

// GetConfigRequest asks for a GetConfigReply (OpenFlow 1.3.5, 7.3.2).
type GetConfigRequest struct{}

// SwitchConfig is what SetConfig sets and GetConfigReply tells.
type SwitchConfig struct {
	// Flags say how IP fragments are handled: 0 is normally.
	Flags uint16
	// MissSendLen is how many bytes of a packet the switch sends to the controller of its own accord.
	MissSendLen uint16
}

// GetConfigReply answers a GetConfigRequest.
type GetConfigReply struct{ SwitchConfig }

// SetConfig changes the configuration. It has no reply.
type SetConfig struct{ SwitchConfig }

// BarrierRequest asks for a BarrierReply when all messages before it have been carried out (OpenFlow 1.3.5, 7.3.8).
type BarrierRequest struct{}

// BarrierReply answers a BarrierRequest.
type BarrierReply struct{}

// PacketOut makes the switch run actions on a packet (OpenFlow 1.3.5, 7.3.7).
type PacketOut struct {
	// InPort is the port the packet counts as coming in by; 0 stands for PortController.
	InPort  uint32
	Actions []Action
	// Data is the Ethernet frame.
	Data []byte
}

// PacketIn hands a packet to the controller (OpenFlow 1.3.5, 7.4.1).
type PacketIn struct {
	// BufferID names a packet the switch has kept; NoBuffer is none.
	BufferID uint32
	// TotalLen is the length of the whole frame, of which Data may be the beginning.
	TotalLen uint16
	Reason   PacketInReason
	Table    uint8
	Cookie   uint64
	// Match is the packet's metadata, among it in_port.
	Match Match
	Data  []byte
}

// NoBuffer is the BufferID of a packet that the switch did not keep.
const NoBuffer uint32 = 0xffffffff

// PacketInReason says why a packet was handed to the controller.
type PacketInReason uint8

// The reasons of a PacketIn.
const (
	PacketInNoMatch PacketInReason = iota
	PacketInAction
	PacketInInvalidTTL
)

// FlowRemoved says that a flow with FlowSendRemoved is gone (OpenFlow 1.3.5, 7.4.2).
type FlowRemoved struct {
	// Stats has no Instructions and no Flags: the message does not carry them.
	Stats  FlowStats
	Reason FlowRemovedReason
}

// FlowRemovedReason says why a flow is gone.
type FlowRemovedReason uint8

// The reasons of a FlowRemoved.
const (
	FlowRemovedIdle FlowRemovedReason = iota
	FlowRemovedHard
	FlowRemovedDelete
	FlowRemovedGroup
)

// PortStatus says that a port was added, removed or modified (OpenFlow 1.3.5, 7.4.3).
type PortStatus struct {
	Reason PortReason
	Port   PortDesc
}

// PortReason says what happened to a port.
type PortReason uint8

// The reasons of a PortStatus.
const (
	PortAdded PortReason = iota
	PortDeleted
	PortModified
)

// PortDesc describes a port (OpenFlow 1.3.5, 7.2.1).
type PortDesc struct {
	No     uint32
	HWAddr net.HardwareAddr
	// Name is at most 15 bytes long.
	Name string
	// Config and State are OFPPC_ and OFPPS_ flags.
	Config PortConfig
	State  PortState
	// Current, Advertised, Supported and Peer are OFPPF_ flags of the link.
	Current, Advertised, Supported, Peer uint32
	// CurrentSpeed and MaxSpeed are in kbit/s.
	CurrentSpeed, MaxSpeed uint32
}

// PortConfig are the OFPPC_ flags of a port, which its administrator sets.
type PortConfig uint32

// PortState are the OFPPS_ flags of a port, which its link sets.
type PortState uint32

// The flags of a port.
const (
	PortConfigDown       PortConfig = 1 << 0
	PortConfigNoReceive  PortConfig = 1 << 2
	PortConfigNoForward  PortConfig = 1 << 5
	PortConfigNoPacketIn PortConfig = 1 << 6

	PortStateLinkDown PortState = 1 << 0
	PortStateBlocked  PortState = 1 << 1
	PortStateLive     PortState = 1 << 2
)

// RoleRequest asks to be master or slave of other controllers (OpenFlow 1.3.5, 7.3.9); role 0 only asks.
type RoleRequest struct {
	Role       uint32
	Generation uint64
}

// RoleReply answers a RoleRequest with the role now held.
type RoleReply struct {
	Role       uint32
	Generation uint64
}

// Raw is a message that this package has no type for.
type Raw struct {
	// Type is the OFPT_ number in its header.
	Type uint8
	// Body is all that follows the header.
	Body []byte
}

func (Hello) message()            {}
func (Error) message()            {}
func (EchoRequest) message()      {}
func (EchoReply) message()        {}
func (FeaturesRequest) message()  {}
func (FeaturesReply) message()    {}
func (GetConfigRequest) message() {}
func (GetConfigReply) message()   {}
func (SetConfig) message()        {}
func (BarrierRequest) message()   {}
func (BarrierReply) message()     {}
func (PacketOut) message()        {}
func (PacketIn) message()         {}
func (FlowMod) message()          {}
func (FlowRemoved) message()      {}
func (PortStatus) message()       {}
func (RoleRequest) message()      {}
func (RoleReply) message()        {}
func (Raw) message()              {}
