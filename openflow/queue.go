// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "context"

// QueueAll stands for every queue in a request.
const QueueAll uint32 = 0xffffffff

// Queue is a queue of a port.
type Queue struct {
	Port, ID uint32
	// MinRate and MaxRate are in tenths of a percent of the link's rate; nil is none. What is greater than 1000 is disabled.
	MinRate, MaxRate *uint16
}

// QueueDescRequest asks for queues (OpenFlow 1.4.1, 7.3.5.19; before, a message of its own: OpenFlow 1.3.5, 7.3.6). Port 0 is
// every port. Queue may be QueueAll, the only one before OpenFlow 1.4.
type QueueDescRequest struct{ Port, Queue uint32 }

// QueueDescReply answers a QueueDescRequest, in parts since OpenFlow 1.4.
type QueueDescReply struct {
	// Port is the port that the request was about in OpenFlow 1.3; later versions leave it out.
	Port   uint32
	Queues []Queue
	// More says that another part follows.
	More bool
}

// Queues returns the queues of a port, or of all with port 0.
func (c *Conn) Queues(ctx context.Context, port uint32) ([]Queue, error) {
	return gather(ctx, c, QueueDescRequest{port, QueueAll}, func(m QueueDescReply) []Queue { return m.Queues })
}

// The properties of queues, which are the same in all versions but for their padding.
const (
	queueMinRate = 1
	queueMaxRate = 2
)

func (QueueDescRequest) describe() string { return "queue description request" }
func (QueueDescReply) describe() string   { return "queue description reply" }

func (m QueueDescRequest) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	switch {
	case v >= Version14:
		b = be.AppendUint32(appendMultipart(b, multipartQueueDesc, false), orAny(m.Port))
		return be.AppendUint32(b, m.Queue), typeMultipartRequest, nil
	case m.Queue != QueueAll:
		return b, 0, errVersion(v, "description of one queue alone")
	}
	return pad(be.AppendUint32(b, orAny(m.Port)), 4), typeQueueRequest, nil
}

func decodeQueueDescRequest13(r *reader) (Message, error) {
	port, err := decodePortOrAny(r)
	if err != nil {
		return nil, err
	}
	if port >= PortMax {
		return nil, malformed(ErrUnknownQueuePort, "queues of port %#x", port)
	}
	r.skip(4)
	return ended(r, QueueDescRequest{port, QueueAll})
}

func decodeQueueDescRequest14(r *reader) (Message, error) {
	port, err := decodePortOrAny(r)
	if err != nil {
		return nil, err
	}
	return ended(r, QueueDescRequest{port, r.u32()})
}

func (m QueueDescReply) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	typ := uint8(typeMultipartReply)
	if v >= Version14 {
		b = appendMultipart(b, multipartQueueDesc, m.More)
	} else {
		typ, b = typeQueueReply, pad(be.AppendUint32(b, orAny(m.Port)), 4)
		if m.More {
			return b, 0, errVersion(v, "parts of a queue description")
		}
	}
	for _, q := range m.Queues {
		start := len(b)
		if v >= Version14 {
			b = pad(be.AppendUint32(be.AppendUint32(b, q.Port), q.ID), 8)
		} else {
			b = pad(be.AppendUint32(be.AppendUint32(b, q.ID), q.Port), 8)
		}
		b = appendRate(appendRate(b, v, queueMinRate, q.MinRate), v, queueMaxRate, q.MaxRate)
		be.PutUint16(b[start+8:], uint16(len(b)-start))
	}
	return b, typ, nil
}

func appendRate(b []byte, v Version, typ uint16, rate *uint16) []byte {
	switch {
	case rate == nil:
		return b
	case v >= Version14:
		return appendProperty16(b, typ, *rate)
	}
	return pad(be.AppendUint16(pad(be.AppendUint32(b, uint32(typ)<<16|16), 4), *rate), 6)
}

func decodeQueueDescReply13(r *reader) (Message, error) {
	m := QueueDescReply{Port: fromAny(r.u32())}
	r.skip(4)
	if r.short {
		return nil, malformed(ErrBadRequestLen, "queue description is too short")
	}
	for len(r.b) > 0 {
		e, err := entry(r, 8, 16, "queue")
		if err != nil {
			return nil, err
		}
		q := Queue{ID: e.u32(), Port: e.u32()}
		e.skip(8)
		for len(e.b) > 0 {
			p, err := entry(e, 2, 8, "property of a queue")
			if err != nil {
				return nil, err
			}
			n := len(p.b)
			typ := p.u16()
			p.skip(6)
			if n%8 != 0 || n != 16 && (typ == queueMinRate || typ == queueMaxRate) {
				return nil, malformed(ErrBadRequestLen, "property %d of a queue with %d bytes", typ, n)
			}
			q.setRate(typ, p.u16())
		}
		m.Queues = append(m.Queues, q)
	}
	return m, nil
}

func decodeQueueDescReply14(r *reader, v Version, more bool) (Message, error) {
	m := QueueDescReply{More: more}
	for len(r.b) > 0 {
		e, err := entry(r, 8, 16, "queue")
		if err != nil {
			return nil, err
		}
		q := Queue{Port: e.u32(), ID: e.u32()}
		e.skip(8)
		err = decodeProperties(e.rest(), v, func(p property) error {
			if p.typ != queueMinRate && p.typ != queueMaxRate {
				return nil
			}
			rate, err := p.u16(v, "queue")
			q.setRate(p.typ, rate)
			return err
		})
		if err != nil {
			return nil, err
		}
		m.Queues = append(m.Queues, q)
	}
	return m, nil
}

func (q *Queue) setRate(typ, rate uint16) {
	switch typ {
	case queueMinRate:
		q.MinRate = &rate
	case queueMaxRate:
		q.MaxRate = &rate
	}
}
