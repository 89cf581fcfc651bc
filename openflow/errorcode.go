// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// The greeting failed (OFPET_HELLO_FAILED).
const (
	ErrIncompatible    ErrorCode = 0<<16 | 0 // OFPHFC_INCOMPATIBLE
	ErrHelloPermission ErrorCode = 0<<16 | 1 // OFPHFC_EPERM
)

// The request was not understood (OFPET_BAD_REQUEST).
const (
	ErrBadVersion          ErrorCode = 1<<16 | 0  // OFPBRC_BAD_VERSION
	ErrBadType             ErrorCode = 1<<16 | 1  // OFPBRC_BAD_TYPE
	ErrBadMultipart        ErrorCode = 1<<16 | 2  // OFPBRC_BAD_MULTIPART
	ErrBadExperimenter     ErrorCode = 1<<16 | 3  // OFPBRC_BAD_EXPERIMENTER
	ErrBadExperimenterType ErrorCode = 1<<16 | 4  // OFPBRC_BAD_EXP_TYPE
	ErrRequestPermission   ErrorCode = 1<<16 | 5  // OFPBRC_EPERM
	ErrBadRequestLen       ErrorCode = 1<<16 | 6  // OFPBRC_BAD_LEN
	ErrBufferEmpty         ErrorCode = 1<<16 | 7  // OFPBRC_BUFFER_EMPTY
	ErrBufferUnknown       ErrorCode = 1<<16 | 8  // OFPBRC_BUFFER_UNKNOWN
	ErrBadTable            ErrorCode = 1<<16 | 9  // OFPBRC_BAD_TABLE_ID
	ErrIsSlave             ErrorCode = 1<<16 | 10 // OFPBRC_IS_SLAVE
	ErrBadPort             ErrorCode = 1<<16 | 11 // OFPBRC_BAD_PORT
	ErrBadPacket           ErrorCode = 1<<16 | 12 // OFPBRC_BAD_PACKET
	ErrMultipartOverflow   ErrorCode = 1<<16 | 13 // OFPBRC_MULTIPART_BUFFER_OVERFLOW
)

// An action is wrong (OFPET_BAD_ACTION).
const (
	ErrBadActionType             ErrorCode = 2<<16 | 0  // OFPBAC_BAD_TYPE
	ErrBadActionLen              ErrorCode = 2<<16 | 1  // OFPBAC_BAD_LEN
	ErrBadActionExperimenter     ErrorCode = 2<<16 | 2  // OFPBAC_BAD_EXPERIMENTER
	ErrBadActionExperimenterType ErrorCode = 2<<16 | 3  // OFPBAC_BAD_EXP_TYPE
	ErrBadOutPort                ErrorCode = 2<<16 | 4  // OFPBAC_BAD_OUT_PORT
	ErrBadActionArgument         ErrorCode = 2<<16 | 5  // OFPBAC_BAD_ARGUMENT
	ErrActionPermission          ErrorCode = 2<<16 | 6  // OFPBAC_EPERM
	ErrTooManyActions            ErrorCode = 2<<16 | 7  // OFPBAC_TOO_MANY
	ErrBadQueue                  ErrorCode = 2<<16 | 8  // OFPBAC_BAD_QUEUE
	ErrBadOutGroup               ErrorCode = 2<<16 | 9  // OFPBAC_BAD_OUT_GROUP
	ErrMatchInconsistent         ErrorCode = 2<<16 | 10 // OFPBAC_MATCH_INCONSISTENT
	ErrUnsupportedOrder          ErrorCode = 2<<16 | 11 // OFPBAC_UNSUPPORTED_ORDER
	ErrBadTag                    ErrorCode = 2<<16 | 12 // OFPBAC_BAD_TAG
	ErrBadSetType                ErrorCode = 2<<16 | 13 // OFPBAC_BAD_SET_TYPE
	ErrBadSetLen                 ErrorCode = 2<<16 | 14 // OFPBAC_BAD_SET_LEN
	ErrBadSetArgument            ErrorCode = 2<<16 | 15 // OFPBAC_BAD_SET_ARGUMENT
)

// An instruction is wrong (OFPET_BAD_INSTRUCTION).
const (
	ErrUnknownInstruction             ErrorCode = 3<<16 | 0 // OFPBIC_UNKNOWN_INST
	ErrUnsupportedInstruction         ErrorCode = 3<<16 | 1 // OFPBIC_UNSUP_INST
	ErrBadInstructionTable            ErrorCode = 3<<16 | 2 // OFPBIC_BAD_TABLE_ID
	ErrUnsupportedMetadata            ErrorCode = 3<<16 | 3 // OFPBIC_UNSUP_METADATA
	ErrUnsupportedMetadataMask        ErrorCode = 3<<16 | 4 // OFPBIC_UNSUP_METADATA_MASK
	ErrBadInstructionExperimenter     ErrorCode = 3<<16 | 5 // OFPBIC_BAD_EXPERIMENTER
	ErrBadInstructionExperimenterType ErrorCode = 3<<16 | 6 // OFPBIC_BAD_EXP_TYPE
	ErrBadInstructionLen              ErrorCode = 3<<16 | 7 // OFPBIC_BAD_LEN
	ErrInstructionPermission          ErrorCode = 3<<16 | 8 // OFPBIC_EPERM
)

// A match is wrong (OFPET_BAD_MATCH).
const (
	ErrBadMatchType    ErrorCode = 4<<16 | 0  // OFPBMC_BAD_TYPE
	ErrBadMatchLen     ErrorCode = 4<<16 | 1  // OFPBMC_BAD_LEN
	ErrBadMatchTag     ErrorCode = 4<<16 | 2  // OFPBMC_BAD_TAG
	ErrBadEthMask      ErrorCode = 4<<16 | 3  // OFPBMC_BAD_DL_ADDR_MASK
	ErrBadIPMask       ErrorCode = 4<<16 | 4  // OFPBMC_BAD_NW_ADDR_MASK
	ErrBadWildcards    ErrorCode = 4<<16 | 5  // OFPBMC_BAD_WILDCARDS
	ErrBadField        ErrorCode = 4<<16 | 6  // OFPBMC_BAD_FIELD
	ErrBadValue        ErrorCode = 4<<16 | 7  // OFPBMC_BAD_VALUE
	ErrBadMask         ErrorCode = 4<<16 | 8  // OFPBMC_BAD_MASK
	ErrBadPrereq       ErrorCode = 4<<16 | 9  // OFPBMC_BAD_PREREQ
	ErrDupField        ErrorCode = 4<<16 | 10 // OFPBMC_DUP_FIELD
	ErrMatchPermission ErrorCode = 4<<16 | 11 // OFPBMC_EPERM
)

// A flow table could not be changed (OFPET_FLOW_MOD_FAILED).
const (
	ErrFlowModUnknown    ErrorCode = 5<<16 | 0 // OFPFMFC_UNKNOWN
	ErrTableFull         ErrorCode = 5<<16 | 1 // OFPFMFC_TABLE_FULL
	ErrBadFlowTable      ErrorCode = 5<<16 | 2 // OFPFMFC_BAD_TABLE_ID
	ErrOverlap           ErrorCode = 5<<16 | 3 // OFPFMFC_OVERLAP
	ErrFlowModPermission ErrorCode = 5<<16 | 4 // OFPFMFC_EPERM
	ErrBadTimeout        ErrorCode = 5<<16 | 5 // OFPFMFC_BAD_TIMEOUT
	ErrBadCommand        ErrorCode = 5<<16 | 6 // OFPFMFC_BAD_COMMAND
	ErrBadFlags          ErrorCode = 5<<16 | 7 // OFPFMFC_BAD_FLAGS
)

// A meter is wrong (OFPET_METER_MOD_FAILED).
const (
	ErrInvalidMeter ErrorCode = 12<<16 | 2 // OFPMMFC_INVALID_METER
)

// The errors that ONF's extensions define for OpenFlow 1.3: bundles (extension 230) and codes of later versions.
const (
	onfError ErrorCode = experimenterONF<<32 | errorTypeExperimenter<<16

	ErrBundleUnknown        = onfError | 2300 // OFPBFC_UNKNOWN
	ErrBundlePermission     = onfError | 2301 // OFPBFC_EPERM
	ErrBadBundle            = onfError | 2302 // OFPBFC_BAD_ID
	ErrBundleExists         = onfError | 2303 // OFPBFC_BUNDLE_EXIST
	ErrBundleClosed         = onfError | 2304 // OFPBFC_BUNDLE_CLOSED
	ErrOutOfBundles         = onfError | 2305 // OFPBFC_OUT_OF_BUNDLES
	ErrBadBundleType        = onfError | 2306 // OFPBFC_BAD_TYPE
	ErrBadBundleFlags       = onfError | 2307 // OFPBFC_BAD_FLAGS
	ErrBundleMsgLen         = onfError | 2308 // OFPBFC_MSG_BAD_LEN
	ErrBundleMsgXid         = onfError | 2309 // OFPBFC_MSG_BAD_XID
	ErrBundleMsgUnsupported = onfError | 2310 // OFPBFC_MSG_UNSUP
	ErrBundleMsgConflict    = onfError | 2311 // OFPBFC_MSG_CONFLICT
	ErrBundleTooMany        = onfError | 2312 // OFPBFC_MSG_TOO_MANY
	ErrBundleMsgFailed      = onfError | 2313 // OFPBFC_MSG_FAILED
	ErrBundleTimeout        = onfError | 2314 // OFPBFC_TIMEOUT
	ErrBundleInProgress     = onfError | 2315 // OFPBFC_BUNDLE_IN_PROGRESS
	ErrDupInstruction       = onfError | 2600 // OFPBIC_DUP_INST
	ErrBadSetMask           = onfError | 4250 // OFPBAC_BAD_SET_MASK
)

// nxError is what Nicira's error codes have in common.
const nxError ErrorCode = experimenterNicira<<32 | errorTypeExperimenter<<16

// errorNames has the names that OpenFlow 1.3.5, 7.4.4, ONF and Open vSwitch give to the errors.
var errorNames = map[ErrorCode]string{
	ErrIncompatible:                   "OFPHFC_INCOMPATIBLE",
	ErrHelloPermission:                "OFPHFC_EPERM",
	ErrBadVersion:                     "OFPBRC_BAD_VERSION",
	ErrBadType:                        "OFPBRC_BAD_TYPE",
	ErrBadMultipart:                   "OFPBRC_BAD_MULTIPART",
	ErrBadExperimenter:                "OFPBRC_BAD_EXPERIMENTER",
	ErrBadExperimenterType:            "OFPBRC_BAD_EXP_TYPE",
	ErrRequestPermission:              "OFPBRC_EPERM",
	ErrBadRequestLen:                  "OFPBRC_BAD_LEN",
	ErrBufferEmpty:                    "OFPBRC_BUFFER_EMPTY",
	ErrBufferUnknown:                  "OFPBRC_BUFFER_UNKNOWN",
	ErrBadTable:                       "OFPBRC_BAD_TABLE_ID",
	ErrIsSlave:                        "OFPBRC_IS_SLAVE",
	ErrBadPort:                        "OFPBRC_BAD_PORT",
	ErrBadPacket:                      "OFPBRC_BAD_PACKET",
	ErrMultipartOverflow:              "OFPBRC_MULTIPART_BUFFER_OVERFLOW",
	ErrBadActionType:                  "OFPBAC_BAD_TYPE",
	ErrBadActionLen:                   "OFPBAC_BAD_LEN",
	ErrBadActionExperimenter:          "OFPBAC_BAD_EXPERIMENTER",
	ErrBadActionExperimenterType:      "OFPBAC_BAD_EXP_TYPE",
	ErrBadOutPort:                     "OFPBAC_BAD_OUT_PORT",
	ErrBadActionArgument:              "OFPBAC_BAD_ARGUMENT",
	ErrActionPermission:               "OFPBAC_EPERM",
	ErrTooManyActions:                 "OFPBAC_TOO_MANY",
	ErrBadQueue:                       "OFPBAC_BAD_QUEUE",
	ErrBadOutGroup:                    "OFPBAC_BAD_OUT_GROUP",
	ErrMatchInconsistent:              "OFPBAC_MATCH_INCONSISTENT",
	ErrUnsupportedOrder:               "OFPBAC_UNSUPPORTED_ORDER",
	ErrBadTag:                         "OFPBAC_BAD_TAG",
	ErrBadSetType:                     "OFPBAC_BAD_SET_TYPE",
	ErrBadSetLen:                      "OFPBAC_BAD_SET_LEN",
	ErrBadSetArgument:                 "OFPBAC_BAD_SET_ARGUMENT",
	ErrUnknownInstruction:             "OFPBIC_UNKNOWN_INST",
	ErrUnsupportedInstruction:         "OFPBIC_UNSUP_INST",
	ErrBadInstructionTable:            "OFPBIC_BAD_TABLE_ID",
	ErrUnsupportedMetadata:            "OFPBIC_UNSUP_METADATA",
	ErrUnsupportedMetadataMask:        "OFPBIC_UNSUP_METADATA_MASK",
	ErrBadInstructionExperimenter:     "OFPBIC_BAD_EXPERIMENTER",
	ErrBadInstructionExperimenterType: "OFPBIC_BAD_EXP_TYPE",
	ErrBadInstructionLen:              "OFPBIC_BAD_LEN",
	ErrInstructionPermission:          "OFPBIC_EPERM",
	ErrBadMatchType:                   "OFPBMC_BAD_TYPE",
	ErrBadMatchLen:                    "OFPBMC_BAD_LEN",
	ErrBadMatchTag:                    "OFPBMC_BAD_TAG",
	ErrBadEthMask:                     "OFPBMC_BAD_DL_ADDR_MASK",
	ErrBadIPMask:                      "OFPBMC_BAD_NW_ADDR_MASK",
	ErrBadWildcards:                   "OFPBMC_BAD_WILDCARDS",
	ErrBadField:                       "OFPBMC_BAD_FIELD",
	ErrBadValue:                       "OFPBMC_BAD_VALUE",
	ErrBadMask:                        "OFPBMC_BAD_MASK",
	ErrBadPrereq:                      "OFPBMC_BAD_PREREQ",
	ErrDupField:                       "OFPBMC_DUP_FIELD",
	ErrMatchPermission:                "OFPBMC_EPERM",
	ErrFlowModUnknown:                 "OFPFMFC_UNKNOWN",
	ErrTableFull:                      "OFPFMFC_TABLE_FULL",
	ErrBadFlowTable:                   "OFPFMFC_BAD_TABLE_ID",
	ErrOverlap:                        "OFPFMFC_OVERLAP",
	ErrFlowModPermission:              "OFPFMFC_EPERM",
	ErrBadTimeout:                     "OFPFMFC_BAD_TIMEOUT",
	ErrBadCommand:                     "OFPFMFC_BAD_COMMAND",
	ErrBadFlags:                       "OFPFMFC_BAD_FLAGS",
	6<<16 | 0:                         "OFPGMFC_GROUP_EXISTS",
	6<<16 | 1:                         "OFPGMFC_INVALID_GROUP",
	6<<16 | 2:                         "OFPGMFC_WEIGHT_UNSUPPORTED",
	6<<16 | 3:                         "OFPGMFC_OUT_OF_GROUPS",
	6<<16 | 4:                         "OFPGMFC_OUT_OF_BUCKETS",
	6<<16 | 5:                         "OFPGMFC_CHAINING_UNSUPPORTED",
	6<<16 | 6:                         "OFPGMFC_WATCH_UNSUPPORTED",
	6<<16 | 7:                         "OFPGMFC_LOOP",
	6<<16 | 8:                         "OFPGMFC_UNKNOWN_GROUP",
	6<<16 | 9:                         "OFPGMFC_CHAINED_GROUP",
	6<<16 | 10:                        "OFPGMFC_BAD_TYPE",
	6<<16 | 11:                        "OFPGMFC_BAD_COMMAND",
	6<<16 | 12:                        "OFPGMFC_BAD_BUCKET",
	6<<16 | 13:                        "OFPGMFC_BAD_WATCH",
	6<<16 | 14:                        "OFPGMFC_EPERM",
	7<<16 | 0:                         "OFPPMFC_BAD_PORT",
	7<<16 | 1:                         "OFPPMFC_BAD_HW_ADDR",
	7<<16 | 2:                         "OFPPMFC_BAD_CONFIG",
	7<<16 | 3:                         "OFPPMFC_BAD_ADVERTISE",
	7<<16 | 4:                         "OFPPMFC_EPERM",
	8<<16 | 0:                         "OFPTMFC_BAD_TABLE",
	8<<16 | 1:                         "OFPTMFC_BAD_CONFIG",
	8<<16 | 2:                         "OFPTMFC_EPERM",
	9<<16 | 0:                         "OFPQOFC_BAD_PORT",
	9<<16 | 1:                         "OFPQOFC_BAD_QUEUE",
	9<<16 | 2:                         "OFPQOFC_EPERM",
	10<<16 | 0:                        "OFPSCFC_BAD_FLAGS",
	10<<16 | 1:                        "OFPSCFC_BAD_LEN",
	10<<16 | 2:                        "OFPSCFC_EPERM",
	11<<16 | 0:                        "OFPRRFC_STALE",
	11<<16 | 1:                        "OFPRRFC_UNSUP",
	11<<16 | 2:                        "OFPRRFC_BAD_ROLE",
	12<<16 | 0:                        "OFPMMFC_UNKNOWN",
	12<<16 | 1:                        "OFPMMFC_METER_EXISTS",
	ErrInvalidMeter:                   "OFPMMFC_INVALID_METER",
	12<<16 | 3:                        "OFPMMFC_UNKNOWN_METER",
	12<<16 | 4:                        "OFPMMFC_BAD_COMMAND",
	12<<16 | 5:                        "OFPMMFC_BAD_FLAGS",
	12<<16 | 6:                        "OFPMMFC_BAD_RATE",
	12<<16 | 7:                        "OFPMMFC_BAD_BURST",
	12<<16 | 8:                        "OFPMMFC_BAD_BAND",
	12<<16 | 9:                        "OFPMMFC_BAD_BAND_VALUE",
	12<<16 | 10:                       "OFPMMFC_OUT_OF_METERS",
	12<<16 | 11:                       "OFPMMFC_OUT_OF_BANDS",
	13<<16 | 0:                        "OFPTFFC_BAD_TABLE",
	13<<16 | 1:                        "OFPTFFC_BAD_METADATA",
	13<<16 | 2:                        "OFPTFFC_BAD_TYPE",
	13<<16 | 3:                        "OFPTFFC_BAD_LEN",
	13<<16 | 4:                        "OFPTFFC_BAD_ARGUMENT",
	13<<16 | 5:                        "OFPTFFC_EPERM",
	ErrBundleUnknown:                  "OFPBFC_UNKNOWN",
	ErrBundlePermission:               "OFPBFC_EPERM",
	ErrBadBundle:                      "OFPBFC_BAD_ID",
	ErrBundleExists:                   "OFPBFC_BUNDLE_EXIST",
	ErrBundleClosed:                   "OFPBFC_BUNDLE_CLOSED",
	ErrOutOfBundles:                   "OFPBFC_OUT_OF_BUNDLES",
	ErrBadBundleType:                  "OFPBFC_BAD_TYPE",
	ErrBadBundleFlags:                 "OFPBFC_BAD_FLAGS",
	ErrBundleMsgLen:                   "OFPBFC_MSG_BAD_LEN",
	ErrBundleMsgXid:                   "OFPBFC_MSG_BAD_XID",
	ErrBundleMsgUnsupported:           "OFPBFC_MSG_UNSUP",
	ErrBundleMsgConflict:              "OFPBFC_MSG_CONFLICT",
	ErrBundleTooMany:                  "OFPBFC_MSG_TOO_MANY",
	ErrBundleMsgFailed:                "OFPBFC_MSG_FAILED",
	ErrBundleTimeout:                  "OFPBFC_TIMEOUT",
	ErrBundleInProgress:               "OFPBFC_BUNDLE_IN_PROGRESS",
	onfError | 2360:                   "OFPFMFC_BAD_PRIORITY",
	ErrDupInstruction:                 "OFPBIC_DUP_INST",
	ErrBadSetMask:                     "OFPBAC_BAD_SET_MASK",
	nxError | 2:                       "NXBRC_NXM_INVALID",
	nxError | 3:                       "NXBRC_NXM_BAD_TYPE",
	nxError | 4:                       "NXBRC_MUST_BE_ZERO",
	nxError | 10:                      "NXBRC_UNENCODABLE_ERROR",
	nxError | 11:                      "NXBAC_MUST_BE_ZERO",
	nxError | 12:                      "NXFMFC_HARDWARE",
	nxError | 13:                      "NXFMFC_BAD_TABLE_ID",
	nxError | 15:                      "NXBAC_BAD_CONJUNCTION",
	nxError | 37:                      "NXFMFC_INVALID_TLV_FIELD",
	nxError | 42:                      "NXBAC_CT_DATAPATH_SUPPORT",
	nxError | 43:                      "NXBMC_CT_DATAPATH_SUPPORT",
}
