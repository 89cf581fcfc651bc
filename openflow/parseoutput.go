// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"encoding/hex"
	"slices"
	"strings"
)

// output reads a port, a field that holds one, or "port=p,max_len=n".
func (a *actionParser) output(p piece) ([]Action, error) {
	if strings.Contains(p.s, "port") && strings.Contains(p.s, "max_len") {
		return a.truncated(p)
	}
	port, err := a.names.parsePort(p)
	if err == nil {
		if port == PortController {
			return []Action{Output{Port: port, MaxLen: WholePacket}}, nil
		}
		return []Action{Output{Port: port}}, nil
	}
	src, fieldErr := parseSubfield(p, true)
	if fieldErr != nil {
		return nil, err
	}
	return []Action{OutputField{Src: src, MaxLen: WholePacket}}, nil
}

func (a *actionParser) truncated(p piece) ([]Action, error) {
	var t OutputTruncated
	err := p.each(func(key, value piece) (known bool, err error) {
		switch key.s {
		case "port":
			t.Port, err = a.names.parsePort(value)
			if err == nil && t.Port >= PortMax && t.Port != PortLocal && t.Port != PortInPort {
				err = value.errorf("packets are not truncated for %q", value)
			}
		case "max_len":
			if err = num(value, &t.MaxLen); err == nil && t.MaxLen < minTruncated {
				err = value.errorf("%d bytes are less than %d", t.MaxLen, minTruncated)
			}
		default:
			return false, nil
		}
		return true, err
	})
	return []Action{t}, err
}

// controller reads nothing, a length, or a list of words.
func (a *actionParser) controller(p piece) (Action, error) {
	c := Controller{Reason: PacketInAction, MaxLen: WholePacket}
	if strings.Trim(p.s, "0123456789") == "" {
		if !p.empty() {
			if err := num(p, &c.MaxLen); err != nil {
				return nil, err
			}
		}
		return Output{Port: PortController, MaxLen: c.MaxLen}, nil
	}
	err := p.each(func(key, value piece) (bool, error) {
		switch key.s {
		case "reason":
			i := slices.Index(packetInReasons[:], value.s)
			c.Reason = PacketInReason(i)
			if i < 0 {
				return true, value.errorf("no reason %q", value)
			}
		case "max_len":
			return true, num(value, &c.MaxLen)
		case "id":
			return true, num(value, &c.ID)
		case "userdata":
			var err error
			c.Userdata, err = value.hexBytes()
			return true, err
		case "pause":
			c.Pause = true
		case "meter_id":
			return true, num(value, &c.Meter)
		default:
			return false, nil
		}
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	if c.plain() && c.Reason == PacketInAction && c.ID == 0 {
		return Output{Port: PortController, MaxLen: c.MaxLen}, nil
	}
	return c, nil
}

// hexBytes reads bytes of two hexadecimal digits, with dots and white space between them.
func (p piece) hexBytes() ([]byte, error) {
	b, err := hex.DecodeString(strings.NewReplacer(".", "", " ", "", "\t", "").Replace(p.s))
	if err != nil {
		return nil, p.errorf("%q is not bytes of two hexadecimal digits", p)
	}
	return b, nil
}

func (a *actionParser) enqueue(p piece) ([]Action, error) {
	port, queue := p.token(":q,"), p
	if len(queue.s) > 0 {
		queue = queue.from(1)
	}
	n, err := a.names.parsePort(port)
	if err != nil {
		return nil, err
	}
	var id uint32
	if err := num(queue, &id); err != nil {
		return nil, err
	}
	return Enqueue(n, id), nil
}

func parseGroupAction(_ *actionParser, p piece) (g OutputGroup, err error) {
	err = num(p, &g.ID)
	return g, err
}

func parseSetQueue(_ *actionParser, p piece) (q SetQueue, err error) {
	err = num(p, &q.ID)
	return q, err
}

func parseMeterAction(_ *actionParser, p piece) (m Meter, err error) {
	err = num(p, &m.ID)
	return m, err
}

// resubmit reads "port", ",table" or "port,table", and ",ct" behind them.
func (a *actionParser) resubmit(p piece) (Resubmit, error) {
	r := Resubmit{InPort: PortInPort, Table: CurrentTable}
	i := p.valueLen(",")
	port, rest := p.to(i), p.from(min(i+1, len(p.s)))
	i = rest.valueLen(",")
	table, ct := rest.to(i), rest.from(min(i+1, len(rest.s)))
	var err error
	if !port.empty() {
		if r.InPort, err = a.names.parsePort(port); err != nil {
			return r, err
		}
	}
	if !table.empty() {
		if r.Table, err = a.names.parseTable(table); err != nil {
			return r, err
		}
	}
	switch {
	case ct.s == "ct":
		r.CT = true
	case !ct.empty():
		return r, ct.errorf("unknown word %q", ct)
	}
	if r.InPort == PortInPort && r.Table == CurrentTable {
		return r, p.errorf("resubmit needs a port or a table")
	}
	return r, nil
}

func (a *actionParser) clone(p piece) (Clone, error) {
	actions, err := a.nested("clone", p)
	return Clone{actions}, err
}

func (a *actionParser) sample(p piece) (s Sample, err error) {
	err = p.each(func(key, value piece) (bool, error) {
		switch key.s {
		case "probability":
			return true, num(value, &s.Probability)
		case "collector_set_id":
			return true, num(value, &s.CollectorSet)
		case "obs_domain_id":
			return true, num(value, &s.ObsDomain)
		case "obs_point_id":
			return true, num(value, &s.ObsPoint)
		case "sampling_port":
			port, err := a.names.parsePort(value)
			s.Port = fromAny(port)
			return true, err
		case "ingress":
			s.Direction = SampleIngress
		case "egress":
			s.Direction = SampleEgress
		default:
			return false, nil
		}
		return true, nil
	})
	if err == nil && s.Probability == 0 {
		err = p.errorf("sample needs a probability")
	}
	return s, err
}
