// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// encoded is the JSON of Intents.
type encoded struct {
	Bridge    string
	Owner     string
	FirstZone uint16     `json:",omitempty"`
	Process   int        `json:",omitempty"`
	Host      *Host      `json:",omitempty"`
	Uplink    *Uplink    `json:",omitempty"`
	Addresses []Address  `json:",omitempty"`
	Networks  []Network  `json:",omitempty"`
	Rules     []Rule     `json:",omitempty"`
	Endpoints []Endpoint `json:",omitempty"`
}

// MarshalJSON writes the intents with an array for each kind of object.
func (i Intents) MarshalJSON() ([]byte, error) {
	e := encoded{Bridge: i.Bridge, Owner: i.Owner, FirstZone: i.FirstZone, Process: i.Process}
	for _, o := range i.Objects {
		switch o := o.(type) {
		case Host:
			e.Host = &o
		case Uplink:
			e.Uplink = &o
		case Address:
			e.Addresses = append(e.Addresses, o)
		case Network:
			e.Networks = append(e.Networks, o)
		case Rule:
			e.Rules = append(e.Rules, o)
		case Endpoint:
			e.Endpoints = append(e.Endpoints, o)
		default:
			return nil, fmt.Errorf("%T is not an object of this package: %w", o, ErrInvalid)
		}
	}
	return json.Marshal(e)
}

// UnmarshalJSON reads what MarshalJSON has written. Keys that it does not know are an error: what another version has
// written and means something is not passed over. Whether the objects fit together is not looked at.
func (i *Intents) UnmarshalJSON(b []byte) error {
	var e encoded
	if err := strict(b, &e); err != nil {
		return err
	}
	*i = Intents{Bridge: e.Bridge, Owner: e.Owner, FirstZone: e.FirstZone, Process: e.Process}
	if e.Host != nil {
		i.Objects = append(i.Objects, *e.Host)
	}
	if e.Uplink != nil {
		i.Objects = append(i.Objects, *e.Uplink)
	}
	i.Objects = appendObjects(i.Objects, e.Addresses)
	i.Objects = appendObjects(i.Objects, e.Networks)
	i.Objects = appendObjects(i.Objects, e.Rules)
	i.Objects = appendObjects(i.Objects, e.Endpoints)
	return nil
}

func appendObjects[T Object](all []Object, more []T) []Object {
	for _, o := range more {
		all = append(all, o)
	}
	return all
}

// strict decodes one JSON value, and refuses keys that v does not have.
func strict(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("something follows the JSON value: %w", ErrInvalid)
	}
	return nil
}

// textMAC is a MAC address as people write it.
type textMAC net.HardwareAddr

func (m textMAC) MarshalText() ([]byte, error) { return []byte(net.HardwareAddr(m).String()), nil }

func (m *textMAC) UnmarshalText(text []byte) error {
	mac, err := net.ParseMAC(string(text))
	*m = textMAC(mac)
	return err
}

// Host and Endpoint have a MAC that stands in the place of the field that would be base64.
type (
	plainHost     Host
	plainEndpoint Endpoint
	encodedHost   struct {
		*plainHost
		MAC textMAC
	}
	encodedEndpoint struct {
		*plainEndpoint
		MAC textMAC
	}
)

// MarshalJSON writes the MAC as text.
func (h Host) MarshalJSON() ([]byte, error) {
	return json.Marshal(encodedHost{(*plainHost)(&h), textMAC(h.MAC)})
}

// UnmarshalJSON reads what MarshalJSON has written.
func (h *Host) UnmarshalJSON(b []byte) error {
	e := encodedHost{plainHost: (*plainHost)(h)}
	err := strict(b, &e)
	h.MAC = net.HardwareAddr(e.MAC)
	return err
}

// MarshalJSON writes the MAC as text.
func (e Endpoint) MarshalJSON() ([]byte, error) {
	return json.Marshal(encodedEndpoint{(*plainEndpoint)(&e), textMAC(e.MAC)})
}

// UnmarshalJSON reads what MarshalJSON has written.
func (e *Endpoint) UnmarshalJSON(b []byte) error {
	read := encodedEndpoint{plainEndpoint: (*plainEndpoint)(e)}
	err := strict(b, &read)
	e.MAC = net.HardwareAddr(read.MAC)
	return err
}

// MarshalText writes the protocol's name, or its number if it has none here.
func (p Proto) MarshalText() ([]byte, error) {
	return []byte(strings.TrimPrefix(p.String(), "protocol ")), nil
}

// UnmarshalText reads a protocol's name or number.
func (p *Proto) UnmarshalText(text []byte) error {
	for _, known := range []Proto{TCP, UDP, SCTP, ICMP} {
		if known.String() == string(text) {
			*p = known
			return nil
		}
	}
	n, err := strconv.ParseUint(string(text), 10, 8)
	if err != nil {
		return fmt.Errorf("protocol %q is neither tcp, udp, sctp or icmp nor a number: %w", text, ErrInvalid)
	}
	*p = Proto(n)
	return nil
}

// encodedWay is the JSON of the way out of one family.
type encodedWay struct {
	Mode string `json:",omitempty"`
	Name string `json:",omitempty"`
}

var modeNames = map[mode]string{internal: "", viaUplink: "uplink", behindAddress: "address", routed: "routed"}

// MarshalJSON writes the mode (uplink, address, routed or nothing) of each family, and the name that belongs to it.
func (e Egress) MarshalJSON() ([]byte, error) {
	encode := func(w way) encodedWay { return encodedWay{modeNames[w.mode], w.name} }
	return json.Marshal(struct{ IPv4, IPv6 encodedWay }{encode(e.v4), encode(e.v6)})
}

// UnmarshalJSON reads what MarshalJSON has written.
func (e *Egress) UnmarshalJSON(b []byte) error {
	var read struct{ IPv4, IPv6 encodedWay }
	if err := strict(b, &read); err != nil {
		return err
	}
	for _, f := range []struct {
		to   *way
		from encodedWay
	}{{&e.v4, read.IPv4}, {&e.v6, read.IPv6}} {
		known := false
		for m, name := range modeNames {
			if known = name == f.from.Mode; known {
				*f.to = way{m, f.from.Name}
				break
			}
		}
		if !known {
			return fmt.Errorf("way out %q is neither uplink, address nor routed: %w", f.from.Mode, ErrInvalid)
		}
	}
	return nil
}

// encodedSelector is the JSON of a selector: one of its fields is there.
type encodedSelector struct {
	Endpoint string            `json:",omitempty"`
	Labels   map[string]string `json:",omitempty"`
	Network  string            `json:",omitempty"`
	Prefix   *netip.Prefix     `json:",omitempty"`
	Host     bool              `json:",omitempty"`
	Outside  bool              `json:",omitempty"`
}

// MarshalJSON writes what the selector selects by.
func (s Selector) MarshalJSON() ([]byte, error) {
	var e encodedSelector
	switch s.kind {
	case selectEndpoint:
		e.Endpoint = s.name
	case selectLabels:
		e.Labels = map[string]string{}
		for label := range strings.SplitSeq(s.labels, "\x00") {
			k, v, _ := strings.Cut(label, "=")
			e.Labels[k] = v
		}
	case selectNetwork:
		e.Network = s.name
	case selectPrefix:
		e.Prefix = &s.prefix
	case selectHost:
		e.Host = true
	case selectOutside:
		e.Outside = true
	}
	return json.Marshal(e)
}

// UnmarshalJSON reads what MarshalJSON has written.
func (s *Selector) UnmarshalJSON(b []byte) error {
	var e encodedSelector
	if err := strict(b, &e); err != nil {
		return err
	}
	*s = Selector{}
	found := 0
	for _, c := range []struct {
		there bool
		make  func() Selector
	}{
		{e.Endpoint != "", func() Selector { return EndpointNamed(e.Endpoint) }},
		{len(e.Labels) > 0, func() Selector { return Labelled(e.Labels) }},
		{e.Network != "", func() Selector { return InNetwork(e.Network) }},
		{e.Prefix != nil, func() Selector { return Within(*e.Prefix) }},
		{e.Host, TheHost},
		{e.Outside, Outside},
	} {
		if c.there {
			*s = c.make()
			found++
		}
	}
	if found != 1 {
		return fmt.Errorf("selector %s selects by %d things instead of one: %w", b, found, ErrInvalid)
	}
	return nil
}
