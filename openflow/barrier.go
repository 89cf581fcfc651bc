// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// BarrierRequest asks for a BarrierReply when all messages before it have been carried out (OpenFlow 1.3.5, 7.3.8).
type BarrierRequest struct{}

// BarrierReply answers a BarrierRequest.
type BarrierReply struct{}

func (BarrierRequest) describe() string { return "barrier request" }
func (BarrierReply) describe() string   { return "barrier reply" }

func (BarrierRequest) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	return b, typeBarrierRequest, nil
}

func (BarrierReply) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	return b, typeBarrierReply, nil
}
