// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/ovskit/ovskit/flows/internal/strictjson"
)

// intentsVersion is that of the JSON of intents. It changes when a file would be read as something else than was written.
const intentsVersion = 1

// encoded is the JSON of Intents, see docs/intents.md.
type encoded struct {
	Version   uint       `json:"version"`
	Bridge    string     `json:"bridge"`
	Owner     string     `json:"owner"`
	FirstZone uint16     `json:"firstZone,omitempty"`
	Process   int        `json:"process,omitempty"`
	Host      *Host      `json:"host,omitempty"`
	Uplink    *Uplink    `json:"uplink,omitempty"`
	Addresses []Address  `json:"addresses,omitempty"`
	Networks  []Network  `json:"networks,omitempty"`
	Rules     []Rule     `json:"rules,omitempty"`
	Endpoints []Endpoint `json:"endpoints,omitempty"`
}

// MarshalJSON writes the intents with an array for each kind of object.
func (i Intents) MarshalJSON() ([]byte, error) {
	e := encoded{Version: intentsVersion, Bridge: i.Bridge, Owner: i.Owner, FirstZone: i.FirstZone, Process: i.Process}
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

// UnmarshalJSON reads what MarshalJSON or somebody with docs/intents.md has written. Errors name the line and the value, and
// wrap [ErrInvalid]. Keys that it does not know are one: what another version has written and means something is not passed
// over. Whether the objects fit together is not looked at.
func (i *Intents) UnmarshalJSON(b []byte) error {
	var e encoded
	if err := strictjson.Unmarshal(b, &e); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if e.Version != intentsVersion {
		return fmt.Errorf("%w: version %d, this program knows version %d", ErrInvalid, e.Version, intentsVersion)
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
		MAC textMAC `json:"mac"`
	}
	encodedEndpoint struct {
		*plainEndpoint
		MAC textMAC `json:"mac"`
	}
)

// MarshalJSON writes the MAC as text.
func (h Host) MarshalJSON() ([]byte, error) {
	return json.Marshal(encodedHost{(*plainHost)(&h), textMAC(h.MAC)})
}

// UnmarshalJSON reads what MarshalJSON has written.
func (h *Host) UnmarshalJSON(b []byte) error {
	e := encodedHost{plainHost: (*plainHost)(h)}
	err := strictjson.Unmarshal(b, &e)
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
	err := strictjson.Unmarshal(b, &read)
	e.MAC = net.HardwareAddr(read.MAC)
	return err
}

// accessNames are the directions of host access as JSON has them.
var accessNames = []struct {
	access HostAccess
	name   string
}{{ToHost, "toHost"}, {FromHost, "fromHost"}}

// MarshalJSON writes the directions: "toHost", "fromHost".
func (a HostAccess) MarshalJSON() ([]byte, error) {
	names := []string{}
	for _, d := range accessNames {
		if a&d.access != 0 {
			names = append(names, d.name)
			a &^= d.access
		}
	}
	if a != 0 {
		return nil, fmt.Errorf("host access %#x has a direction that there is not: %w", uint8(a), ErrInvalid)
	}
	return json.Marshal(names)
}

// UnmarshalJSON reads what MarshalJSON has written.
func (a *HostAccess) UnmarshalJSON(b []byte) error {
	var names []string
	if err := strictjson.Unmarshal(b, &names); err != nil {
		return err
	}
	*a = 0
next:
	for _, name := range names {
		for _, d := range accessNames {
			if d.name == name {
				*a |= d.access
				continue next
			}
		}
		return fmt.Errorf("host access %q is neither toHost nor fromHost: %w", name, ErrInvalid)
	}
	return nil
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
	Mode string `json:"mode"`
	Name string `json:"name,omitempty"`
}

var modeNames = map[mode]string{viaUplink: "uplink", behindAddress: "address", routed: "routed"}

// encodedEgress is the JSON of an Egress. A family without a way out is left out.
type encodedEgress struct {
	IPv4 *encodedWay `json:"ipv4,omitempty"`
	IPv6 *encodedWay `json:"ipv6,omitempty"`
}

// MarshalJSON writes the mode (uplink, address or routed) of each family that has a way out, and the name that belongs to it.
func (e Egress) MarshalJSON() ([]byte, error) {
	encode := func(w way) *encodedWay {
		if w.mode == internal {
			return nil
		}
		return &encodedWay{modeNames[w.mode], w.name}
	}
	return json.Marshal(encodedEgress{encode(e.v4), encode(e.v6)})
}

// UnmarshalJSON reads what MarshalJSON has written.
func (e *Egress) UnmarshalJSON(b []byte) error {
	var read encodedEgress
	err := strictjson.Unmarshal(b, &read)
	if err == nil {
		e.v4, err = read.IPv4.way()
	}
	if err == nil {
		e.v6, err = read.IPv6.way()
	}
	return err
}

func (e *encodedWay) way() (way, error) {
	if e == nil {
		return way{}, nil
	}
	for m, name := range modeNames {
		switch {
		case name != e.Mode:
		case (m == routed) != (e.Name == ""):
			return way{}, fmt.Errorf("way out %q: uplink and address have a name, routed has none: %w", e.Mode, ErrInvalid)
		default:
			return way{m, e.Name}, nil
		}
	}
	return way{}, fmt.Errorf("way out %q is neither uplink, address nor routed: %w", e.Mode, ErrInvalid)
}

// encodedSelector is the JSON of a selector: one of its fields is there.
type encodedSelector struct {
	Endpoint string            `json:"endpoint,omitempty"`
	Labels   map[string]string `json:"labels,omitempty"`
	Network  string            `json:"network,omitempty"`
	Prefix   *netip.Prefix     `json:"prefix,omitempty"`
	Host     bool              `json:"host,omitempty"`
	Outside  bool              `json:"outside,omitempty"`
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
	if err := strictjson.Unmarshal(b, &e); err != nil {
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
		return fmt.Errorf("a selector selects by %d things instead of one: %w", found, ErrInvalid)
	}
	return nil
}
