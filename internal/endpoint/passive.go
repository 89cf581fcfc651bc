// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// The schemes of passive endpoints.
const (
	PassiveUnix = "punix"
	PassiveTCP  = "ptcp"
	PassiveSSL  = "pssl"
)

const passiveForms = `"punix:PATH", "ptcp:[PORT][:HOST]" or "pssl:[PORT][:HOST]"`

// A Passive says where to listen. [ParsePassive] makes one.
type Passive struct {
	// Scheme is [PassiveUnix], [PassiveTCP] or [PassiveSSL].
	Scheme string
	// Path is the file of the socket, of [PassiveUnix] only.
	Path string
	// Host is an address of this machine, of the others only. The zero value
	// stands for all of its IPv4 addresses.
	Host netip.Addr
	// Port is 0 if a free one is to be chosen.
	Port uint16
}

// ParsePassive reads "punix:PATH", "ptcp:[PORT][:HOST]" or
// "pssl:[PORT][:HOST]", ovsdb(7) section "Connection Methods". An IPv6 address
// stands in square brackets. Errors quote the endpoint.
func ParsePassive(text string, defaultPort uint16) (Passive, error) {
	p, err := parsePassive(text, defaultPort)
	if err != nil {
		return Passive{}, fmt.Errorf("endpoint %q: %w", text, err)
	}
	return p, nil
}

func parsePassive(text string, defaultPort uint16) (Passive, error) {
	scheme, rest, _ := strings.Cut(text, ":")
	switch scheme {
	case PassiveUnix:
		return Passive{Scheme: PassiveUnix, Path: rest}, checkPath(rest)
	case PassiveTCP, PassiveSSL:
		p := Passive{Scheme: scheme, Port: defaultPort}
		port, host, hasHost := strings.Cut(rest, ":")
		if port != "" {
			n, err := strconv.ParseUint(port, 10, 16)
			if err != nil {
				return Passive{}, fmt.Errorf("%q is not a port between 0 and 65535", port)
			}
			p.Port = uint16(n)
		}
		if !hasHost {
			return p, nil
		}
		inside, bracketed := strings.CutPrefix(host, "[")
		if bracketed {
			inside, bracketed = strings.CutSuffix(inside, "]")
		}
		addr, err := netip.ParseAddr(inside)
		if err != nil || addr.Is6() != bracketed {
			return Passive{}, fmt.Errorf("%q is neither an IPv4 address nor an IPv6 address in square brackets", host)
		}
		p.Host = addr
		return p, nil
	case Unix, TCP, SSL:
		return Passive{}, errors.New("a client connects there: a server listens at " + passiveForms)
	default:
		return Passive{}, errors.New("not a connection method: want " + passiveForms)
	}
}

// String is the form that ParsePassive reads, with the port.
func (p Passive) String() string {
	switch {
	case p.Scheme == PassiveUnix:
		return PassiveUnix + ":" + p.Path
	case !p.Host.IsValid():
		return fmt.Sprintf("%s:%d", p.Scheme, p.Port)
	case p.Host.Is6():
		return fmt.Sprintf("%s:%d:[%s]", p.Scheme, p.Port, p.Host)
	default:
		return fmt.Sprintf("%s:%d:%s", p.Scheme, p.Port, p.Host)
	}
}

// Listen opens the socket. For [PassiveSSL] it is a plain one: TLS is the
// caller's business. The file of a socket that nobody listens at any more is
// replaced.
func (p Passive) Listen(ctx context.Context) (net.Listener, error) {
	var lc net.ListenConfig
	if p.Scheme != PassiveUnix {
		network, host := "tcp4", "0.0.0.0"
		if p.Host.IsValid() {
			network, host = "tcp", p.Host.String()
		}
		return lc.Listen(ctx, network, net.JoinHostPort(host, strconv.Itoa(int(p.Port))))
	}
	l, err := lc.Listen(ctx, "unix", p.Path)
	if errors.Is(err, syscall.EADDRINUSE) && abandoned(ctx, p.Path) {
		if err := os.Remove(p.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		l, err = lc.Listen(ctx, "unix", p.Path)
	}
	return l, err
}

// abandoned reports whether a file is a socket that nobody listens at.
func abandoned(ctx context.Context, path string) bool {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&fs.ModeSocket == 0 {
		return false
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err == nil {
		conn.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}
