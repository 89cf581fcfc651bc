// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "errors"

// RequestForward tells a controller what another one has asked the switch for (OpenFlow 1.4.1, 7.4.6; ONF extension 235
// to OpenFlow 1.3; NXT_REQUESTFORWARD before).
type RequestForward struct {
	// Request is a group-mod or meter-mod, and Xid its transaction number.
	Request Message
	Xid     uint32
}

func (m RequestForward) describe() string {
	if m.Request == nil {
		return "request-forward"
	}
	return "request-forward of " + describe(m.Request)
}

// What is forwarded (OFPRFR_GROUP_MOD and OFPRFR_METER_MOD).
const (
	typeForwardedGroupMod = 15
	typeForwardedMeterMod = 29

	vendorLen = HeaderLen + 8 // of the header, the experimenter and the type
)

func (m RequestForward) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	typ := uint8(typeRequestForward)
	switch {
	case v < Version13:
		typ, b = typeExperimenter, appendExperimenter(b, experimenterNicira, nxtRequestForward)
	case v < Version14:
		typ, b = typeExperimenter, appendExperimenter(b, experimenterONF, onfRequestForward)
	}
	if m.Request == nil {
		return b, 0, errNoSuchType
	}
	start := len(b)
	b, err := appendMessage(b, v, m.Request, m.Xid)
	if err != nil {
		return b, 0, err
	}
	group := v == Version10 && groupMod10(b[start:])
	if !group && b[start+1] != typeForwardedGroupMod && b[start+1] != typeForwardedMeterMod {
		return b, 0, errors.New("neither a group-mod nor a meter-mod is forwarded")
	}
	return b, typ, nil
}

// groupMod10 reports whether a message of OpenFlow 1.0 is the group-mod that Nicira adds to it.
func groupMod10(message []byte) bool {
	return len(message) >= vendorLen && message[1] == typeExperimenter &&
		be.Uint32(message[HeaderLen:]) == experimenterNicira && be.Uint32(message[HeaderLen+4:]) == nxtGroupMod
}

func decodeRequestForward(r *reader, v Version, inBundle bool) (Message, error) {
	if inBundle {
		return nil, malformed(ErrBundleMsgUnsupported, "request-forward in a bundle")
	}
	if len(r.b) < HeaderLen {
		return nil, malformed(ErrBundleMsgLen, "request-forward without a whole message")
	}
	inner, typ, length := Version(r.b[0]), r.b[1], int(be.Uint16(r.b[2:]))
	m := RequestForward{Xid: be.Uint32(r.b[4:])}
	switch {
	case length < HeaderLen || length > len(r.b):
		return nil, malformed(ErrBundleMsgLen, "message of %d bytes in a request-forward with room for %d", length, len(r.b))
	case inner != v:
		return nil, malformed(ErrBadVersion, "message of %v in a request-forward of %v", inner, v)
	case v == Version10 && groupMod10(r.b[:length]):
		request, err := decodeGroupMod(&reader{b: r.b[vendorLen:length:length]}, v, false)
		if err != nil {
			return nil, err
		}
		m.Request = request
		return m, nil
	case typ != typeForwardedGroupMod && typ != typeForwardedMeterMod:
		return nil, malformed(ErrBundleMsgUnsupported, "message of type %d in a request-forward", typ)
	}
	request := &reader{b: r.b[HeaderLen:length:length]}
	var err error
	if typ == typeForwardedGroupMod {
		m.Request, err = decodeGroupMod(request, v, true)
	} else {
		m.Request, err = decodeMeterMod(request)
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}
