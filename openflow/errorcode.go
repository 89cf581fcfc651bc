// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// The greeting failed (OFPET_HELLO_FAILED).
const (
	ErrIncompatible    ErrorCode = 0x0000_0000 // OFPHFC_INCOMPATIBLE
	ErrHelloPermission ErrorCode = 0x0000_0001 // OFPHFC_EPERM
)

// The request was not understood (OFPET_BAD_REQUEST).
const (
	ErrBadVersion          ErrorCode = 0x0001_0000 // OFPBRC_BAD_VERSION
	ErrBadType             ErrorCode = 0x0001_0001 // OFPBRC_BAD_TYPE
	ErrBadMultipart        ErrorCode = 0x0001_0002 // OFPBRC_BAD_MULTIPART
	ErrBadExperimenter     ErrorCode = 0x0001_0003 // OFPBRC_BAD_EXPERIMENTER
	ErrBadExperimenterType ErrorCode = 0x0001_0004 // OFPBRC_BAD_EXP_TYPE
	ErrRequestPermission   ErrorCode = 0x0001_0005 // OFPBRC_EPERM
	ErrBadRequestLen       ErrorCode = 0x0001_0006 // OFPBRC_BAD_LEN
	ErrBufferEmpty         ErrorCode = 0x0001_0007 // OFPBRC_BUFFER_EMPTY
	ErrBufferUnknown       ErrorCode = 0x0001_0008 // OFPBRC_BUFFER_UNKNOWN
	ErrBadTable            ErrorCode = 0x0001_0009 // OFPBRC_BAD_TABLE_ID
	ErrIsSlave             ErrorCode = 0x0001_000a // OFPBRC_IS_SLAVE
	ErrBadPort             ErrorCode = 0x0001_000b // OFPBRC_BAD_PORT
	ErrBadPacket           ErrorCode = 0x0001_000c // OFPBRC_BAD_PACKET
	ErrMultipartOverflow   ErrorCode = 0x0001_000d // OFPBRC_MULTIPART_BUFFER_OVERFLOW
)

// An action is wrong (OFPET_BAD_ACTION).
const (
	ErrBadActionType             ErrorCode = 0x0002_0000 // OFPBAC_BAD_TYPE
	ErrBadActionLen              ErrorCode = 0x0002_0001 // OFPBAC_BAD_LEN
	ErrBadActionExperimenter     ErrorCode = 0x0002_0002 // OFPBAC_BAD_EXPERIMENTER
	ErrBadActionExperimenterType ErrorCode = 0x0002_0003 // OFPBAC_BAD_EXP_TYPE
	ErrBadOutPort                ErrorCode = 0x0002_0004 // OFPBAC_BAD_OUT_PORT
	ErrBadActionArgument         ErrorCode = 0x0002_0005 // OFPBAC_BAD_ARGUMENT
	ErrActionPermission          ErrorCode = 0x0002_0006 // OFPBAC_EPERM
	ErrTooManyActions            ErrorCode = 0x0002_0007 // OFPBAC_TOO_MANY
	ErrBadQueue                  ErrorCode = 0x0002_0008 // OFPBAC_BAD_QUEUE
	ErrBadOutGroup               ErrorCode = 0x0002_0009 // OFPBAC_BAD_OUT_GROUP
	ErrMatchInconsistent         ErrorCode = 0x0002_000a // OFPBAC_MATCH_INCONSISTENT
	ErrUnsupportedOrder          ErrorCode = 0x0002_000b // OFPBAC_UNSUPPORTED_ORDER
	ErrBadTag                    ErrorCode = 0x0002_000c // OFPBAC_BAD_TAG
	ErrBadSetType                ErrorCode = 0x0002_000d // OFPBAC_BAD_SET_TYPE
	ErrBadSetLen                 ErrorCode = 0x0002_000e // OFPBAC_BAD_SET_LEN
	ErrBadSetArgument            ErrorCode = 0x0002_000f // OFPBAC_BAD_SET_ARGUMENT
)

// An instruction is wrong (OFPET_BAD_INSTRUCTION).
const (
	ErrUnknownInstruction             ErrorCode = 0x0003_0000 // OFPBIC_UNKNOWN_INST
	ErrUnsupportedInstruction         ErrorCode = 0x0003_0001 // OFPBIC_UNSUP_INST
	ErrBadInstructionTable            ErrorCode = 0x0003_0002 // OFPBIC_BAD_TABLE_ID
	ErrUnsupportedMetadata            ErrorCode = 0x0003_0003 // OFPBIC_UNSUP_METADATA
	ErrUnsupportedMetadataMask        ErrorCode = 0x0003_0004 // OFPBIC_UNSUP_METADATA_MASK
	ErrBadInstructionExperimenter     ErrorCode = 0x0003_0005 // OFPBIC_BAD_EXPERIMENTER
	ErrBadInstructionExperimenterType ErrorCode = 0x0003_0006 // OFPBIC_BAD_EXP_TYPE
	ErrBadInstructionLen              ErrorCode = 0x0003_0007 // OFPBIC_BAD_LEN
	ErrInstructionPermission          ErrorCode = 0x0003_0008 // OFPBIC_EPERM
)

// A match is wrong (OFPET_BAD_MATCH).
const (
	ErrBadMatchType    ErrorCode = 0x0004_0000 // OFPBMC_BAD_TYPE
	ErrBadMatchLen     ErrorCode = 0x0004_0001 // OFPBMC_BAD_LEN
	ErrBadMatchTag     ErrorCode = 0x0004_0002 // OFPBMC_BAD_TAG
	ErrBadEthMask      ErrorCode = 0x0004_0003 // OFPBMC_BAD_DL_ADDR_MASK
	ErrBadIPMask       ErrorCode = 0x0004_0004 // OFPBMC_BAD_NW_ADDR_MASK
	ErrBadWildcards    ErrorCode = 0x0004_0005 // OFPBMC_BAD_WILDCARDS
	ErrBadField        ErrorCode = 0x0004_0006 // OFPBMC_BAD_FIELD
	ErrBadValue        ErrorCode = 0x0004_0007 // OFPBMC_BAD_VALUE
	ErrBadMask         ErrorCode = 0x0004_0008 // OFPBMC_BAD_MASK
	ErrBadPrereq       ErrorCode = 0x0004_0009 // OFPBMC_BAD_PREREQ
	ErrDupField        ErrorCode = 0x0004_000a // OFPBMC_DUP_FIELD
	ErrMatchPermission ErrorCode = 0x0004_000b // OFPBMC_EPERM
)

// A flow table could not be changed (OFPET_FLOW_MOD_FAILED).
const (
	ErrFlowModUnknown    ErrorCode = 0x0005_0000 // OFPFMFC_UNKNOWN
	ErrTableFull         ErrorCode = 0x0005_0001 // OFPFMFC_TABLE_FULL
	ErrBadFlowTable      ErrorCode = 0x0005_0002 // OFPFMFC_BAD_TABLE_ID
	ErrOverlap           ErrorCode = 0x0005_0003 // OFPFMFC_OVERLAP
	ErrFlowModPermission ErrorCode = 0x0005_0004 // OFPFMFC_EPERM
	ErrBadTimeout        ErrorCode = 0x0005_0005 // OFPFMFC_BAD_TIMEOUT
	ErrBadCommand        ErrorCode = 0x0005_0006 // OFPFMFC_BAD_COMMAND
	ErrBadFlags          ErrorCode = 0x0005_0007 // OFPFMFC_BAD_FLAGS
)

// A group is wrong (OFPET_GROUP_MOD_FAILED; the last two are of OpenFlow 1.5).
const (
	ErrGroupExists         ErrorCode = 0x0006_0000 // OFPGMFC_GROUP_EXISTS
	ErrInvalidGroup        ErrorCode = 0x0006_0001 // OFPGMFC_INVALID_GROUP
	ErrWeightUnsupported   ErrorCode = 0x0006_0002 // OFPGMFC_WEIGHT_UNSUPPORTED
	ErrOutOfGroups         ErrorCode = 0x0006_0003 // OFPGMFC_OUT_OF_GROUPS
	ErrOutOfBuckets        ErrorCode = 0x0006_0004 // OFPGMFC_OUT_OF_BUCKETS
	ErrChainingUnsupported ErrorCode = 0x0006_0005 // OFPGMFC_CHAINING_UNSUPPORTED
	ErrWatchUnsupported    ErrorCode = 0x0006_0006 // OFPGMFC_WATCH_UNSUPPORTED
	ErrGroupLoop           ErrorCode = 0x0006_0007 // OFPGMFC_LOOP
	ErrUnknownGroup        ErrorCode = 0x0006_0008 // OFPGMFC_UNKNOWN_GROUP
	ErrChainedGroup        ErrorCode = 0x0006_0009 // OFPGMFC_CHAINED_GROUP
	ErrBadGroupType        ErrorCode = 0x0006_000a // OFPGMFC_BAD_TYPE
	ErrBadGroupCommand     ErrorCode = 0x0006_000b // OFPGMFC_BAD_COMMAND
	ErrBadBucket           ErrorCode = 0x0006_000c // OFPGMFC_BAD_BUCKET
	ErrBadWatch            ErrorCode = 0x0006_000d // OFPGMFC_BAD_WATCH
	ErrGroupPermission     ErrorCode = 0x0006_000e // OFPGMFC_EPERM
	ErrUnknownBucket       ErrorCode = 0x0006_000f // OFPGMFC_UNKNOWN_BUCKET
	ErrBucketExists        ErrorCode = 0x0006_0010 // OFPGMFC_BUCKET_EXISTS
)

// A port, a table or a queue could not be changed or asked for (OFPET_PORT_MOD_FAILED, OFPET_TABLE_MOD_FAILED,
// OFPET_QUEUE_OP_FAILED).
const (
	ErrUnknownPort        ErrorCode = 0x0007_0000 // OFPPMFC_BAD_PORT
	ErrBadHWAddr          ErrorCode = 0x0007_0001 // OFPPMFC_BAD_HW_ADDR
	ErrBadPortConfig      ErrorCode = 0x0007_0002 // OFPPMFC_BAD_CONFIG
	ErrBadAdvertise       ErrorCode = 0x0007_0003 // OFPPMFC_BAD_ADVERTISE
	ErrPortPermission     ErrorCode = 0x0007_0004 // OFPPMFC_EPERM
	ErrUnknownTable       ErrorCode = 0x0008_0000 // OFPTMFC_BAD_TABLE
	ErrBadTableConfig     ErrorCode = 0x0008_0001 // OFPTMFC_BAD_CONFIG
	ErrTablePermission    ErrorCode = 0x0008_0002 // OFPTMFC_EPERM
	ErrUnknownQueuePort   ErrorCode = 0x0009_0000 // OFPQOFC_BAD_PORT
	ErrUnknownQueue       ErrorCode = 0x0009_0001 // OFPQOFC_BAD_QUEUE
	ErrQueuePermission    ErrorCode = 0x0009_0002 // OFPQOFC_EPERM
	ErrBadFeaturesTable   ErrorCode = 0x000d_0000 // OFPTFFC_BAD_TABLE
	ErrBadTableFeatures   ErrorCode = 0x000d_0008 // OFPTFFC_BAD_FEATURES
	ErrBadFeaturesCommand ErrorCode = 0x000d_0009 // OFPTFFC_BAD_COMMAND
	ErrFeaturesPermission ErrorCode = 0x000d_0005 // OFPTFFC_EPERM
)

// A meter is wrong (OFPET_METER_MOD_FAILED).
const (
	ErrMeterUnknown    ErrorCode = 0x000c_0000 // OFPMMFC_UNKNOWN
	ErrMeterExists     ErrorCode = 0x000c_0001 // OFPMMFC_METER_EXISTS
	ErrInvalidMeter    ErrorCode = 0x000c_0002 // OFPMMFC_INVALID_METER
	ErrUnknownMeter    ErrorCode = 0x000c_0003 // OFPMMFC_UNKNOWN_METER
	ErrBadMeterCommand ErrorCode = 0x000c_0004 // OFPMMFC_BAD_COMMAND
	ErrBadMeterFlags   ErrorCode = 0x000c_0005 // OFPMMFC_BAD_FLAGS
	ErrBadRate         ErrorCode = 0x000c_0006 // OFPMMFC_BAD_RATE
	ErrBadBurst        ErrorCode = 0x000c_0007 // OFPMMFC_BAD_BURST
	ErrBadBand         ErrorCode = 0x000c_0008 // OFPMMFC_BAD_BAND
	ErrBadBandValue    ErrorCode = 0x000c_0009 // OFPMMFC_BAD_BAND_VALUE
	ErrOutOfMeters     ErrorCode = 0x000c_000a // OFPMMFC_OUT_OF_METERS
	ErrOutOfBands      ErrorCode = 0x000c_000b // OFPMMFC_OUT_OF_BANDS
)

// A property is wrong (OFPET_BAD_PROPERTY of OpenFlow 1.4).
const (
	ErrBadPropertyType             ErrorCode = 0x000e_0000 // OFPBPC_BAD_TYPE
	ErrBadPropertyLen              ErrorCode = 0x000e_0001 // OFPBPC_BAD_LEN
	ErrBadPropertyValue            ErrorCode = 0x000e_0002 // OFPBPC_BAD_VALUE
	ErrTooManyProperties           ErrorCode = 0x000e_0003 // OFPBPC_TOO_MANY
	ErrDupProperty                 ErrorCode = 0x000e_0004 // OFPBPC_DUP_TYPE
	ErrBadPropertyExperimenter     ErrorCode = 0x000e_0005 // OFPBPC_BAD_EXPERIMENTER
	ErrBadPropertyExperimenterType ErrorCode = 0x000e_0006 // OFPBPC_BAD_EXP_TYPE
	ErrBadPropertyExperimenterVal  ErrorCode = 0x000e_0007 // OFPBPC_BAD_EXP_VALUE
	ErrPropertyPermission          ErrorCode = 0x000e_0008 // OFPBPC_EPERM
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

// The errors that Nicira's extensions define.
const (
	nxError ErrorCode = experimenterNicira<<32 | errorTypeExperimenter<<16

	ErrMustBeZero     = nxError | 4  // NXBRC_MUST_BE_ZERO
	ErrBadConjunction = nxError | 15 // NXBAC_BAD_CONJUNCTION
)

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
	ErrGroupExists:                    "OFPGMFC_GROUP_EXISTS",
	ErrInvalidGroup:                   "OFPGMFC_INVALID_GROUP",
	ErrWeightUnsupported:              "OFPGMFC_WEIGHT_UNSUPPORTED",
	ErrOutOfGroups:                    "OFPGMFC_OUT_OF_GROUPS",
	ErrOutOfBuckets:                   "OFPGMFC_OUT_OF_BUCKETS",
	ErrChainingUnsupported:            "OFPGMFC_CHAINING_UNSUPPORTED",
	ErrWatchUnsupported:               "OFPGMFC_WATCH_UNSUPPORTED",
	ErrGroupLoop:                      "OFPGMFC_LOOP",
	ErrUnknownGroup:                   "OFPGMFC_UNKNOWN_GROUP",
	ErrChainedGroup:                   "OFPGMFC_CHAINED_GROUP",
	ErrBadGroupType:                   "OFPGMFC_BAD_TYPE",
	ErrBadGroupCommand:                "OFPGMFC_BAD_COMMAND",
	ErrBadBucket:                      "OFPGMFC_BAD_BUCKET",
	ErrBadWatch:                       "OFPGMFC_BAD_WATCH",
	ErrGroupPermission:                "OFPGMFC_EPERM",
	ErrUnknownPort:                    "OFPPMFC_BAD_PORT",
	ErrBadHWAddr:                      "OFPPMFC_BAD_HW_ADDR",
	ErrBadPortConfig:                  "OFPPMFC_BAD_CONFIG",
	ErrBadAdvertise:                   "OFPPMFC_BAD_ADVERTISE",
	ErrPortPermission:                 "OFPPMFC_EPERM",
	ErrUnknownTable:                   "OFPTMFC_BAD_TABLE",
	ErrBadTableConfig:                 "OFPTMFC_BAD_CONFIG",
	ErrTablePermission:                "OFPTMFC_EPERM",
	ErrUnknownQueuePort:               "OFPQOFC_BAD_PORT",
	ErrUnknownQueue:                   "OFPQOFC_BAD_QUEUE",
	ErrQueuePermission:                "OFPQOFC_EPERM",
	0x000a_0000:                       "OFPSCFC_BAD_FLAGS",
	0x000a_0001:                       "OFPSCFC_BAD_LEN",
	0x000a_0002:                       "OFPSCFC_EPERM",
	0x000b_0000:                       "OFPRRFC_STALE",
	0x000b_0001:                       "OFPRRFC_UNSUP",
	0x000b_0002:                       "OFPRRFC_BAD_ROLE",
	ErrMeterUnknown:                   "OFPMMFC_UNKNOWN",
	ErrMeterExists:                    "OFPMMFC_METER_EXISTS",
	ErrInvalidMeter:                   "OFPMMFC_INVALID_METER",
	ErrUnknownMeter:                   "OFPMMFC_UNKNOWN_METER",
	ErrBadMeterCommand:                "OFPMMFC_BAD_COMMAND",
	ErrBadMeterFlags:                  "OFPMMFC_BAD_FLAGS",
	ErrBadRate:                        "OFPMMFC_BAD_RATE",
	ErrBadBurst:                       "OFPMMFC_BAD_BURST",
	ErrBadBand:                        "OFPMMFC_BAD_BAND",
	ErrBadBandValue:                   "OFPMMFC_BAD_BAND_VALUE",
	ErrOutOfMeters:                    "OFPMMFC_OUT_OF_METERS",
	ErrOutOfBands:                     "OFPMMFC_OUT_OF_BANDS",
	ErrBadFeaturesTable:               "OFPTFFC_BAD_TABLE",
	0x000d_0001:                       "OFPTFFC_BAD_METADATA",
	0x000d_0002:                       "OFPTFFC_BAD_TYPE",
	0x000d_0003:                       "OFPTFFC_BAD_LEN",
	0x000d_0004:                       "OFPTFFC_BAD_ARGUMENT",
	ErrFeaturesPermission:             "OFPTFFC_EPERM",
	ErrUnknownBucket:                  "OFPGMFC_UNKNOWN_BUCKET",
	ErrBucketExists:                   "OFPGMFC_BUCKET_EXISTS",
	0x000d_0006:                       "OFPTFFC_BAD_CAPA",
	0x000d_0007:                       "OFPTFFC_BAD_MAX_ENT",
	ErrBadTableFeatures:               "OFPTFFC_BAD_FEATURES",
	ErrBadFeaturesCommand:             "OFPTFFC_BAD_COMMAND",
	0x000d_000a:                       "OFPTFFC_TOO_MANY",
	ErrBadPropertyType:                "OFPBPC_BAD_TYPE",
	ErrBadPropertyLen:                 "OFPBPC_BAD_LEN",
	ErrBadPropertyValue:               "OFPBPC_BAD_VALUE",
	ErrTooManyProperties:              "OFPBPC_TOO_MANY",
	ErrDupProperty:                    "OFPBPC_DUP_TYPE",
	ErrBadPropertyExperimenter:        "OFPBPC_BAD_EXPERIMENTER",
	ErrBadPropertyExperimenterType:    "OFPBPC_BAD_EXP_TYPE",
	ErrBadPropertyExperimenterVal:     "OFPBPC_BAD_EXP_VALUE",
	ErrPropertyPermission:             "OFPBPC_EPERM",
	onfError | 4443:                   "OFPBPC_TOO_MANY",
	onfError | 4444:                   "OFPBPC_DUP_TYPE",
	onfError | 4445:                   "OFPBPC_BAD_EXPERIMENTER",
	onfError | 4446:                   "OFPBPC_BAD_EXP_TYPE",
	onfError | 4447:                   "OFPBPC_BAD_EXP_VALUE",
	onfError | 4448:                   "OFPBPC_EPERM",
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
	ErrMustBeZero:                     "NXBRC_MUST_BE_ZERO",
	nxError | 10:                      "NXBRC_UNENCODABLE_ERROR",
	nxError | 11:                      "NXBAC_MUST_BE_ZERO",
	nxError | 12:                      "NXFMFC_HARDWARE",
	nxError | 13:                      "NXFMFC_BAD_TABLE_ID",
	ErrBadConjunction:                 "NXBAC_BAD_CONJUNCTION",
	nxError | 37:                      "NXFMFC_INVALID_TLV_FIELD",
	nxError | 42:                      "NXBAC_CT_DATAPATH_SUPPORT",
	nxError | 43:                      "NXBMC_CT_DATAPATH_SUPPORT",
}
