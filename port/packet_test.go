// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"net"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"golang.org/x/sys/unix"
)

// testEtherType is one for local experiments, IEEE 802, which no IP stack answers.
const testEtherType = 0x88b5

// frame is a broadcast frame with a text. Each text has a source of its own: what a
// switch has cached of one frame does not concern another.
func frame(text string) []byte {
	f := net.HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0}
	f = binary.BigEndian.AppendUint32(f, crc32.ChecksumIEEE([]byte(text)))
	f = binary.BigEndian.AppendUint16(f, testEtherType)
	return append(append(f, byte(len(text))), append([]byte(text), make([]byte, 60)...)...)
}

// tagged is a frame with a VLAN tag.
func tagged(vlan uint16, f []byte) []byte {
	out := append([]byte{}, f[:12]...)
	out = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(out, 0x8100), vlan)
	return append(out, f[12:]...)
}

// A wire is a packet socket on a device.
type wire struct {
	fd      int
	ifindex int
}

// tap opens a wire until the test ends. It sees frames of testEtherType and those
// with tags.
func tap(t *testing.T, ns *netns.NS, device string) *wire {
	t.Helper()
	w := &wire{ifindex: nodetest.Link(t, ns, device).Attrs().Index}
	const all = unix.ETH_P_ALL>>8 | unix.ETH_P_ALL<<8&0xff00
	if err := ns.Do(func() (err error) {
		w.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, all)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(w.fd) })
	wait := unix.NsecToTimeval(int64(5 * time.Second))
	err := errors.Join(
		unix.SetsockoptInt(w.fd, unix.SOL_PACKET, unix.PACKET_AUXDATA, 1),
		unix.SetsockoptInt(w.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 1<<24),
		unix.SetsockoptTimeval(w.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait),
		unix.Bind(w.fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: w.ifindex}))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *wire) send(t *testing.T, f []byte) {
	t.Helper()
	if err := unix.Sendto(w.fd, f, 0, &unix.SockaddrLinklayer{Ifindex: w.ifindex}); err != nil {
		t.Fatal(err)
	}
}

// A sighting is a frame that came: its text, and the VLAN of its tag, -1 if it had
// none.
type sighting struct {
	Text string
	VLAN int
	Size int
}

// next is the next frame of frame that comes in. It fails when none comes for long.
func (w *wire) next(t *testing.T) sighting {
	t.Helper()
	buf, oob := make([]byte, 65536), make([]byte, 256)
	for {
		n, oobn, _, from, err := unix.Recvmsg(w.fd, buf, oob, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			t.Fatalf("no frame came: %v", err)
		}
		if ll, ok := from.(*unix.SockaddrLinklayer); ok && ll.Pkttype == unix.PACKET_OUTGOING {
			continue
		}
		f, s := buf[:n], sighting{VLAN: tagOf(oob[:oobn]), Size: n}
		if n >= 15 && binary.BigEndian.Uint16(f[12:]) == testEtherType && n >= 15+int(f[14]) {
			s.Text = string(f[15 : 15+int(f[14])])
			return s
		}
	}
}

// until collects frames until one has a text, which is not among them.
func (w *wire) until(t *testing.T, text string) (seen []sighting) {
	t.Helper()
	for {
		s := w.next(t)
		if s.Text == text {
			return seen
		}
		s.Size = 0
		seen = append(seen, s)
	}
}

// tagOf reads the tag that the kernel has taken out of a frame, struct
// tpacket_auxdata in linux/if_packet.h.
func tagOf(oob []byte) int {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return -1
	}
	for _, m := range messages {
		if m.Header.Level == unix.SOL_PACKET && m.Header.Type == unix.PACKET_AUXDATA && len(m.Data) >= 20 &&
			binary.NativeEndian.Uint32(m.Data)&unix.TP_STATUS_VLAN_VALID != 0 {
			return int(binary.NativeEndian.Uint16(m.Data[16:]) & 0xfff)
		}
	}
	return -1
}
