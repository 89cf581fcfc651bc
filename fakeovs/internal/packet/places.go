// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet

import "github.com/ovskit/ovskit/openflow"

// Parts of a Key that OpenFlow has no field for. Methods of Key take them as they take fields.
const (
	// TunFlags are the flags of a tunnel: TunFlagOAM and the like.
	TunFlags openflow.Field = 224 + iota
	TunTPSrc
	TunTPDst
	TunToS
	TunTTL
	SKBPriority
	// VLANTPID and InnerVLANTPID are the Ethernet types of the VLAN tags, InnerVLANTCI is as FieldVLANTCI.
	VLANTPID
	InnerVLANTPID
	InnerVLANTCI
	// MPLSLSE, MPLSLSE1 and MPLSLSE2 are the label stack entries (RFC 3032, 2.1), from the outermost one on.
	MPLSLSE
	MPLSLSE1
	MPLSLSE2
	// IGMPGroup shares its place with FieldNDReserved.
	IGMPGroup
	// NSHPath is FieldNSHSPI and FieldNSHSI together.
	NSHPath
	// IPv6LabelWord is FieldIPv6Label with the bits before it, which are zero: a match on a whole label is on those as well.
	IPv6LabelWord
	// OptionsMap has bit n for FieldTunMetadata0 + n.
	OptionsMap
)

// The bits of TunFlags. The one that OpenFlow knows is OAM.
const (
	TunFlagOAM = 1 << iota
	TunFlagDF
	TunFlagCSUM
	TunFlagKey
)

// None of the parts is a field of OpenFlow.
var _ = [TunFlags - openflow.FieldUnknown - 1]struct{}{}

// place is where a field stands in a Key: bits bits of a word, shift bits from its low end. A field of 128 bits
// fills the word and the next one.
type place struct {
	word, shift, bits uint8
}

// places is indexed by openflow.Field. A field without bits is not known here.
var places = [256]place{
	openflow.FieldTunID:            {0, 0, 64},
	openflow.FieldTunSrc:           {1, 32, 32},
	openflow.FieldTunDst:           {1, 0, 32},
	openflow.FieldTunIPv6Src:       {2, 0, 128},
	openflow.FieldTunIPv6Dst:       {4, 0, 128},
	openflow.FieldTunGBPID:         {6, 48, 16},
	openflow.FieldTunGBPFlags:      {6, 40, 8},
	openflow.FieldTunGTPUFlags:     {6, 32, 8},
	openflow.FieldTunGTPUMsgType:   {6, 24, 8},
	openflow.FieldTunFlags:         {6, 8, 1},
	openflow.FieldTunERSPANVersion: {7, 56, 8},
	openflow.FieldTunERSPANDir:     {7, 48, 8},
	openflow.FieldTunERSPANHWID:    {7, 40, 8},
	openflow.FieldTunERSPANIndex:   {7, 0, 32},
	openflow.FieldMetadata:         {9, 0, 64},
	openflow.FieldReg0:             {10, 32, 32},
	openflow.FieldReg1:             {10, 0, 32},
	openflow.FieldReg2:             {11, 32, 32},
	openflow.FieldReg3:             {11, 0, 32},
	openflow.FieldReg4:             {12, 32, 32},
	openflow.FieldReg5:             {12, 0, 32},
	openflow.FieldReg6:             {13, 32, 32},
	openflow.FieldReg7:             {13, 0, 32},
	openflow.FieldReg8:             {14, 32, 32},
	openflow.FieldReg9:             {14, 0, 32},
	openflow.FieldReg10:            {15, 32, 32},
	openflow.FieldReg11:            {15, 0, 32},
	openflow.FieldReg12:            {16, 32, 32},
	openflow.FieldReg13:            {16, 0, 32},
	openflow.FieldReg14:            {17, 32, 32},
	openflow.FieldReg15:            {17, 0, 32},
	openflow.FieldXReg0:            {10, 0, 64},
	openflow.FieldXReg1:            {11, 0, 64},
	openflow.FieldXReg2:            {12, 0, 64},
	openflow.FieldXReg3:            {13, 0, 64},
	openflow.FieldXReg4:            {14, 0, 64},
	openflow.FieldXReg5:            {15, 0, 64},
	openflow.FieldXReg6:            {16, 0, 64},
	openflow.FieldXReg7:            {17, 0, 64},
	openflow.FieldXXReg0:           {10, 0, 128},
	openflow.FieldXXReg1:           {12, 0, 128},
	openflow.FieldXXReg2:           {14, 0, 128},
	openflow.FieldXXReg3:           {16, 0, 128},
	openflow.FieldInPort:           {18, 32, 32},
	openflow.FieldInPort16:         {18, 32, 16},
	openflow.FieldActsetOutput:     {18, 0, 32},
	openflow.FieldCTState:          {19, 32, 32},
	openflow.FieldCTNwProto:        {19, 16, 8},
	openflow.FieldCTZone:           {19, 0, 16},
	openflow.FieldCTMark:           {20, 32, 32},
	openflow.FieldCTLabel:          {21, 0, 128},
	openflow.FieldPktMark:          {23, 32, 32},
	openflow.FieldDPHash:           {24, 32, 32},
	openflow.FieldRecircID:         {24, 0, 32},
	openflow.FieldConjID:           {25, 32, 32},
	openflow.FieldPacketType:       {25, 0, 32},
	openflow.FieldEthDst:           {26, 16, 48},
	openflow.FieldEthType:          {26, 0, 16},
	openflow.FieldEthSrc:           {27, 16, 48},
	openflow.FieldVLANTCI:          {27, 0, 16},
	openflow.FieldVLANVID:          {27, 0, 13},
	openflow.FieldVLANPCP:          {27, 13, 3},
	openflow.FieldMPLSLabel:        {29, 44, 20},
	openflow.FieldMPLSTC:           {29, 41, 3},
	openflow.FieldMPLSBOS:          {29, 40, 1},
	openflow.FieldMPLSTTL:          {29, 32, 8},
	openflow.FieldIPv4Src:          {31, 32, 32},
	openflow.FieldIPv4Dst:          {31, 0, 32},
	openflow.FieldARPSPA:           {31, 32, 32},
	openflow.FieldARPTPA:           {31, 0, 32},
	openflow.FieldCTNwSrc:          {32, 32, 32},
	openflow.FieldCTNwDst:          {32, 0, 32},
	openflow.FieldIPv6Src:          {33, 0, 128},
	openflow.FieldIPv6Dst:          {35, 0, 128},
	openflow.FieldCTIPv6Src:        {37, 0, 128},
	openflow.FieldCTIPv6Dst:        {39, 0, 128},
	openflow.FieldIPv6Label:        {41, 32, 20},
	openflow.FieldIPFrag:           {41, 24, 2},
	openflow.FieldIPToS:            {41, 16, 8},
	openflow.FieldIPDSCP:           {41, 18, 6},
	openflow.FieldIPECN:            {41, 16, 2},
	openflow.FieldIPTTL:            {41, 8, 8},
	openflow.FieldIPProto:          {41, 0, 8},
	openflow.FieldARPOp:            {41, 0, 8}, // Open vSwitch has room for one byte
	openflow.FieldNDTarget:         {42, 0, 128},
	openflow.FieldARPSHA:           {44, 16, 48},
	openflow.FieldNDSLL:            {44, 16, 48},
	openflow.FieldTCPFlags:         {44, 0, 12},
	openflow.FieldNDOptionsType:    {44, 8, 8},
	openflow.FieldARPTHA:           {45, 16, 48},
	openflow.FieldNDTLL:            {45, 16, 48},
	openflow.FieldNSHFlags:         {46, 56, 8},
	openflow.FieldNSHTTL:           {46, 48, 6},
	openflow.FieldNSHMDType:        {46, 40, 8},
	openflow.FieldNSHNP:            {46, 32, 8},
	openflow.FieldNSHSPI:           {46, 8, 24},
	openflow.FieldNSHSI:            {46, 0, 8},
	openflow.FieldNSHC1:            {47, 32, 32},
	openflow.FieldNSHC2:            {47, 0, 32},
	openflow.FieldNSHC3:            {48, 32, 32},
	openflow.FieldNSHC4:            {48, 0, 32},
	openflow.FieldTCPSrc:           {49, 48, 16},
	openflow.FieldTCPDst:           {49, 32, 16},
	openflow.FieldUDPSrc:           {49, 48, 16},
	openflow.FieldUDPDst:           {49, 32, 16},
	openflow.FieldSCTPSrc:          {49, 48, 16},
	openflow.FieldSCTPDst:          {49, 32, 16},
	openflow.FieldICMPv4Type:       {49, 48, 8},
	openflow.FieldICMPv4Code:       {49, 32, 8},
	openflow.FieldICMPv6Type:       {49, 48, 8},
	openflow.FieldICMPv6Code:       {49, 32, 8},
	openflow.FieldCTTpSrc:          {49, 16, 16},
	openflow.FieldCTTpDst:          {49, 0, 16},
	openflow.FieldNDReserved:       {50, 0, 32},

	TunFlags:      {6, 8, 4},
	TunTPSrc:      {8, 48, 16},
	TunTPDst:      {8, 32, 16},
	TunToS:        {8, 24, 8},
	TunTTL:        {8, 16, 8},
	SKBPriority:   {23, 0, 32},
	VLANTPID:      {28, 48, 16},
	InnerVLANTPID: {28, 32, 16},
	InnerVLANTCI:  {28, 0, 16},
	MPLSLSE:       {29, 32, 32},
	MPLSLSE1:      {29, 0, 32},
	MPLSLSE2:      {30, 32, 32},
	IGMPGroup:     {50, 0, 32},
	NSHPath:       {46, 0, 32},
	IPv6LabelWord: {41, 32, 32},
	OptionsMap:    {51, 0, 64},
}

// Known reports whether a Key has a place for the field. The options of tunnels have theirs from a switch's TLV table.
func Known(f openflow.Field) bool { return places[f].bits != 0 && f < openflow.FieldUnknown }
