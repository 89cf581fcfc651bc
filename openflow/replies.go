// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// maxReplies bounds the bytes of the parts of one reply, with messageCost for each. A flow has some 200.
const maxReplies = 512 << 20

// answer is a message of the switch to a request, or the error of decoding it.
type answer struct {
	m   Message
	err error
	// part is a multipart reply in place of m and err: it is decoded by whom it is for, while the next one is read.
	part []byte
	size int // bytes
	// prepared is what was made of m while others were decoded.
	prepared any
}

// message is what the switch has answered.
func (a answer) message() (Message, error) {
	if a.part == nil {
		return a.m, a.err
	}
	return decodeBody(Version(a.part[0]), a.part[1], be.Uint32(a.part[4:]), a.part[HeaderLen:], false)
}

// decodedAtOnce is how many parts of an answer are decoded before they are handed on.
const decodedAtOnce = 64

// decode decodes answers, several at a time, and makes of each what prepare says unless that is nil.
func decode(answers []answer, prepare func(Message) any) {
	var running sync.WaitGroup
	var next atomic.Int32
	for range min(len(answers), runtime.GOMAXPROCS(0)) - 1 {
		running.Add(1)
		go func() {
			defer running.Done()
			decodeNext(answers, &next, prepare)
		}()
	}
	decodeNext(answers, &next, prepare)
	running.Wait()
}

// decodeNext decodes one answer after the other that nobody else does.
func decodeNext(answers []answer, next *atomic.Int32, prepare func(Message) any) {
	for i := int(next.Add(1)) - 1; i < len(answers); i = int(next.Add(1)) - 1 {
		a := &answers[i]
		if a.m, a.err = a.message(); a.err == nil && prepare != nil {
			a.prepared = prepare(a.m)
		}
	}
}

// more reports whether another part follows.
func (a answer) more() bool {
	return len(a.part) >= HeaderLen+4 && be.Uint16(a.part[HeaderLen+2:])&multipartMore != 0
}

// replies are the parts of an answer on their way from the read loop to the caller.
type replies struct {
	// ready tells the caller that there is something.
	ready chan struct{}

	mu    sync.Mutex
	parts []answer
	whole bool // the last part has come
	size  int
}

func newReplies() *replies { return &replies{ready: make(chan struct{}, 1)} }

// put adds a part. It does not block.
func (q *replies) put(_ uint32, a answer) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.whole {
		return
	}
	if q.size += a.size + messageCost; q.size > maxReplies {
		a = answer{err: fmt.Errorf("longer than %d bytes", maxReplies)}
	}
	q.parts = append(q.parts, a)
	q.whole = !a.more()
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// take returns the parts that are there, and whether the last is among them.
func (q *replies) take() (parts []answer, whole bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	parts, q.parts = q.parts, nil
	return parts, q.whole
}
