// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

func portOrNone10(port uint32) uint16 {
	n, _ := port16(orAny(port))
	return n
}

func orNone10(port uint16) uint32 { return fromAny(port32(port)) }

const emergency10 = 1 << 2 // OFPFF_EMERG

// append10 appends Nicira's flow-mod, which has room for every match.
func (m FlowMod) append10(b []byte) ([]byte, uint8, error) {
	b = appendExperimenter(b, experimenterNicira, nxtFlowMod)
	b = be.AppendUint64(b, m.Cookie)
	b = append(b, m.Table, byte(m.Command))
	b = be.AppendUint16(b, m.IdleTimeout)
	b = be.AppendUint16(b, m.HardTimeout)
	b = be.AppendUint16(b, m.Priority)
	b = be.AppendUint32(b, NoBuffer)
	b = be.AppendUint16(b, portOrNone10(m.OutPort))
	b = be.AppendUint16(b, uint16(m.Flags&(FlowSendRemoved|FlowCheckOverlap)))
	b, err := appendNXMatch(b, m.Match, m.Cookie, m.CookieMask, 6)
	if err == nil && !m.deletes() {
		b, err = appendActions(b, Version10, m.Instructions.list())
	}
	return b, typeExperimenter, err
}

// appendNXMatch appends the length of a match, padding, and the match as Nicira's messages have it: with the cookie that
// is sought as one of its conditions.
func appendNXMatch(b []byte, m Match, cookie, cookieMask uint64, padding int) ([]byte, error) {
	length := len(b)
	b = pad(be.AppendUint16(b, 0), padding)
	start := len(b)
	b, err := appendNXM(b, m)
	if err != nil {
		return b, err
	}
	if cookieMask != 0 {
		b = be.AppendUint32(b, nxmCookieMasked)
		b = be.AppendUint64(be.AppendUint64(b, cookie&cookieMask), cookieMask)
	}
	if len(b)-start > MaxMessage {
		return b, errTooLong
	}
	be.PutUint16(b[length:], uint16(len(b)-start))
	return padded(b, start), nil
}

// The headers of NXM_NX_COOKIE, which is no field of packets.
const (
	nxmCookie       = 1<<16 | 30<<9 | 8
	nxmCookieMasked = 1<<16 | 30<<9 | 1<<8 | 16
)

// decodeNXMatch reads a match of length n with its padding.
func decodeNXMatch(r *reader, n int, cookies bool) (m Match, cookie, cookieMask uint64, err error) {
	fields := r.bytes(n)
	r.skip(-n & 7)
	if r.short {
		return nil, 0, 0, malformed(ErrBadMatchLen, "match of %d bytes is cut off", n)
	}
	var rest []byte
	for b := fields; len(b) > 0; {
		if len(b) < 4 || len(b) < 4+int(b[3]) {
			rest = append(rest, b...)
			break
		}
		one := b[:4+int(b[3])]
		b = b[len(one):]
		body := &reader{b: one[4:]}
		switch header := be.Uint32(one); {
		case header == nxmCookie || header == nxmCookieMasked:
			if !cookies {
				return nil, 0, 0, malformed(ErrNXMInvalid, "match with a cookie")
			}
			if cookieMask != 0 {
				return nil, 0, 0, malformed(ErrDupField, "two conditions on the cookie")
			}
			if cookie, cookieMask = body.u64(), ^uint64(0); header == nxmCookieMasked {
				cookieMask = body.u64()
			}
		default:
			rest = append(rest, one...)
		}
	}
	if len(rest) > MaxMessage-4 {
		return nil, 0, 0, malformed(ErrBadMatchLen, "match of %d bytes", len(rest))
	}
	whole := be.AppendUint16(append(make([]byte, 0, len(rest)+12), 0, matchTypeOXM), uint16(len(rest)+4))
	m, err = decodeRequestMatch(&reader{b: padded(append(whole, rest...), 0)})
	return m, cookie, cookieMask, err
}

func decodeFlowMod10(r *reader) (Message, error) {
	m := FlowMod{}
	m.Match = decodeMatch10(r)
	m.Cookie = r.u64()
	return m.decodeRest10(r, false)
}

func decodeNXFlowMod(r *reader) (Message, error) {
	m := FlowMod{}
	m.Cookie = r.u64()
	return m.decodeRest10(r, true)
}

// decodeRest10 reads what follows the cookie. Table is the high byte of the command, which counts only after a
// FlowModTableID.
func (m FlowMod) decodeRest10(r *reader, nx bool) (Message, error) {
	m.Table, m.Command = r.u8(), FlowCommand(r.u8())
	m.IdleTimeout, m.HardTimeout, m.Priority = r.u16(), r.u16(), r.u16()
	buffer := r.u32()
	m.OutPort = orNone10(r.u16())
	flags := r.u16()
	m.Flags = FlowFlags(flags) & (FlowSendRemoved | FlowCheckOverlap)
	if nx {
		n := int(r.u16())
		r.skip(6)
		var err error
		var cookie uint64
		if m.Match, cookie, m.CookieMask, err = decodeNXMatch(r, n, true); err != nil {
			return nil, err
		}
		if m.CookieMask != 0 {
			if m.Command == FlowAdd {
				// Adding needs no cookie to be found.
				return nil, malformed(ErrNXMInvalid, "flow is added with a cookie in its match")
			}
			m.Cookie = cookie
		}
	}
	switch {
	case r.short:
		return nil, malformed(ErrBadRequestLen, "flow-mod is too short")
	case m.Command > FlowDeleteStrict:
		return nil, malformed(ErrBadCommand, "flow-mod command %d", m.Command)
	case flags&emergency10 != 0:
		return nil, malformed(ErrTableFull, "flow for emergencies")
	case FlowFlags(flags)&^(FlowSendRemoved|FlowCheckOverlap) != 0:
		return nil, malformed(ErrBadFlags, "flow-mod flags %#x", flags)
	case buffer != NoBuffer && !m.deletes():
		return nil, malformed(ErrBufferUnknown, "flow-mod with packet buffer %#x", buffer)
	}
	if !nx {
		if err := asDecodeError(m.Match.Validate()); err != nil {
			return nil, err
		}
	}
	if !m.deletes() {
		m.OutPort = 0
		actions, err := decodeActions(r.rest(), Version10, false)
		if err != nil {
			return nil, err
		}
		m.Instructions = instructionsOf(actions)
	}
	return m, nil
}

func (m FlowRemoved) append10(b []byte) ([]byte, uint8, error) {
	s := m.Stats
	b = be.AppendUint64(appendMatch10(b, s.Match), s.Cookie)
	b = append(be.AppendUint16(b, s.Priority), byte(m.Reason.in(Version10)), 0)
	b = appendDuration(b, s.Duration)
	b = pad(be.AppendUint16(b, s.IdleTimeout), 2)
	return be.AppendUint64(be.AppendUint64(b, s.Packets), s.Bytes), typeFlowRemoved, nil
}

func decodeFlowRemoved10(r *reader) (Message, error) {
	var m FlowRemoved
	s := &m.Stats
	s.Match = decodeMatch10(r)
	s.Cookie, s.Priority = r.u64(), r.u16()
	m.Reason = FlowRemovedReason(r.u8())
	r.skip(1)
	s.Duration = decodeDuration(r)
	s.IdleTimeout = r.u16()
	r.skip(2)
	s.Packets, s.Bytes = r.u64(), r.u64()
	return ended(r, m)
}
