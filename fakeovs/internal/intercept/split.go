// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package intercept

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// Splitter reads one message of a stream.
type Splitter func(r *bufio.Reader) ([]byte, error)

// maxMessage is how many bytes a message has at most; a longer one ends the connection.
const maxMessage = 256 << 20

// headerLen is the length of OpenFlow's header, and lengthAt where it has that of the message.
const (
	headerLen = 8
	lengthAt  = 2
)

// OpenFlow splits a stream of OpenFlow messages by their headers.
func OpenFlow(r *bufio.Reader) ([]byte, error) {
	header, err := r.Peek(headerLen)
	if err != nil {
		return rest(r, err)
	}
	b := make([]byte, max(headerLen, int(binary.BigEndian.Uint16(header[lengthAt:]))))
	_, err = io.ReadFull(r, b)
	return b, err
}

// rest returns what there is of a message whose end is missing.
func rest(r *bufio.Reader, err error) ([]byte, error) {
	b := make([]byte, r.Buffered())
	_, _ = io.ReadFull(r, b)
	return b, err
}

// JSON splits a stream of JSON objects by their braces. Space before an object goes with it.
func JSON(r *bufio.Reader) ([]byte, error) {
	var b []byte
	depth, inString, escaped := 0, false, false
	for {
		c, err := r.ReadByte()
		if err != nil {
			return b, err
		}
		if b = append(b, c); len(b) > maxMessage {
			return nil, fmt.Errorf("a message of more than %d bytes", maxMessage)
		}
		switch {
		case escaped:
			escaped = false
		case inString:
			escaped = c == '\\'
			inString = c != '"'
		case c == '"':
			inString = true
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth <= 0 {
				return b, nil
			}
		}
	}
}
