// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A message is the payload of a probe: the SHA-256 of its body, the length of the body in 4 bytes, the body. Both
// ends check it.
const (
	messageHeader = sha256.Size + 4
	maxBody       = 64 << 10
	tcpBody       = 8 << 10 // several segments
	udpBody       = 512
)

var errPayload = errors.New("payload differs")

func appendMessage(b, body []byte) []byte {
	sum := sha256.Sum256(body)
	b = append(b, sum[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(body)))
	return append(b, body...)
}

func readMessage(r io.Reader) (body []byte, err error) {
	var header [messageHeader]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(header[sha256.Size:])
	if n > maxBody {
		return nil, fmt.Errorf("%w: a length of %d bytes", errPayload, n)
	}
	body = make([]byte, n)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(body); string(sum[:]) != string(header[:sha256.Size]) {
		return nil, errPayload
	}
	return body, nil
}

// question makes a body that no other has.
func question(size int) []byte {
	body := make([]byte, size)
	rand.Read(body) // never fails
	return body
}

// answer is what a service says to a question: who it is, whom it sees, and what it was asked.
type answer struct {
	server string // name of the station
	client string // address and port of the client, as the server sees it
}

func (a answer) body(question []byte) []byte {
	return fmt.Appendf(nil, "%s %s %x", a.server, a.client, sha256.Sum256(question))
}

// parseAnswer also checks that the answer is to that question.
func parseAnswer(body, question []byte) (answer, error) {
	f := strings.Fields(string(body))
	if len(f) != 3 || f[2] != fmt.Sprintf("%x", sha256.Sum256(question)) {
		return answer{}, errPayload
	}
	return answer{server: f[0], client: f[1]}, nil
}
