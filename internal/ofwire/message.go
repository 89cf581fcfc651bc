// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofwire

import (
	"github.com/contiv/libOpenflow/common"
	of13 "github.com/contiv/libOpenflow/openflow13"
)

// Hello is OFPT_HELLO with a version bitmap. Its own length is computed here: libOpenflow's NewHello announces versions
// of its choice.
func Hello(xid uint32, version uint8, bitmap uint32) ([]byte, error) {
	h := &common.Hello{Header: header(of13.Type_Hello, xid)}
	h.Version = version
	if bitmap != 0 {
		e := common.NewHelloElemVersionBitmap()
		e.Bitmaps[0] = bitmap
		h.Elements = []common.HelloElem{e}
	}
	h.Length = h.Len()
	return marshal(h)
}

// Empty is a message that is nothing but its header.
func Empty(xid uint32, typ uint8) ([]byte, error) {
	h := header(typ, xid)
	return marshal(&h)
}

// SetConfig is OFPT_SET_CONFIG.
func SetConfig(xid uint32, flags, missSendLen uint16) ([]byte, error) {
	c := of13.NewSetConfig()
	c.Xid, c.Flags, c.MissSendLen = xid, flags, missSendLen
	return marshal(c)
}

// PacketOut is OFPT_PACKET_OUT of a packet that the switch does not hold.
func PacketOut(xid, inPort uint32, actions [][]byte, data []byte) ([]byte, error) {
	if _, err := total(24+len(data), actions...); err != nil {
		return nil, err
	}
	p := of13.NewPacketOut()
	p.Xid, p.InPort = xid, inPort
	for _, a := range actions {
		p.AddAction(bytesAction{a})
	}
	p.Data = bytesMessage(data)
	return marshal(p)
}

// BundleControl is ONF's OFPBCT message for OpenFlow 1.3.
func BundleControl(xid, id uint32, typ, flags uint16) ([]byte, error) {
	v := of13.NewBundleControl(&of13.BundleControl{BundleID: id, Type: typ, Flags: flags})
	v.Header.Xid = xid
	return marshal(v)
}

// BundleAdd puts an encoded message, which must have the same transaction number, into a bundle.
func BundleAdd(xid, id uint32, flags uint16, message []byte) ([]byte, error) {
	if _, err := total(24, message); err != nil {
		return nil, err
	}
	v := of13.NewBundleAdd(&of13.BundleAdd{BundleID: id, Flags: flags, Message: bytesMessage(message)})
	v.Header.Xid = xid
	return marshal(v)
}
