// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// EchoRequest asks for an EchoReply with the same data (OpenFlow 1.3.5, 7.5.2).
type EchoRequest struct{ Data []byte }

// EchoReply answers an EchoRequest.
type EchoReply struct{ Data []byte }

func (EchoRequest) describe() string { return "echo request" }
func (EchoReply) describe() string   { return "echo reply" }

func (m EchoRequest) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	return append(b, m.Data...), typeEchoRequest, nil
}

func (m EchoReply) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	return append(b, m.Data...), typeEchoReply, nil
}
