// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// The codes below have the same values in all versions: those of OpenFlow 1.3 and its extensions where it has the error,
// else those of the version that introduced it. What goes over the wire in a version is another number for some, see
// movedErrors.

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
	ErrMultipartSchedule   ErrorCode = 0x0001_0010 // OFPBRC_MULTIPART_BAD_SCHED
	ErrPipelineFieldsOnly  ErrorCode = 0x0001_0011 // OFPBRC_PIPELINE_FIELDS_ONLY
	ErrRequestUnknown      ErrorCode = 0x0001_0012 // OFPBRC_UNKNOWN
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
	ErrBadActionMeter            ErrorCode = 0x0002_0011 // OFPBAC_BAD_METER
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
	ErrCannotSync        ErrorCode = 0x0005_0008 // OFPFMFC_CANT_SYNC
	ErrIsSync            ErrorCode = 0x0005_000a // OFPFMFC_IS_SYNC
)

// A group could not be changed (OFPET_GROUP_MOD_FAILED).
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

// A port could not be changed (OFPET_PORT_MOD_FAILED).
const (
	ErrUnknownPort    ErrorCode = 0x0007_0000 // OFPPMFC_BAD_PORT
	ErrBadHWAddr      ErrorCode = 0x0007_0001 // OFPPMFC_BAD_HW_ADDR
	ErrBadPortConfig  ErrorCode = 0x0007_0002 // OFPPMFC_BAD_CONFIG
	ErrBadAdvertise   ErrorCode = 0x0007_0003 // OFPPMFC_BAD_ADVERTISE
	ErrPortPermission ErrorCode = 0x0007_0004 // OFPPMFC_EPERM
)

// A table could not be configured (OFPET_TABLE_MOD_FAILED).
const (
	ErrUnknownTable    ErrorCode = 0x0008_0000 // OFPTMFC_BAD_TABLE
	ErrBadTableConfig  ErrorCode = 0x0008_0001 // OFPTMFC_BAD_CONFIG
	ErrTablePermission ErrorCode = 0x0008_0002 // OFPTMFC_EPERM
)

// A queue could not be read (OFPET_QUEUE_OP_FAILED).
const (
	ErrUnknownQueuePort ErrorCode = 0x0009_0000 // OFPQOFC_BAD_PORT
	ErrUnknownQueue     ErrorCode = 0x0009_0001 // OFPQOFC_BAD_QUEUE
	ErrQueuePermission  ErrorCode = 0x0009_0002 // OFPQOFC_EPERM
)

// A set-config is wrong (OFPET_SWITCH_CONFIG_FAILED).
const (
	ErrBadConfigFlags   ErrorCode = 0x000a_0000 // OFPSCFC_BAD_FLAGS
	ErrBadConfigLen     ErrorCode = 0x000a_0001 // OFPSCFC_BAD_LEN
	ErrConfigPermission ErrorCode = 0x000a_0002 // OFPSCFC_EPERM
)

// A role is refused (OFPET_ROLE_REQUEST_FAILED).
const (
	ErrRoleStale         ErrorCode = 0x000b_0000 // OFPRRFC_STALE
	ErrRoleUnsupported   ErrorCode = 0x000b_0001 // OFPRRFC_UNSUP
	ErrBadRole           ErrorCode = 0x000b_0002 // OFPRRFC_BAD_ROLE
	ErrRoleIDUnsupported ErrorCode = 0x000b_0003 // OFPRRFC_ID_UNSUP
	ErrRoleIDInUse       ErrorCode = 0x000b_0004 // OFPRRFC_ID_IN_USE
)

// A meter could not be changed (OFPET_METER_MOD_FAILED).
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

// The features of tables could not be set (OFPET_TABLE_FEATURES_FAILED).
const (
	ErrBadFeaturesTable    ErrorCode = 0x000d_0000 // OFPTFFC_BAD_TABLE
	ErrBadFeaturesMetadata ErrorCode = 0x000d_0001 // OFPTFFC_BAD_METADATA
	ErrFeaturesPermission  ErrorCode = 0x000d_0005 // OFPTFFC_EPERM
	ErrBadCapabilities     ErrorCode = 0x000d_0006 // OFPTFFC_BAD_CAPA
	ErrBadMaxEntries       ErrorCode = 0x000d_0007 // OFPTFFC_BAD_MAX_ENT
	ErrBadTableFeatures    ErrorCode = 0x000d_0008 // OFPTFFC_BAD_FEATURES
	ErrBadFeaturesCommand  ErrorCode = 0x000d_0009 // OFPTFFC_BAD_COMMAND
	ErrTooManyTables       ErrorCode = 0x000d_000a // OFPTFFC_TOO_MANY
)

// A property is wrong (OFPET_BAD_PROPERTY of OpenFlow 1.4; here as OpenFlow 1.3 numbers them).
const (
	ErrBadPropertyType  ErrorCode = 0x000d_0002 // OFPBPC_BAD_TYPE
	ErrBadPropertyLen   ErrorCode = 0x000d_0003 // OFPBPC_BAD_LEN
	ErrBadPropertyValue ErrorCode = 0x000d_0004 // OFPBPC_BAD_VALUE
)

// A flow monitor is refused (OFPET_FLOW_MONITOR_FAILED), as are some of Nicira's below.
const (
	ErrMonitorUnknown    ErrorCode = 0x0010_0000 // OFPMOFC_UNKNOWN
	ErrInvalidMonitor    ErrorCode = 0x0010_0002 // OFPMOFC_INVALID_MONITOR
	ErrBadMonitorCommand ErrorCode = 0x0010_0004 // OFPMOFC_BAD_COMMAND
	ErrBadMonitorTable   ErrorCode = 0x0010_0006 // OFPMOFC_BAD_TABLE_ID
	ErrBadMonitorOut     ErrorCode = 0x0010_0007 // OFPMOFC_BAD_OUT
)

// A bundle is not committed at the time it asks for (OFPET_BUNDLE_FAILED of OpenFlow 1.5).
const (
	ErrBundleScheduleUnsupported ErrorCode = 0x0011_0010 // OFPBFC_SCHED_NOT_SUPPORTED
	ErrBundleFuture              ErrorCode = 0x0011_0011 // OFPBFC_SCHED_FUTURE
	ErrBundlePast                ErrorCode = 0x0011_0012 // OFPBFC_SCHED_PAST
)

// The errors that ONF's extensions define for OpenFlow 1.3: bundles (extension 230) and codes of later versions.
const (
	onfError ErrorCode = experimenterONF<<32 | errorTypeExperimenter<<16

	ErrBundleUnknown               = onfError | 2300 // OFPBFC_UNKNOWN
	ErrBundlePermission            = onfError | 2301 // OFPBFC_EPERM
	ErrBadBundle                   = onfError | 2302 // OFPBFC_BAD_ID
	ErrBundleExists                = onfError | 2303 // OFPBFC_BUNDLE_EXIST
	ErrBundleClosed                = onfError | 2304 // OFPBFC_BUNDLE_CLOSED
	ErrOutOfBundles                = onfError | 2305 // OFPBFC_OUT_OF_BUNDLES
	ErrBadBundleType               = onfError | 2306 // OFPBFC_BAD_TYPE
	ErrBadBundleFlags              = onfError | 2307 // OFPBFC_BAD_FLAGS
	ErrBundleMsgLen                = onfError | 2308 // OFPBFC_MSG_BAD_LEN
	ErrBundleMsgXid                = onfError | 2309 // OFPBFC_MSG_BAD_XID
	ErrBundleMsgUnsupported        = onfError | 2310 // OFPBFC_MSG_UNSUP
	ErrBundleMsgConflict           = onfError | 2311 // OFPBFC_MSG_CONFLICT
	ErrBundleTooMany               = onfError | 2312 // OFPBFC_MSG_TOO_MANY
	ErrBundleMsgFailed             = onfError | 2313 // OFPBFC_MSG_FAILED
	ErrBundleTimeout               = onfError | 2314 // OFPBFC_TIMEOUT
	ErrBundleInProgress            = onfError | 2315 // OFPBFC_BUNDLE_IN_PROGRESS
	ErrBadPriority                 = onfError | 2360 // OFPFMFC_BAD_PRIORITY
	ErrBadAsyncMask                = onfError | 2370 // OFPACFC_INVALID
	ErrAsyncUnsupported            = onfError | 2371 // OFPACFC_UNSUPPORTED
	ErrAsyncPermission             = onfError | 2372 // OFPACFC_EPERM
	ErrDupInstruction              = onfError | 2600 // OFPBIC_DUP_INST
	ErrMultipartRequestTimeout     = onfError | 2640 // OFPBRC_MULTIPART_REQUEST_TIMEOUT
	ErrMultipartReplyTimeout       = onfError | 2641 // OFPBRC_MULTIPART_REPLY_TIMEOUT
	ErrBadSetMask                  = onfError | 4250 // OFPBAC_BAD_SET_MASK
	ErrTooManyProperties           = onfError | 4443 // OFPBPC_TOO_MANY
	ErrDupProperty                 = onfError | 4444 // OFPBPC_DUP_TYPE
	ErrBadPropertyExperimenter     = onfError | 4445 // OFPBPC_BAD_EXPERIMENTER
	ErrBadPropertyExperimenterType = onfError | 4446 // OFPBPC_BAD_EXP_TYPE
	ErrBadPropertyExperimenterVal  = onfError | 4447 // OFPBPC_BAD_EXP_VALUE
	ErrPropertyPermission          = onfError | 4448 // OFPBPC_EPERM
)

// The errors that Nicira's extensions define.
const (
	nxError ErrorCode = experimenterNicira<<32 | errorTypeExperimenter<<16

	ErrNXMInvalid           = nxError | 2  // NXBRC_NXM_INVALID
	ErrNXMBadType           = nxError | 3  // NXBRC_NXM_BAD_TYPE
	ErrMustBeZero           = nxError | 4  // NXBRC_MUST_BE_ZERO
	ErrBadReason            = nxError | 5  // NXBRC_BAD_REASON
	ErrMonitorExists        = nxError | 6  // OFPMOFC_MONITOR_EXISTS
	ErrBadMonitorFlags      = nxError | 7  // OFPMOFC_BAD_FLAGS
	ErrUnknownMonitor       = nxError | 8  // OFPMOFC_UNKNOWN_MONITOR
	ErrBadUpdateEvent       = nxError | 9  // NXBRC_FM_BAD_EVENT
	ErrUnencodable          = nxError | 10 // NXBRC_UNENCODABLE_ERROR
	ErrActionMustBeZero     = nxError | 11 // NXBAC_MUST_BE_ZERO
	ErrHardware             = nxError | 12 // NXFMFC_HARDWARE
	ErrUnknownFlowTable     = nxError | 13 // NXFMFC_BAD_TABLE_ID
	ErrBadConjunction       = nxError | 15 // NXBAC_BAD_CONJUNCTION
	ErrBadTLVCommand        = nxError | 16 // NXTTMFC_BAD_COMMAND
	ErrBadTLVLen            = nxError | 17 // NXTTMFC_BAD_OPT_LEN
	ErrBadTLVField          = nxError | 18 // NXTTMFC_BAD_FIELD_IDX
	ErrTLVTableFull         = nxError | 19 // NXTTMFC_TABLE_FULL
	ErrTLVMapped            = nxError | 20 // NXTTMFC_ALREADY_MAPPED
	ErrDupTLV               = nxError | 21 // NXTTMFC_DUP_ENTRY
	ErrBundleMsgVersion     = nxError | 22 // OFPBFC_BAD_VERSION
	ErrQueueFailed          = nxError | 23 // NXQOFC_QUEUE_ERROR
	ErrResumeUnsupported    = nxError | 34 // NXR_NOT_SUPPORTED
	ErrResumeStale          = nxError | 35 // NXR_STALE
	ErrNotConfigured        = nxError | 36 // NXST_NOT_CONFIGURED
	ErrInvalidTLVField      = nxError | 37 // NXFMFC_INVALID_TLV_FIELD
	ErrTLVInUse             = nxError | 38 // NXTTMFC_INVALID_TLV_DEL
	ErrBadHeaderType        = nxError | 39 // NXBAC_BAD_HEADER_TYPE
	ErrUnknownEncapProperty = nxError | 40 // NXBAC_UNKNOWN_ED_PROP
	ErrBadEncapProperty     = nxError | 41 // NXBAC_BAD_ED_PROP
	ErrActionNoConntrack    = nxError | 42 // NXBAC_CT_DATAPATH_SUPPORT
	ErrMatchNoConntrack     = nxError | 43 // NXBMC_CT_DATAPATH_SUPPORT
	ErrDupTable             = nxError | 44 // NXTFFC_DUP_TABLE
)
