// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package endpoint reads the connection methods of Open vSwitch, ovsdb(7)
// section "Connection Methods": it dials the active ones, which a client is
// given to find its server, and listens at the passive ones.
package endpoint

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
)

// maxPath is the longest path of a socket, in bytes: a socket address holds it
// with a zero byte at its end.
const maxPath = len(syscall.RawSockaddrUnix{}.Path) - 1

// The schemes of endpoints.
const (
	Unix = "unix"
	TCP  = "tcp"
	SSL  = "ssl"
)

const forms = `"unix:PATH", "tcp:HOST[:PORT]" or "ssl:HOST[:PORT]"`

// An Endpoint says where a server listens. [Parse] makes one.
type Endpoint struct {
	// Scheme is [Unix], [TCP] or [SSL].
	Scheme string
	// Path is the file of the socket, of [Unix] only. One that does not begin
	// with a slash is seen from the working directory; one that begins with @
	// is a name in Linux's abstract namespace.
	Path string
	// Host is a name or an address, of [TCP] and [SSL] only. An IPv6 address
	// has no brackets here and may have a scope, as in "fe80::1%eth0".
	Host string
	// Port is the port of the host, of [TCP] and [SSL] only.
	Port int
}

// Parse reads "unix:PATH", "tcp:HOST[:PORT]" or "ssl:HOST[:PORT]". An IPv6
// address stands in square brackets. The default port is what an endpoint
// without a port gets; if it is 0, the port is required. Errors quote the
// endpoint.
func Parse(text string, defaultPort int) (Endpoint, error) {
	e, err := parse(text, defaultPort)
	if err != nil {
		return Endpoint{}, fmt.Errorf("endpoint %q: %w", text, err)
	}
	return e, nil
}

// String is the form that Parse reads, with the port.
func (e Endpoint) String() string {
	if e.Scheme == Unix {
		return Unix + ":" + e.Path
	}
	return e.Scheme + ":" + e.address()
}

// address is what package net dials.
func (e Endpoint) address() string {
	if e.Scheme == Unix {
		return e.Path
	}
	return net.JoinHostPort(e.Host, strconv.Itoa(e.Port))
}

func parse(text string, defaultPort int) (Endpoint, error) {
	scheme, rest, _ := strings.Cut(text, ":")
	switch {
	case text == "":
		return Endpoint{}, errors.New("empty: want " + forms)
	case scheme == Unix:
		return Endpoint{Scheme: Unix, Path: rest}, checkPath(rest)
	case scheme == TCP || scheme == SSL:
		e := Endpoint{Scheme: scheme}
		var err error
		if e.Host, e.Port, err = parseHostPort(rest, defaultPort); err != nil {
			return Endpoint{}, fmt.Errorf(`%w: want "%s:HOST[:PORT]"`, err, scheme)
		}
		return e, nil
	case scheme == "punix":
		return Endpoint{}, errors.New(`a server listens there: a client connects to "unix:PATH"`)
	case scheme == "ptcp" || scheme == "pssl":
		return Endpoint{}, fmt.Errorf(`a server listens there: a client connects to "%s:HOST[:PORT]"`, scheme[1:])
	default:
		return Endpoint{}, errors.New("not a connection method: want " + forms)
	}
}

func checkPath(path string) error {
	switch {
	case path == "":
		return errors.New(`the path is missing: want "unix:PATH"`)
	case strings.ContainsRune(path, 0):
		return errors.New("the path has a zero byte")
	case len(path) > maxPath:
		return fmt.Errorf("the path has %d bytes, a socket address holds %d", len(path), maxPath)
	}
	return nil
}

// parseHostPort reads HOST[:PORT].
func parseHostPort(text string, defaultPort int) (host string, port int, err error) {
	if strings.Contains(text, ",") {
		return "", 0, errors.New("this is a list, only one endpoint is taken")
	}
	host, rest, err := cutHost(text)
	if err != nil {
		return "", 0, err
	}
	if rest == "" {
		if defaultPort == 0 {
			return "", 0, errors.New("the port is missing")
		}
		return host, defaultPort, nil
	}
	digits, ok := strings.CutPrefix(rest, ":")
	if !ok {
		return "", 0, fmt.Errorf("%q stands behind the brackets", rest)
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || n == 0 {
		return "", 0, fmt.Errorf("%q is not a port between 1 and 65535", digits)
	}
	return host, int(n), nil
}

// cutHost takes the host off the beginning of a text.
func cutHost(text string) (host, rest string, err error) {
	inside, ok := strings.CutPrefix(text, "[")
	if !ok {
		if strings.Count(text, ":") > 1 {
			return "", "", errors.New("too many colons, an IPv6 address stands in square brackets")
		}
		i := strings.IndexByte(text+":", ':')
		return text[:i], text[i:], checkHost(text[:i])
	}
	if host, rest, ok = strings.Cut(inside, "]"); !ok {
		return "", "", errors.New("the closing bracket is missing")
	}
	if addr, err := netip.ParseAddr(host); err != nil || !addr.Is6() {
		return "", "", fmt.Errorf("%q is not an IPv6 address", host)
	}
	return host, rest, nil
}

// checkHost takes names and IPv4 addresses.
func checkHost(host string) error {
	if host == "" {
		return errors.New("the host is missing")
	}
	if strings.ContainsFunc(host, notInName) {
		return fmt.Errorf("%q is not the name of a host", host)
	}
	// Some resolvers take a name whose last part is a number for an address,
	// such as "6640" for 0.0.25.240.
	last := host[strings.LastIndexByte(host, '.')+1:]
	if last == "" || strings.Trim(last, "0123456789") != "" {
		return nil
	}
	if _, err := netip.ParseAddr(host); err != nil {
		return fmt.Errorf("%q is neither an IPv4 address nor the name of a host", host)
	}
	return nil
}

func notInName(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_' || r == '.')
}
