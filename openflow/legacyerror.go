// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// nicira marks a number of Nicira's errors of old, which OpenFlow 1.0 and 1.1 carry as those of a vendor; noWire an error
// that the version cannot tell.
const (
	nicira ErrorCode = 1 << 40
	noWire ErrorCode = 1 << 41
)

// legacyErrors are the errors that have other numbers in OpenFlow 1.0, 1.1 or 1.2; 0 is no other one.
var legacyErrors = map[ErrorCode][3]ErrorCode{
	ErrBadTable:                       {nicira | 0x0001_0200, 0, 0},
	ErrBadPort:                        {nicira | 0x0001_0202, nicira | 0x0001_0202, 0},
	ErrBadPacket:                      {noWire, noWire, 0},
	ErrMultipartOverflow:              {noWire, noWire, noWire},
	ErrBadOutGroup:                    {nicira | 0x0002_0009, 0, 0},
	ErrMatchInconsistent:              {nicira | 0x0001_020a, 0, 0},
	ErrUnsupportedOrder:               {noWire, 0, 0},
	ErrBadTag:                         {noWire, 0, 0},
	ErrBadSetType:                     {nicira | 0x0001_020b, nicira | 0x0001_020b, 0},
	ErrBadSetLen:                      {nicira | 0x0001_020c, nicira | 0x0001_020c, 0},
	ErrBadSetArgument:                 {nicira | 0x0001_020d, nicira | 0x0001_020d, 0},
	ErrUnknownInstruction:             {noWire, 0, 0},
	ErrUnsupportedInstruction:         {nicira | 0x0002_0101, 0, 0},
	ErrBadInstructionTable:            {noWire, 0, 0},
	ErrUnsupportedMetadata:            {noWire, 0, 0},
	ErrUnsupportedMetadataMask:        {noWire, 0, 0},
	ErrBadInstructionExperimenter:     {noWire, 0, 0},
	ErrBadInstructionExperimenterType: {noWire, 0x0003_0005, 0},
	ErrBadInstructionLen:              {noWire, noWire, 0},
	ErrInstructionPermission:          {noWire, noWire, 0},
	ErrBadMatchType:                   {noWire, 0, 0},
	ErrBadMatchLen:                    {noWire, 0, 0},
	ErrBadMatchTag:                    {noWire, 0, 0},
	ErrBadEthMask:                     {noWire, 0, 0},
	ErrBadIPMask:                      {noWire, 0, 0},
	ErrBadWildcards:                   {nicira | 0x0001_0106, 0, 0},
	ErrBadField:                       {nicira | 0x0000_0107, 0, 0},
	ErrBadValue:                       {nicira | 0x0001_0102, 0, 0},
	ErrBadMask:                        {nicira | 0x0001_0103, nicira | 0x0001_0103, 0},
	ErrBadPrereq:                      {nicira | 0x0001_0104, nicira | 0x0001_0104, 0},
	ErrDupField:                       {nicira | 0x0001_0105, nicira | 0x0001_0105, 0},
	ErrMatchPermission:                {noWire, noWire, 0},
	ErrFlowModUnknown:                 {noWire, 0, 0},
	ErrTableFull:                      {0x0003_0000, 0, 0},
	ErrBadFlowTable:                   {noWire, 0, 0},
	ErrOverlap:                        {0x0003_0001, 0, 0},
	ErrFlowModPermission:              {0x0003_0002, 0, 0},
	ErrBadTimeout:                     {noWire, 0, 0},
	ErrBadCommand:                     {0x0003_0004, 0, 0},
	ErrBadFlags:                       {nicira | 0x0003_0102, nicira | 0x0005_0102, 0},
	ErrGroupExists:                    {nicira | 0x0006_0000, 0, 0},
	ErrInvalidGroup:                   {nicira | 0x0006_0001, 0, 0},
	ErrWeightUnsupported:              {nicira | 0x0006_0002, 0, 0},
	ErrOutOfGroups:                    {nicira | 0x0006_0003, 0, 0},
	ErrOutOfBuckets:                   {nicira | 0x0006_0004, 0, 0},
	ErrChainingUnsupported:            {nicira | 0x0006_0005, 0, 0},
	ErrWatchUnsupported:               {nicira | 0x0006_0006, 0, 0},
	ErrGroupLoop:                      {nicira | 0x0006_0007, 0, 0},
	ErrUnknownGroup:                   {nicira | 0x0006_0008, 0, 0},
	ErrChainedGroup:                   {nicira | 0x0006_0009, noWire, 0},
	ErrBadGroupType:                   {nicira | 0x0006_000a, noWire, 0},
	ErrBadGroupCommand:                {nicira | 0x0006_000b, noWire, 0},
	ErrBadBucket:                      {nicira | 0x0006_000c, noWire, 0},
	ErrBadWatch:                       {nicira | 0x0006_000d, noWire, 0},
	ErrGroupPermission:                {nicira | 0x0006_000e, noWire, 0},
	ErrUnknownBucket:                  {nicira | 0x0006_000f, 0, 0},
	ErrBucketExists:                   {nicira | 0x0006_0010, 0, 0},
	ErrUnknownPort:                    {0x0004_0000, 0, 0},
	ErrBadHWAddr:                      {0x0004_0001, 0, 0},
	ErrBadPortConfig:                  {noWire, 0, 0},
	ErrBadAdvertise:                   {noWire, 0, 0},
	ErrPortPermission:                 {noWire, noWire, 0},
	ErrUnknownTable:                   {noWire, 0, 0},
	ErrBadTableConfig:                 {noWire, 0, 0},
	ErrTablePermission:                {noWire, noWire, 0},
	ErrUnknownQueuePort:               {0x0005_0000, 0, 0},
	ErrUnknownQueue:                   {0x0005_0001, 0, 0},
	ErrQueuePermission:                {0x0005_0002, 0, 0},
	ErrBadConfigFlags:                 {noWire, 0, 0},
	ErrBadConfigLen:                   {noWire, 0, 0},
	ErrConfigPermission:               {noWire, noWire, 0},
	ErrRoleStale:                      {noWire, noWire, 0},
	ErrRoleUnsupported:                {noWire, noWire, 0},
	ErrBadRole:                        {nicira | 0x0001_0201, nicira | 0x0001_0201, 0},
	ErrMeterUnknown:                   {noWire, noWire, noWire},
	ErrMeterExists:                    {noWire, noWire, noWire},
	ErrInvalidMeter:                   {noWire, noWire, noWire},
	ErrUnknownMeter:                   {noWire, noWire, noWire},
	ErrBadMeterCommand:                {noWire, noWire, noWire},
	ErrBadMeterFlags:                  {noWire, noWire, noWire},
	ErrBadRate:                        {noWire, noWire, noWire},
	ErrBadBurst:                       {noWire, noWire, noWire},
	ErrBadBand:                        {noWire, noWire, noWire},
	ErrBadBandValue:                   {noWire, noWire, noWire},
	ErrOutOfMeters:                    {noWire, noWire, noWire},
	ErrOutOfBands:                     {noWire, noWire, noWire},
	ErrBadFeaturesTable:               {noWire, noWire, noWire},
	ErrBadFeaturesMetadata:            {noWire, noWire, noWire},
	ErrFeaturesPermission:             {noWire, noWire, noWire},
	ErrBadPropertyType:                {nicira | 0x000d_0002, nicira | 0x000d_0002, 0},
	ErrBadPropertyLen:                 {nicira | 0x000d_0003, nicira | 0x000d_0003, 0},
	ErrBadPropertyValue:               {nicira | 0x000d_0004, nicira | 0x000d_0004, 0},
	ErrDupInstruction:                 {0, nicira | 0x0003_0100, 0},
	ErrTooManyProperties:              {nicira | 0x000e_0003, nicira | 0x000e_0003, 0},
	ErrDupProperty:                    {nicira | 0x000e_0004, nicira | 0x000e_0004, 0},
	ErrBadPropertyExperimenter:        {nicira | 0x000e_0005, nicira | 0x000e_0005, 0},
	ErrBadPropertyExperimenterType:    {nicira | 0x000e_0006, nicira | 0x000e_0006, 0},
	ErrBadPropertyExperimenterVal:     {nicira | 0x000e_0007, nicira | 0x000e_0007, 0},
	ErrPropertyPermission:             {nicira | 0x000e_0008, nicira | 0x000e_0008, 0},
	ErrNXMInvalid:                     {nicira | 0x0001_0100, nicira | 0x0001_0100, 0},
	ErrNXMBadType:                     {nicira | 0x0001_0101, nicira | 0x0001_0101, 0},
	ErrMustBeZero:                     {nicira | 0x0001_0203, nicira | 0x0001_0203, 0},
	ErrBadReason:                      {nicira | 0x0001_0204, nicira | 0x0001_0204, 0},
	ErrMonitorExists:                  {nicira | 0x0001_0205, nicira | 0x0001_0205, 0},
	ErrBadMonitorFlags:                {nicira | 0x0001_0206, nicira | 0x0001_0206, 0},
	ErrUnknownMonitor:                 {nicira | 0x0001_0207, nicira | 0x0001_0207, 0},
	ErrBadUpdateEvent:                 {nicira | 0x0001_0208, nicira | 0x0001_0208, 0},
	ErrUnencodable:                    {nicira | 0x0001_0209, nicira | 0x0001_0209, 0},
	ErrActionMustBeZero:               {nicira | 0x0002_0100, nicira | 0x0002_0100, 0},
	ErrHardware:                       {nicira | 0x0005_0100, nicira | 0x0005_0100, 0},
	ErrUnknownFlowTable:               {nicira | 0x0005_0101, nicira | 0x0005_0101, 0},
	ErrBadConjunction:                 {nicira | 0x0002_020e, nicira | 0x0002_020e, 0},
	ErrBadTLVCommand:                  {nicira | 0x0001_020f, nicira | 0x0001_020f, 0},
	ErrBadTLVLen:                      {nicira | 0x0001_0210, nicira | 0x0001_0210, 0},
	ErrBadTLVField:                    {nicira | 0x0001_0211, nicira | 0x0001_0211, 0},
	ErrTLVTableFull:                   {nicira | 0x0001_0212, nicira | 0x0001_0212, 0},
	ErrTLVMapped:                      {nicira | 0x0001_0213, nicira | 0x0001_0213, 0},
	ErrDupTLV:                         {nicira | 0x0001_0214, nicira | 0x0001_0214, 0},
	ErrResumeUnsupported:              {nicira | 0x0001_0215, nicira | 0x0001_0215, 0},
	ErrResumeStale:                    {nicira | 0x0001_0216, nicira | 0x0001_0216, 0},
	ErrNotConfigured:                  {nicira | 0x0001_0217, nicira | 0x0001_0217, 0},
	ErrInvalidTLVField:                {nicira | 0x0001_0218, nicira | 0x0001_0218, 0},
	ErrTLVInUse:                       {nicira | 0x0001_0219, nicira | 0x0001_0219, 0},
	ErrBadHeaderType:                  {noWire, noWire, noWire},
	ErrUnknownEncapProperty:           {noWire, noWire, noWire},
	ErrBadEncapProperty:               {noWire, noWire, noWire},
	ErrActionNoConntrack:              {nicira | 0x0001_0109, nicira | 0x0001_0109, 0},
	ErrMatchNoConntrack:               {nicira | 0x0001_0108, nicira | 0x0001_0108, 0},
	ErrDupTable:                       {noWire, noWire, noWire},
}

// appendLegacy appends an error in the numbers of OpenFlow 1.0 to 1.2.
func (e Error) appendLegacy(b []byte, v Version) ([]byte, uint8, error) {
	code := e.Code
	if old := legacyErrors[code][v-Version10]; old != 0 {
		code = old
	}
	if code&noWire != 0 {
		code = ErrUnencodable
		if v < Version12 {
			code = nicira | 0x0001_0209
		}
	}
	switch {
	case code&nicira != 0:
		b = be.AppendUint32(b, errorTypeNicira<<16)
		b = be.AppendUint32(be.AppendUint32(b, experimenterNicira), uint32(code))
	case code.Type() == errorTypeExperimenter:
		b = be.AppendUint32(be.AppendUint16(be.AppendUint16(b, code.Type()), code.Code()), code.Experimenter())
	default:
		b = be.AppendUint16(be.AppendUint16(b, code.Type()), code.Code())
	}
	return append(b, e.Data...), typeError, nil
}

// decodeLegacyError finds the error that an old version has under a number; that of one of Nicira's stands in r. Open
// vSwitch 3.1 answers by mistake in OpenFlow 1.0 to flow monitors of later versions.
func decodeLegacyError(r *reader, v Version, code ErrorCode) ErrorCode {
	wire := code
	if code == MakeErrorCode(errorTypeNicira, 0) {
		head := *r
		if experimenter, number := head.u32(), head.u32(); head.short {
			r.short = true
			return code
		} else if experimenter != experimenterNicira {
			return code
		} else {
			wire = nicira | ErrorCode(number)
		}
		for c, old := range legacyErrors {
			if old[v-Version10] == wire {
				*r = head
				return c
			}
		}
		return code
	}
	for c, old := range legacyErrors {
		if old[v-Version10] == wire {
			return c
		}
	}
	return code
}
