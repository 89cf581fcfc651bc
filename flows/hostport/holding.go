// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package hostport

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/ovskit/ovskit/flows"
	"golang.org/x/sys/unix"
)

// holding is a port that an endpoint has: a bound socket. A TCP socket listens, and that of UDP is read, only while the port
// is forwarded; the port is not given back in between.
type holding struct {
	ports    *Ports
	endpoint string
	key      portKey
	socket   *os.File // nil: the kernel does not have the protocol
	to       netip.AddrPort
	forward  *forward // nil: reserved
}

// take binds a port and forwards it if that is asked for.
func (p *Ports) take(endpoint string, m Mapping) (*holding, error) {
	h := &holding{ports: p, endpoint: endpoint, key: portKey{m.Proto, m.At}}
	err := p.inside(func() (err error) {
		h.socket, err = bind(m.Proto, m.At)
		return err
	})
	switch {
	case errors.Is(err, unix.EPROTONOSUPPORT), errors.Is(err, unix.ESOCKTNOSUPPORT):
		return h, nil
	case errors.Is(err, unix.EADDRINUSE):
		return nil, ErrTaken
	case err != nil:
		return nil, err
	}
	if err := h.lead(m.To); err != nil {
		h.release()
		return nil, err
	}
	return h, nil
}

// release gives the port back.
func (h *holding) release() {
	h.stop()
	if h.socket != nil {
		h.socket.Close()
	}
}

// lead has the port lead to an address, or to none.
func (h *holding) lead(to netip.AddrPort) error {
	if h.to == to {
		return nil
	}
	h.stop()
	h.to = netip.AddrPort{}
	if !to.IsValid() {
		return nil
	}
	if err := h.start(to); err != nil {
		return err
	}
	h.to = to
	return nil
}

// start begins to forward.
func (h *holding) start(to netip.AddrPort) (err error) {
	f := newForward(h.ports, h.key, to)
	if h.key.proto == flows.UDP {
		var c net.PacketConn
		if c, err = net.FilePacketConn(h.socket); err == nil {
			if err = h.control(acceptDatagrams); err != nil {
				c.Close()
			} else {
				f.serve(c, func() { f.datagrams(c.(*net.UDPConn)) })
			}
		}
	} else if err = h.control(listen); err == nil {
		var l net.Listener
		if l, err = net.FileListener(h.socket); err != nil {
			err = errors.Join(err, h.control(unlisten))
		} else {
			f.serve(l, func() { f.accept(l.(*net.TCPListener)) })
		}
	}
	switch {
	case err == nil:
		h.forward = f
		return nil
	case errors.Is(err, unix.EADDRINUSE): // whoever has it may bind it as well while we have not listened
		err = ErrTaken
	}
	f.cancel()
	return err
}

// stop ends forwarding, and leaves the port reserved.
func (h *holding) stop() {
	if h.forward == nil {
		return
	}
	h.forward.stop()
	h.forward = nil
	undo := unlisten
	if h.key.proto == flows.UDP {
		undo = dropDatagrams
	}
	if err := h.control(undo); err != nil {
		h.ports.o.Logger.Warn("port of the host", "proto", h.key.proto, "at", h.key.at, "err", err)
	}
}

// control does something to the socket.
func (h *holding) control(do func(fd int) error) error {
	c, err := h.socket.SyscallConn()
	if err != nil {
		return err
	}
	return errors.Join(c.Control(func(fd uintptr) { err = do(int(fd)) }), err)
}

// bind makes a socket that has a port and does nothing with it.
func bind(proto flows.Proto, at netip.AddrPort) (_ *os.File, err error) {
	domain, kind := unix.AF_INET, unix.SOCK_STREAM
	if at.Addr().Is6() {
		domain = unix.AF_INET6
	}
	if proto == flows.UDP {
		kind = unix.SOCK_DGRAM
	}
	fd, err := unix.Socket(domain, kind|unix.SOCK_CLOEXEC, int(proto))
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	defer func() {
		if err != nil {
			unix.Close(fd)
		}
	}()
	if domain == unix.AF_INET6 {
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1); err != nil {
			return nil, os.NewSyscallError("setsockopt", err)
		}
	}
	if at.Addr().IsLoopback() {
		// So that nobody outside gets there, whatever the machine lets in.
		if err := unix.BindToDevice(fd, "lo"); err != nil {
			return nil, os.NewSyscallError("setsockopt", err)
		}
	}
	if proto == flows.UDP {
		if err := dropDatagrams(fd); err != nil {
			return nil, err
		}
	}
	err = unix.Bind(fd, sockaddr(at))
	if errors.Is(err, unix.EADDRINUSE) && proto == flows.TCP {
		// Perhaps only connections that have ended are in the way. Others may not do the same to us afterwards.
		err = errors.Join(reuse(fd, 1), unix.Bind(fd, sockaddr(at)), reuse(fd, 0))
	}
	if err != nil {
		return nil, os.NewSyscallError("bind", err)
	}
	return os.NewFile(uintptr(fd), fmt.Sprintf("%s/%s", at, proto)), nil
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
}

// reuse sets whether a TCP socket, and those accepted by it, may share the port with others that may as well, of which none
// listens.
func reuse(fd, on int) error {
	return os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, on))
}

// backlog is how many connections wait to be accepted.
const backlog = 128

// listen has a bound socket accept connections. What is left of them must not be in the way when it does so again.
func listen(fd int) error {
	if err := reuse(fd, 1); err != nil {
		return err
	}
	if err := unix.Listen(fd, backlog); err != nil {
		return errors.Join(os.NewSyscallError("listen", err), reuse(fd, 0))
	}
	return nil
}

// unlisten takes listen back: for a socket that listens, a shutdown leaves it bound.
func unlisten(fd int) error {
	return errors.Join(os.NewSyscallError("shutdown", unix.Shutdown(fd, unix.SHUT_RD)), reuse(fd, 0))
}

// dropDatagrams has the kernel drop all that arrives, and drops what has arrived.
func dropDatagrams(fd int) error {
	none := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: 0}}
	err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &none[0]})
	if err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	for err == nil || errors.Is(err, unix.EINTR) {
		_, _, err = unix.Recvfrom(fd, nil, unix.MSG_DONTWAIT|unix.MSG_TRUNC)
	}
	return nil
}

// acceptDatagrams takes dropDatagrams back.
func acceptDatagrams(fd int) error {
	return os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DETACH_FILTER, 0))
}
